// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_session_fixture.hpp - one session of the MTA of milter-test-server, with a milter that keeps what it
// is sent, byte for byte
#pragma once

#include "test-server/compose.hpp"
#include "test-server/session.hpp"
#include <milter/net/serve_filter.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/test/unit_test.hpp>

#include <support/coroutine.hpp>
#include <support/hex.hpp>
#include <support/temp_dir.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server_session_test {

using namespace milter::test_server;
namespace asio = boost::asio;
namespace net = milter::net;
namespace proto = milter::proto;
namespace wire = milter::wire;
using code = wire::command_code;
using packets = std::vector<std::string>;
using support::bytes;

inline void proceed(wire::any_command const&, proto::filter_session& filter) {
    milter::error_code ignored;
    if (filter.awaits_reply()) filter.reply(wire::proceed{}, ignored);
}

/// A packet whose payload is written in the notation of hex.hpp.
inline std::string packet(char letter, std::string_view payload = {}) {
    std::string out;
    wire::append_frame(out, static_cast<unsigned char>(letter), bytes(payload));
    return out;
}

inline void same(packets const& got, packets const& expected) {
    BOOST_TEST(got.size() == expected.size());
    for (std::size_t i = 0; i < std::min(got.size(), expected.size()); ++i)
        BOOST_TEST(support::to_hex(got[i]) == support::to_hex(expected[i]), "packet " << i);
}

struct server_session_fixture {
    server_session_fixture() {
        plan.protocol.offer.actions = wire::action::all;
        plan.messages.push_back(compose({"a@test", {"b@test"}, {}, {"text\n"}}));
        wants.wants.actions = wire::action::all;
    }

    session_plan plan;
    proto::filter_options wants; ///< of the milter
    std::function<void(wire::any_command const&, proto::filter_session&)> answer = proceed;
    bool leaves = false; ///< the milter ends the connection, whatever the MTA waits for

    /// Answers `stage` with these replies, everything else with CONTINUE.
    template <class... Replies> void on(code stage, Replies... replies) {
        answer = [=](wire::any_command const& command, proto::filter_session& filter) {
            milter::error_code ec;
            if (wire::code_of(command) != stage) return proceed(command, filter);
            (filter.reply(replies, ec), ...);
            BOOST_TEST(!ec, ec.message());
        };
    }

    /// What the session of `plan` came to; then heard() is what the milter was sent.
    session_outcome run() {
        heard_.clear();
        served_ = false;
        asio::io_context context{1};
        support::temp_dir const dir;
        auto const path = dir / "x.sock";
        asio::local::stream_protocol::acceptor acceptor(context, path);
        support::begin(context, serve(acceptor));
        session_outcome out = support::run(
            context, run_session({milter::endpoint::kind::unix_path, path, {}, {}}, plan));
        context.restart();
        while (!served_ && context.run_one() != 0) { // until the milter has read the rest
        }
        return out;
    }

    /// All packets, in order.
    packets heard() const {
        packets all;
        milter::error_code ec;
        for (std::string_view rest = heard_;;) {
            auto const frame = wire::first_frame(rest, 1 << 20, ec);
            if (!frame) {
                BOOST_TEST(rest.empty(), "the stream is whole packets");
                return all;
            }
            all.emplace_back(frame->raw);
            rest.remove_prefix(frame->raw.size());
        }
    }
    /// Those of one command.
    packets heard(code which) const {
        packets all;
        for (auto const& one : heard())
            if (one[4] == static_cast<char>(which)) all.push_back(one);
        return all;
    }
    /// Their code letters; without macros.
    std::string story() const {
        std::string letters;
        for (auto const& one : heard())
            if (one[4] != 'D') letters += one[4];
        return letters;
    }

private:
    asio::awaitable<void> serve(asio::local::stream_protocol::acceptor& acceptor) {
        auto [ec, connected] = co_await acceptor.async_accept(net::use_tuple);
        net::stream peer{net::socket(std::move(connected))};
        proto::filter_session session(wants);
        std::string room(1 << 16, '\0');
        while (!ec && !session.closed()) {
            while (auto const command = session.next(ec))
                if (wire::code_of(*command) != code::negotiate) answer(*command, session);
            if (!ec) co_await net::flush(peer, session, std::chrono::hours(1), ec);
            if (ec || session.closed() || leaves) break;
            auto const size = co_await peer.read(room, proto::never, ec);
            heard_.append(room, 0, size);
            session.received({room.data(), size});
        }
        served_ = true;
    }

    std::string heard_;
    bool served_ = false; ///< the milter's connection is over
};

} // namespace server_session_test
