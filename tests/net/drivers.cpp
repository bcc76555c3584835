// SPDX-License-Identifier: BSL-1.0
// tests/net/drivers.cpp - serve_filter and drive_mta face to face over a socket, and each against a peer gone wrong

#include "milter/net/drive_mta.hpp"
#include "milter/net/serve_filter.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include <support/coroutine.hpp>
#include <support/hex.hpp>
#include <support/print_packet.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

using milter::errc;
using milter::error_code;
using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace net = milter::net;
namespace proto = milter::proto;
namespace wire = milter::wire;

namespace {

using words = std::vector<std::string>;

/// Waits for ever, but for one thing.
proto::mta_options impatient(proto::duration proto::mta_timeouts::*with) {
    proto::mta_options options;
    options.timeouts = {1h, 1h, 1h, 1h, 1h, 1h};
    options.timeouts.*with = 5ms;
    return options;
}

struct both {
    explicit both(proto::filter_options filter_side = {}, proto::mta_options mta_side = {})
        : filter(std::move(filter_side)), mta(mta_side),
          drive(mta_stream, mta, mta_side.timeouts.write) {}

    asio::io_context context{1};
    support::socket_pair pair = support::connected_pair(context);
    net::stream filter_stream{std::move(pair.first)}, mta_stream{std::move(pair.second)};
    proto::filter_session filter;
    proto::mta_session mta;
    net::drive_mta drive;
    net::serve_options patience;

    words seen; ///< commands in words
    std::function<void(wire::any_command const&, proto::filter_session&)> answer = proceed;
    error_code served{errc::misuse}; ///< why serve_filter ended; misuse: it has not
    error_code ec;                   ///< of the MTA's side

    static void proceed(wire::any_command const&, proto::filter_session& filter) {
        error_code ignored;
        if (filter.awaits_reply()) filter.reply(wire::proceed{}, ignored);
    }

    asio::awaitable<void> serve() {
        served = co_await net::serve_filter(
            filter_stream, filter,
            [this](wire::any_command const& command, proto::filter_session& session) {
                seen.push_back(wire::describe(command));
                if (wire::code_of(command) != wire::command_code::negotiate)
                    answer(command, session);
            },
            patience);
        filter_stream.close();
    }

    /// Says a command to a filter that was begun. @return the replies in words, the verdict last
    template <class Command> words say(Command const& command, std::string_view macros = {}) {
        words heard;
        ec = {};
        support::run(context, [&]() -> asio::awaitable<void> {
            co_await drive.command(
                command, wire::zstr_list(macros),
                [&](wire::any_reply const& reply) { heard.push_back(wire::describe(reply)); }, ec);
        }());
        return heard;
    }

    void negotiate() {
        support::run(context,
                     [this]() -> asio::awaitable<void> { co_await drive.negotiate(ec); }());
    }

    void begin() {
        support::begin(context, serve());
        negotiate();
        BOOST_TEST(!ec, ec.message());
        seen.clear();
    }

    void quit() {
        mta.quit();
        support::run(context, drive.flush(ec));
        until_served();
    }

    void until_served() {
        context.restart();
        while (served == errc::misuse && context.run_one() != 0) {
        }
    }
};

struct wish : proto::filter_options {
    explicit wish(wire::action actions, wire::step steps = wire::step::none) {
        wants.actions = actions;
        wants.steps = steps;
    }
};

/// What an MTA reads of a peer that only says `bytes`, and perhaps leaves.
struct scripted_peer {
    asio::io_context context{1};
    support::socket_pair pair = support::connected_pair(context);
    net::stream peer{std::move(pair.first)}, ours{std::move(pair.second)};

    void says(std::string const& bytes) {
        error_code ec;
        support::run(context, peer.write(bytes, proto::clock::now() + 1h, ec));
        BOOST_TEST(!ec);
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(net_drivers)

BOOST_AUTO_TEST_CASE(a_whole_conversation) {
    both ends{wish(wire::action::add_header)};
    ends.answer = [](wire::any_command const& command, proto::filter_session& filter) {
        error_code ec;
        if (std::holds_alternative<wire::end_of_message>(command)) {
            filter.reply(wire::progress{}, ec);
            filter.reply(wire::add_header{"X-A", "1"}, ec);
        }
        both::proceed(command, filter);
    };
    ends.begin();
    BOOST_TEST(ends.say(wire::connect{"client.test", wire::family::inet, 25, "192.0.2.1"}) ==
               words{"continue"});
    BOOST_TEST(ends.say(wire::mail{"<a@test>", {}}) == words{"continue"});
    BOOST_TEST(ends.say(wire::rcpt{"<b@test>", {}}) == words{"continue"});
    BOOST_TEST(ends.say(wire::body{"text\r\n"}) == words{"continue"});
    BOOST_TEST(ends.say(wire::end_of_message{}) ==
               (words{"progress", "add_header \"X-A\" \"1\"", "continue"}));
    ends.quit();
    BOOST_TEST(!ends.served, ends.served.message());
    BOOST_TEST(ends.seen ==
               (words{"connect \"client.test\" 4 \"192.0.2.1\" port 25", "mail \"<a@test>\"",
                      "rcpt \"<b@test>\"", "body 6 bytes", "end_of_message", "quit"}));
}

BOOST_AUTO_TEST_CASE(macros_go_with_their_command) {
    both ends;
    ends.begin();
    ends.say(wire::helo{"client.test"}, std::string("j\0mx.test\0", 10));
    BOOST_TEST(ends.filter.macros().find("j").value_or("none") == "mx.test");
}

BOOST_AUTO_TEST_CASE(unanswered_commands_follow_each_other) {
    both ends{wish(wire::action::none, wire::step::nr_header | wire::step::nr_body)};
    ends.begin();
    ends.say(wire::mail{"<a@test>", {}});
    BOOST_TEST(ends.say(wire::header{"A", "1"}) == words{});
    BOOST_TEST(ends.say(wire::header{"B", "2"}) == words{});
    BOOST_TEST(ends.say(wire::body{"text"}) == words{});
    BOOST_TEST(ends.say(wire::end_of_message{}) == words{"continue"});
    BOOST_TEST(ends.seen == (words{"mail \"<a@test>\"", "header \"A\" \"1\"", "header \"B\" \"2\"",
                                   "body 4 bytes", "end_of_message"}));
}

BOOST_AUTO_TEST_CASE(what_was_negotiated_away_is_not_sent) {
    both ends{wish(wire::action::none, wire::step::no_helo)};
    ends.begin();
    BOOST_TEST(ends.say(wire::helo{"client.test"}) == words{});
    BOOST_TEST(!ends.ec);
    BOOST_TEST(ends.say(wire::mail{"<a@test>", {}}) == words{"continue"});
    BOOST_TEST(ends.seen == words{"mail \"<a@test>\""});
}

BOOST_AUTO_TEST_CASE(a_handler_may_wait) {
    both ends;
    words seen;
    auto const serve = [&]() -> asio::awaitable<void> {
        ends.served = co_await net::serve_filter(
            ends.filter_stream, ends.filter,
            [&](wire::any_command const& command,
                proto::filter_session& session) -> asio::awaitable<void> {
                asio::steady_timer timer(ends.context, 1ms);
                co_await timer.async_wait(net::use_tuple);
                seen.emplace_back(wire::name_of(wire::code_of(command)));
                both::proceed(command, session);
            });
    };
    support::begin(ends.context, serve());
    ends.negotiate();
    BOOST_TEST(ends.say(wire::helo{"a"}) == words{"continue"});
    BOOST_TEST(seen == (words{"negotiate", "helo"}));
}

BOOST_AUTO_TEST_CASE(large_messages_pass_in_both_directions) {
    both ends{wish(wire::action::change_body)};
    std::string const large(wire::default_data_limit, 'x');
    ends.answer = [&](wire::any_command const& command, proto::filter_session& filter) {
        error_code ec;
        if (std::holds_alternative<wire::end_of_message>(command))
            for (int i = 0; i < 20; ++i) filter.reply(wire::replace_body{large}, ec);
        both::proceed(command, filter);
    };
    ends.begin();
    ends.say(wire::mail{"<a@test>", {}});
    for (int i = 0; i < 20; ++i) BOOST_TEST(ends.say(wire::body{large}) == words{"continue"});
    auto const heard = ends.say(wire::end_of_message{});
    BOOST_TEST(heard.size() == 21U);
    BOOST_TEST(heard.back() == "continue");
}

// ---- the filter's end

BOOST_AUTO_TEST_CASE(a_filter_that_waits_too_long_for_the_offer_gives_up_206) {
    both ends;
    ends.patience.negotiate = 2ms;
    support::run(ends.context, ends.serve());
    BOOST_TEST(ends.served == errc::timed_out);
}

BOOST_AUTO_TEST_CASE(a_filter_that_waits_too_long_for_a_command_gives_up_201) {
    both ends;
    ends.patience.idle = 2ms;
    ends.begin();
    ends.until_served();
    BOOST_TEST(ends.served == errc::timed_out);
}

BOOST_AUTO_TEST_CASE(an_mta_that_leaves_without_quit_is_an_error_between_and_within_packets) {
    for (std::string const packet : {"", "00", "00 00 00 05 48 'a'"}) {
        both ends;
        ends.begin();
        error_code ec;
        support::run(ends.context,
                     ends.mta_stream.write(support::bytes(packet), proto::clock::now() + 1h, ec));
        ends.mta_stream.close();
        ends.until_served();
        BOOST_TEST(ends.served ==
                   (packet.empty() ? errc::connection_closed : errc::frame_truncated));
    }
}

BOOST_AUTO_TEST_CASE(an_mta_that_speaks_something_else_is_left_8) {
    both ends;
    error_code ec;
    support::begin(ends.context, ends.serve());
    support::run(ends.context,
                 ends.mta_stream.write("GET / HTTP/1.1\r\n", proto::clock::now() + 1h, ec));
    ends.until_served();
    BOOST_TEST(ends.served == errc::not_milter);
}

BOOST_AUTO_TEST_CASE(commands_in_one_write_are_answered_in_order_3) {
    both ends;
    ends.begin();
    std::string bytes;
    wire::encode(bytes, wire::helo{"a"});
    wire::encode(bytes, wire::mail{"<a@test>", {}});
    wire::encode(bytes, wire::quit{});
    error_code ec;
    support::run(ends.context, ends.mta_stream.write(bytes, proto::clock::now() + 1h, ec));
    ends.until_served();
    BOOST_TEST(!ends.served);
    BOOST_TEST(ends.seen == (words{"helo \"a\"", "mail \"<a@test>\"", "quit"}));
    char room[64];
    auto const read = [&]() -> asio::awaitable<std::size_t> {
        co_return co_await ends.mta_stream.read(room, proto::clock::now() + 1h, ec);
    };
    auto const size = support::run(ends.context, read());
    BOOST_TEST(support::to_hex({room, size}) == "00 00 00 01 63 00 00 00 01 63");
}

// ---- the MTA's end

BOOST_AUTO_TEST_CASE(a_filter_that_is_silent_is_given_up_at_the_deadline_of_the_command_197) {
    both ends({}, impatient(&proto::mta_timeouts::command));
    auto const think = [&](wire::any_command const&,
                           proto::filter_session& session) -> asio::awaitable<void> {
        if (!session.awaits_reply()) co_return;
        asio::steady_timer for_ever(ends.context, 1h);
        co_await for_ever.async_wait(net::use_tuple);
    };
    auto const serve = [&]() -> asio::awaitable<void> {
        ends.served = co_await net::serve_filter(ends.filter_stream, ends.filter, think);
    };
    support::begin(ends.context, serve());
    ends.negotiate();
    ends.say(wire::helo{"a"});
    BOOST_TEST(ends.ec == errc::timed_out);
    BOOST_TEST(ends.mta.closed());
    BOOST_TEST(ends.mta.failure() == "waiting for the reply to helo: timed out");
}

BOOST_AUTO_TEST_CASE(a_filter_that_does_not_negotiate_is_given_up) {
    scripted_peer other;
    proto::mta_session mta(impatient(&proto::mta_timeouts::negotiate));
    net::drive_mta drive(other.ours, mta);
    error_code ec;
    support::run(other.context, [&]() -> asio::awaitable<void> { co_await drive.negotiate(ec); }());
    BOOST_TEST(ec == errc::timed_out);
}

BOOST_AUTO_TEST_CASE(keepalives_move_the_deadline_105) {
    both ends;
    auto const handler = [&](wire::any_command const& command,
                             proto::filter_session& session) -> asio::awaitable<void> {
        error_code ec;
        bool const at_end = std::holds_alternative<wire::end_of_message>(command);
        for (int i = 0; i < 3 && at_end; ++i) {
            asio::steady_timer timer(ends.context, 2ms);
            co_await timer.async_wait(net::use_tuple);
            session.reply(wire::progress{}, ec);
            co_await net::flush(ends.filter_stream, session, 1h, ec);
        }
        both::proceed(command, session);
    };
    auto const serve = [&]() -> asio::awaitable<void> {
        ends.served = co_await net::serve_filter(ends.filter_stream, ends.filter, handler);
    };
    support::begin(ends.context, serve());
    ends.negotiate();
    ends.say(wire::mail{"<a@test>", {}});
    std::vector<proto::time_point> deadlines;
    support::run(ends.context, [&]() -> asio::awaitable<void> {
        auto const note = [&](wire::any_reply const&) { deadlines.push_back(ends.mta.deadline()); };
        co_await ends.drive.command(wire::end_of_message{}, {}, note, ends.ec);
    }());
    BOOST_TEST(!ends.ec, ends.ec.message());
    BOOST_TEST(deadlines.size() == 4U);
    BOOST_TEST((deadlines.at(0) < deadlines.at(1)));
    BOOST_TEST((deadlines.at(1) < deadlines.at(2)));
    BOOST_TEST((deadlines.at(3) == proto::never));
}

struct ending {
    std::string says; ///< in place of a reply, before the filter leaves; in the notation of hex.hpp
    errc why;
};

BOOST_AUTO_TEST_CASE(a_filter_gone_wrong_is_told_apart) {
    ending const endings[] = {
        {"", errc::connection_closed},
        {"00 00", errc::frame_truncated},
        {"00 00 00 05 'y' '5'", errc::frame_truncated},
        {"00 00 00 00", errc::frame_empty},
        {"00 00 00 01 'Z'", errc::unknown_code},
        {"7f ff ff ff 'c'", errc::frame_too_large},
        {"00 00 00 01 'h'", errc::reply_not_allowed},
    };
    for (auto const& one : endings) {
        scripted_peer other;
        proto::mta_session mta;
        net::drive_mta drive(other.ours, mta);
        other.says(support::bytes("00 00 00 0d 'O' 00 00 00 06 00 00 00 00 00 00 00 00"));
        error_code ec;
        support::run(other.context,
                     [&]() -> asio::awaitable<void> { co_await drive.negotiate(ec); }());
        BOOST_TEST(!ec);
        other.says(support::bytes(one.says));
        // half closed: what we write still arrives somewhere
        other.peer.lowest_layer().shutdown(asio::socket_base::shutdown_send);
        support::run(other.context, [&]() -> asio::awaitable<void> {
            co_await drive.command(
                wire::helo{"a"}, {}, [](wire::any_reply const&) {}, ec);
        }());
        BOOST_TEST_CONTEXT("after " << one.says) {
            if (one.why == errc::reply_not_allowed) // malformed first: `h` has no fields
                BOOST_TEST(
                    (ec == milter::condition::malformed || ec == milter::condition::violation));
            else
                BOOST_TEST(ec == one.why);
            BOOST_TEST(mta.closed());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_filter_that_has_left_is_noticed_while_writing_216) {
    scripted_peer other;
    proto::mta_session mta;
    net::drive_mta drive(other.ours, mta);
    other.peer.close();
    error_code ec;
    support::run(other.context, [&]() -> asio::awaitable<void> { co_await drive.negotiate(ec); }());
    BOOST_TEST(ec == errc::connection_closed);
}

BOOST_AUTO_TEST_CASE(a_filter_that_does_not_read_is_given_up_196_203) {
    scripted_peer other;
    auto const options = impatient(&proto::mta_timeouts::write);
    proto::mta_session mta(options);
    net::drive_mta drive(other.ours, mta, options.timeouts.write);
    other.says(support::bytes("00 00 00 0d 'O' 00 00 00 06 00 00 00 00 00 00 00 00"));
    error_code ec;
    support::run(other.context, [&]() -> asio::awaitable<void> {
        co_await drive.negotiate(ec);
        std::string const chunk(wire::default_data_limit, 'x');
        while (!ec) {
            wire::encode(mta.output(), wire::body{chunk});
            co_await drive.flush(ec);
        }
    }());
    BOOST_TEST(ec == errc::timed_out);
}

BOOST_AUTO_TEST_SUITE_END()
