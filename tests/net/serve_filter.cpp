// SPDX-License-Identifier: BSL-1.0
// tests/net/serve_filter.cpp - handlers that throw, and sessions that do not wait for each other
//
// Numbers in the names of the cases are those of the statements in the protocol description. Whole conversations:
// drivers.cpp.

#include "milter/net/serve_filter.hpp"

#include <boost/test/unit_test.hpp>

#include <support/coroutine.hpp>
#include <support/hex.hpp>
#include <support/print_error.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

using milter::errc;
using milter::error_code;
using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace net = milter::net;
namespace proto = milter::proto;
namespace wire = milter::wire;
using wire::command_code;

namespace {

/// A filter and the other end of its connection.
struct served {
    explicit served(asio::io_context& where, proto::filter_options options = {})
        : context(where), session(std::move(options)) {}

    asio::io_context& context;
    support::socket_pair pair = support::connected_pair(context);
    net::stream filter_stream{std::move(pair.first)}, mta_stream{std::move(pair.second)};
    proto::filter_session session;
    net::serve_options patience;
    error_code ended{errc::misuse}; ///< misuse: it has not, or because of that
    bool over = false;

    template <class Handler> void begin(Handler handler) {
        support::begin(context, serve(std::move(handler)));
    }
    template <class Handler> asio::awaitable<void> serve(Handler handler) {
        ended = co_await net::serve_filter(filter_stream, session, handler, patience);
        filter_stream.close();
        over = true;
    }

    /// Says it as the MTA, and reads what comes until `size` bytes are there or the end.
    std::string say(std::string const& bytes, std::size_t size) {
        std::string heard;
        support::run(context, [&]() -> asio::awaitable<void> {
            error_code ec;
            co_await mta_stream.write(bytes, proto::clock::now() + 1h, ec);
            char room[4096];
            while (!ec && heard.size() < size)
                heard.append(room, co_await mta_stream.read(room, proto::clock::now() + 1h, ec));
        }());
        return support::to_hex(heard);
    }
    template <class Command> std::string say(Command const& command, std::size_t size = 5) {
        std::string bytes;
        wire::encode(bytes, command);
        return say(bytes, size);
    }
};

void proceed(wire::any_command const&, proto::filter_session& session) {
    error_code ignored;
    if (session.awaits_reply()) session.reply(wire::proceed{}, ignored);
}

struct fault : std::runtime_error {
    using std::runtime_error::runtime_error;
};

constexpr std::string_view continues = "00 00 00 01 63";
constexpr std::string_view tempfail = "00 00 00 01 74";
constexpr std::size_t size_of_answer = 17;

} // namespace

BOOST_AUTO_TEST_SUITE(net_serve_filter)

BOOST_AUTO_TEST_CASE(exception_of_a_handler_is_a_temporary_failure_and_the_session_goes_on_214) {
    for (bool const waits : {false, true}) {
        asio::io_context context{1};
        served one(context);
        int told = 0;
        one.patience.on_exception = [&](std::exception_ptr const& thrown) {
            BOOST_CHECK_THROW(std::rethrow_exception(thrown), fault);
            ++told;
        };
        auto const judge = [](wire::any_command const& command, proto::filter_session& session) {
            auto const* to = std::get_if<wire::rcpt>(&command);
            if (to && to->address == "<bad@test>") throw fault("no such table");
            if (std::holds_alternative<wire::end_of_message>(command)) {
                error_code ec;
                session.reply(wire::progress{}, ec); // was said already
                throw fault("disk full");
            }
            proceed(command, session);
        };
        if (waits)
            one.begin([&](wire::any_command const& command,
                          proto::filter_session& session) -> asio::awaitable<void> {
                asio::steady_timer timer(context, 1ms);
                co_await timer.async_wait(net::use_tuple);
                judge(command, session);
            });
        else
            one.begin(judge);
        one.say(wire::negotiate{}, size_of_answer);
        BOOST_TEST(one.say(wire::mail{"<a@test>", {}}) == continues);
        BOOST_TEST(one.say(wire::rcpt{"<bad@test>", {}}) == tempfail);
        BOOST_TEST(one.say(wire::rcpt{"<b@test>", {}}) == continues);
        BOOST_TEST(one.say(wire::end_of_message{}, 10) ==
                   "00 00 00 01 70 " + std::string(tempfail));
        BOOST_TEST(told == 2);
        BOOST_TEST(one.say(wire::mail{"<a@test>", {}}) == continues);
        BOOST_TEST(one.say(wire::quit{}, 1) == "");
        BOOST_TEST(!one.ended, one.ended.message());
    }
}

BOOST_AUTO_TEST_CASE(exception_behind_the_reply_or_without_one_due_loses_and_adds_none_214) {
    asio::io_context context{1};
    proto::filter_options options;
    options.wants.steps = wire::step::nr_helo;
    served one(context, options);
    one.begin([](wire::any_command const& command, proto::filter_session& session) {
        proceed(command, session);
        if (wire::code_of(command) != command_code::negotiate) throw fault("too late");
    });
    one.say(wire::negotiate{}, size_of_answer);
    std::string bytes;
    wire::encode(bytes, wire::helo{"a"}); // takes no reply
    wire::encode(bytes, wire::mail{"<a@test>", {}});
    wire::encode(bytes, wire::abort{});
    wire::encode(bytes, wire::mail{"<b@test>", {}});
    BOOST_TEST(one.say(bytes, 10) == std::string(continues) + " " + std::string(continues));
    BOOST_TEST(one.say(wire::quit{}, 1) == "");
    BOOST_TEST(!one.ended, one.ended.message());
}

BOOST_AUTO_TEST_CASE(exception_instead_of_an_answer_to_the_offer_ends_the_connection_214) {
    asio::io_context context{1};
    proto::filter_options options;
    options.manual_negotiation = true;
    served one(context, options);
    one.begin([](wire::any_command const&, proto::filter_session&) { throw fault("no memory"); });
    BOOST_TEST(one.say(wire::negotiate{}, 1) == "");
    BOOST_TEST(one.over);
    BOOST_TEST(one.ended == errc::misuse);
}

BOOST_AUTO_TEST_CASE(handler_that_leaves_a_reply_owed_ends_the_connection) {
    asio::io_context context{1};
    served one(context);
    one.begin([](wire::any_command const& command, proto::filter_session& session) {
        if (wire::code_of(command) != command_code::rcpt) proceed(command, session);
    });
    one.say(wire::negotiate{}, size_of_answer);
    std::string bytes;
    wire::encode(bytes, wire::mail{"<a@test>", {}});
    wire::encode(bytes, wire::rcpt{"<b@test>", {}});
    BOOST_TEST(one.say(bytes, 6) == continues); // and then the end
    BOOST_TEST(one.over);
    BOOST_TEST(one.ended == errc::misuse);
}

BOOST_AUTO_TEST_CASE(
    what_was_answered_is_written_and_a_malformed_packet_told_whether_the_peer_stays_or_goes) {
    std::string bytes;
    wire::encode(bytes, wire::mail{"<a@test>", {}});
    wire::append_frame(bytes, '?', "");
    for (bool const stays : {true, false}) {
        asio::io_context context{1};
        served one(context);
        one.begin(proceed);
        one.say(wire::negotiate{}, size_of_answer);
        if (stays) {
            BOOST_TEST(one.say(bytes, 6) == continues);
        } else {
            one.say(bytes, 0);
            one.mta_stream.close();
        }
        context.restart();
        while (!one.over && context.run_one() != 0) {
        }
        BOOST_TEST(one.ended == errc::unknown_code);
    }
}

BOOST_AUTO_TEST_CASE(what_is_told_of_an_exception_may_throw_as_well_214) {
    asio::io_context context{1};
    served one(context);
    one.patience.on_exception = [](std::exception_ptr const& thrown) {
        std::rethrow_exception(thrown);
    };
    one.begin([](wire::any_command const& command, proto::filter_session& session) {
        if (wire::code_of(command) == command_code::helo) throw 1;
        proceed(command, session);
    });
    one.say(wire::negotiate{}, size_of_answer);
    BOOST_TEST(one.say(wire::helo{"a"}) == tempfail);
    BOOST_TEST(one.say(wire::mail{"<a@test>", {}}) == continues);
}

BOOST_AUTO_TEST_CASE(peer_that_does_not_read_holds_up_no_other_session_203) {
    asio::io_context context{1};
    proto::filter_options options;
    options.wants.actions = wire::action::change_body;
    served deaf(context, options), other(context);
    deaf.patience.write = 1h;
    std::string const large(wire::default_data_limit, 'x');
    deaf.begin([&](wire::any_command const& command, proto::filter_session& session) {
        error_code ec;
        if (std::holds_alternative<wire::end_of_message>(command))
            for (int i = 0; i < 100; ++i) session.reply(wire::replace_body{large}, ec);
        proceed(command, session);
    });
    other.begin(proceed);
    deaf.say(wire::negotiate{}, size_of_answer);
    deaf.say(wire::mail{"<a@test>", {}});
    deaf.say(wire::end_of_message{}, 0); // 6 MB come, and nobody takes them
    other.say(wire::negotiate{}, size_of_answer);
    for (int i = 0; i < 100; ++i) BOOST_TEST(other.say(wire::helo{"a"}) == continues);
    BOOST_TEST(other.say(wire::quit{}, 1) == "");
    BOOST_TEST(other.over);
    BOOST_TEST(!deaf.over);
    deaf.mta_stream.close();
    context.restart();
    while (!deaf.over && context.run_one() != 0) {
    }
    BOOST_TEST(deaf.ended == errc::connection_closed);
}

BOOST_AUTO_TEST_SUITE_END()
