// SPDX-License-Identifier: BSL-1.0
// virtual_time.cpp - deadlines and hostile peers tried without clocks, sockets and waiting
//
// Of the guide docs/library/sessions.md. Times are arguments, so a test makes them up.
#undef NDEBUG
#include <milter/proto/filter_session.hpp>
#include <milter/proto/mta_session.hpp>

#include <cassert>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace proto = milter::proto;
namespace wire = milter::wire;
using namespace std::chrono_literals;

namespace {

struct waiting_mta {
    proto::time_point now{}; // any will do
    proto::mta_session session;
    milter::error_code ec;

    explicit waiting_mta(proto::mta_options const& options) : session(options) {
        proto::filter_session filter;
        session.negotiate(now, ec);
        filter.received(std::exchange(session.output(), {}));
        filter.next(ec); // it answers the offer by itself
        session.received(filter.output());
        session.next(now, ec);
        assert(!ec && session.at() == proto::phase::negotiated);
    }

    template <class Reply> void hear(Reply const& reply) {
        std::string bytes;
        wire::encode(bytes, reply);
        session.received(bytes);
        session.next(now, ec);
    }
};

void a_filter_that_is_silent_is_given_up() {
    proto::mta_options options;
    options.timeouts.command = 30s;
    waiting_mta mta(options);
    mta.session.send(wire::helo{"client.example.com"}, mta.now, mta.ec);
    assert(mta.session.deadline() == mta.now + 30s);

    mta.session.expire(mta.now + 29s, mta.ec); // too early: nothing happens
    assert(!mta.ec);
    mta.session.expire(mta.now + 30s, mta.ec);
    assert(mta.ec == milter::condition::timeout);
    assert(mta.session.closed());
    assert(mta.session.failure() == "waiting for the reply to helo: timed out");
}

void a_keepalive_moves_the_deadline() {
    waiting_mta mta({});
    mta.session.send(wire::mail{"<alice@example.com>", {}}, mta.now, mta.ec);
    mta.hear(wire::proceed{});
    mta.session.send(wire::end_of_message{}, mta.now, mta.ec);
    auto const before = mta.session.deadline();
    mta.now += 5s;
    mta.hear(wire::progress{});
    assert(mta.session.deadline() == before + 5s);
    mta.hear(wire::accept{});
    assert(mta.session.deadline() == proto::never);
}

/// Bytes may be split anywhere, and end anywhere.
void a_command_that_is_cut_off_is_noticed() {
    std::string bytes;
    wire::encode(bytes, wire::negotiate{});
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
        proto::filter_session filter;
        milter::error_code ec;
        filter.received(std::string_view(bytes).substr(0, cut));
        assert(!filter.next(ec) && !ec);
        filter.ended(ec);
        assert(ec == milter::errc::frame_truncated);
    }
}

void what_is_no_milter_protocol_ends_the_session() {
    proto::filter_session filter;
    milter::error_code ec;
    filter.received("GET / HTTP/1.1\r\n");
    assert(!filter.next(ec));
    assert(ec == milter::errc::not_milter && ec == milter::condition::malformed);
    assert(filter.closed() && filter.failure() == "HTTP: not the milter protocol");
}

} // namespace

int main() {
    a_filter_that_is_silent_is_given_up();
    a_keepalive_moves_the_deadline();
    a_command_that_is_cut_off_is_noticed();
    what_is_no_milter_protocol_ends_the_session();
}
