// SPDX-License-Identifier: BSL-1.0
// tests/filter/async_context.cpp - what a handler has said goes out in whole packets, or nothing comes behind it

#include "milter/filter/async_context.hpp"

#include <milter/filter/connection.hpp>
#include <milter/wire/command.hpp>
#include <milter/wire/frame.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include <support/coroutine.hpp>
#include <support/print_error.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using milter::error_code;
namespace asio = boost::asio;
namespace filter = milter::filter;
namespace net = milter::net;
namespace proto = milter::proto;
namespace wire = milter::wire;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t piece_size = 65'000;
constexpr int pieces = 64; ///< more than a socket takes at once

struct course {
    bool large = true;   ///< the new body
    bool failed = false; ///< the flush
    bool go_on = false;  ///< after that
};

asio::awaitable<void> until(asio::any_io_executor executor, bool const& true_now) {
    asio::steady_timer again(executor);
    while (!true_now) {
        again.expires_after(1ms);
        co_await again.async_wait(asio::use_awaitable);
    }
}

/// Says a new body, and waits until the MTA has it.
struct says_much {
    using shared = course;
    static constexpr auto actions = filter::action::change_body;
    course& with;

    filter::awaitable<void> end_of_message(filter::edits& edits, filter::async_context& context) {
        for (int i = 0; with.large && i < pieces; ++i)
            edits.replace_body(std::string(piece_size, 'x'));
        try {
            co_await context.flush();
        } catch (boost::system::system_error const&) {
            with.failed = true;
        }
        if (with.failed) co_await until(context.executor(), with.go_on);
    }
};

/// The milter serves one end of a connection, and a test says and hears what it likes at the other.
struct served {
    asio::io_context context{1};
    support::socket_pair pair = support::connected_pair(context);
    net::stream mta{std::move(pair.second)};
    course with;
    filter::worker_state worker;
    proto::wish wish = filter::wish_of<says_much, filter::async_context>(with);
    bool late = false;
    std::vector<std::string> log;

    served() {
        worker.timeouts.handler = worker.timeouts.end_of_message = 1h;
        worker.timeouts.keepalive = 1ms;
        worker.hooks.on_log = [this](filter::log_entry const& entry) {
            log.emplace_back(entry.text);
            if (entry.text.find("deadline") != entry.text.npos) late = true;
        };
    }
    served(served const&) = delete;
    served& operator=(served const&) = delete;
    ~served() {
        mta.close();
        context.restart();
        while (worker.first && context.run_one() != 0) {
        }
    }
    void begin() {
        support::begin(context, filter::detail::serve<says_much>(std::move(pair.first), worker,
                                                                 wish, with, 1));
    }

    template <class... Command> asio::awaitable<void> say(Command const&... all) {
        std::string bytes;
        (wire::encode(bytes, all), ...);
        error_code ec;
        co_await mta.write(bytes, proto::never, ec);
        BOOST_TEST(!ec);
    }
    /// What comes until at least `size` bytes are there, or the end.
    asio::awaitable<std::string> hear(std::size_t size) {
        std::string all;
        std::vector<char> room(std::size_t{64} * 1024);
        error_code ec;
        while (all.size() < size && !ec) {
            auto const got = co_await mta.read(room, proto::never, ec);
            all.append(room.data(), got);
        }
        co_return all;
    }
};

std::string new_body() {
    std::string all;
    for (int i = 0; i < pieces; ++i)
        wire::encode(all, wire::replace_body{std::string(piece_size, 'x')});
    return all;
}

constexpr std::size_t everything = std::size_t(-1);

} // namespace

BOOST_FIXTURE_TEST_SUITE(async_context, served)

BOOST_AUTO_TEST_CASE(a_deadline_cuts_no_packet) {
    worker.timeouts.end_of_message = 1ms;
    begin();
    auto expected = new_body();
    wire::encode(expected, wire::tempfail{});
    std::string heard, next;
    support::run(context, [&]() -> asio::awaitable<void> {
        co_await say(wire::negotiate{});
        co_await hear(17);
        co_await say(wire::end_of_message{});
        co_await until(mta.lowest_layer().get_executor(), late);
        heard = co_await hear(expected.size());
        with.large = false;
        co_await say(wire::end_of_message{});
        next = co_await hear(5);
    }());
    BOOST_TEST((heard == expected), heard.size());
    BOOST_TEST(next.substr(0, 4) == std::string("\0\0\0\1", 4));
    BOOST_TEST(!with.failed);
}

BOOST_AUTO_TEST_CASE(nothing_follows_a_packet_that_was_cut) {
    worker.timeouts.write = 1ms;
    begin();
    std::string heard;
    support::run(context, [&]() -> asio::awaitable<void> {
        co_await say(wire::negotiate{});
        co_await hear(17);
        co_await say(wire::end_of_message{});
        co_await until(mta.lowest_layer().get_executor(), with.failed);
        heard = co_await hear(piece_size); // there is room again
        with.go_on = true;
        heard += co_await hear(everything);
    }());
    auto const all = new_body();
    BOOST_TEST(heard.size() < all.size());
    BOOST_TEST(all.starts_with(heard));
    BOOST_TEST(worker.counts.broken.load() == 1U);
    BOOST_TEST(log.back() == "timed out");
    BOOST_TEST(!worker.first);
}

BOOST_AUTO_TEST_CASE(a_tap_is_told_of_keepalives_however_many) {
    struct listening final : net::stream_tap {
        void received(std::string_view) override {}
        void sent(std::string_view bytes) override { said += bytes; }
        void peer_ended(net::stream_end) override {}
        void ended(net::stream_end) override {}
        std::string said;
    } tap;
    proto::filter_session session;
    std::string bytes;
    wire::encode(bytes, wire::negotiate{});
    wire::encode(bytes, wire::end_of_message{});
    session.received(bytes);
    error_code ec;
    while (session.next(ec)) {
    }
    BOOST_TEST(session.awaits_reply());
    session.sent(session.output().size());
    mta.tap(&tap); // either end will do
    filter::async_context of_it(mta, session, worker, 1, 1h);
    std::string expected;
    for (int i = 0; i < 50; ++i) {
        of_it.keep_alive();
        wire::encode(expected, wire::progress{});
    }
    mta.tap(nullptr);
    BOOST_TEST(tap.said == expected);
    BOOST_TEST(session.output().empty());
}

BOOST_AUTO_TEST_SUITE_END()
