// SPDX-License-Identifier: BSL-1.0
// tests/filter/body.cpp - chunks of the body until one is enough; the last of them within the end of the message

#include "milter/filter/dispatch.hpp"

#include <boost/test/unit_test.hpp>

#include <filter/conversation.hpp>

#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

using filter_test::conversation;
using std::string_view_literals::operator""sv;
namespace filter = milter::filter;
namespace proto = milter::proto;
namespace wire = milter::wire;

namespace {

/// Skips with its second chunk.
struct has_enough {
    std::string seen;
    filter::body_verdict body(std::string_view chunk) {
        seen += chunk;
        if (seen.size() == chunk.size()) return filter::proceed;
        return filter::skip;
    }
    void end_of_message(filter::context& context) const {
        context.log(filter::log_level::info, seen);
    }
};

/// Judges the body by what a chunk says.
struct scanner {
    static constexpr auto actions = filter::action::add_header;
    filter::body_verdict body(std::string_view chunk) {
        if (chunk == "throw") throw std::runtime_error("unreadable");
        if (chunk == "virus") return filter::reject;
        if (chunk == "text") return filter::reply("550 5.7.1 No");
        if (chunk == "trusted") return filter::accept;
        if (chunk == "enough") return filter::skip;
        return filter::proceed;
    }
    void end_of_message(filter::edits& edits) { edits.add_header("X-Scanned", "yes"); }
};

struct scans_silently {
    void body() { throw std::runtime_error("unreadable"); }
    void end_of_message() {}
};

/// A handler that waits, to whom nobody listens.
struct promise_of_nothing {
    using value_type = filter::verdict;
};
struct waiting_context : filter::context {
    using filter::context::context;
    using pending = std::variant<std::monostate, promise_of_nothing>;
};
struct waits_for_a_scanner {
    promise_of_nothing body() { return {}; }
    filter::verdict end_of_message() { return filter::accept; }
};

} // namespace

BOOST_AUTO_TEST_SUITE(body)

BOOST_AUTO_TEST_CASE(who_has_skipped_sees_nothing_more_of_a_long_body) {
    for (auto const offered : {wire::step::all, wire::step::all & ~wire::step::skip}) {
        conversation<has_enough> with(wire::negotiate{6, wire::action::all, offered});
        with.mail();
        with.rcpt();
        for (auto const* chunk : {"one", "two", "three", "four", "five"})
            with.say(wire::body{chunk});
        with.force(wire::end_of_message{"six"});
        BOOST_TEST(with.log.at(0) == "onetwo");
    }
}

BOOST_AUTO_TEST_CASE(what_is_said_of_a_body_within_the_end_of_message_is_the_answer_to_it) {
    struct {
        std::string_view chunk;
        std::string_view answer;
    } const all[] = {
        {"virus", "\0\0\0\1r"sv},
        {"trusted", "\0\0\0\1a"sv},
        {"text", "\0\0\0\x0ey550 5.7.1 No\0"sv},
        {"throw", "\0\0\0\1t"sv},
        {"harmless", "\0\0\0\x0fhX-Scanned\0yes\0\0\0\0\1c"sv},
        {"enough", "\0\0\0\x0fhX-Scanned\0yes\0\0\0\0\1c"sv},
    };
    conversation<scanner> with;
    for (auto const& one : all) {
        BOOST_TEST_CONTEXT(one.chunk) {
            with.force(wire::mail{"<a@example.com>", {}});
            with.force(wire::rcpt{"<b@example.org>", {}});
            with.runs.clear();
            BOOST_TEST(with.force(wire::end_of_message{one.chunk}) == one.answer);
            BOOST_TEST(!with.milter.message());
            BOOST_TEST(with.runs.size() == 1);
        }
    }
    BOOST_TEST(with.milter.counts().exceptions == 1);
    BOOST_TEST(with.milter.counts().messages == std::size(all));
}

BOOST_AUTO_TEST_CASE(what_a_silent_body_throws_within_the_end_of_message_is_tempfail) {
    conversation<scans_silently> with;
    with.mail();
    with.rcpt();
    BOOST_TEST(with.force(wire::end_of_message{"x"}) == "\0\0\0\1t"sv);
    BOOST_TEST(!with.milter.message());
    BOOST_TEST(with.log.at(0) == "end_of_message: \"unreadable\"");
}

BOOST_AUTO_TEST_CASE(a_body_that_would_be_waited_for_within_the_end_of_message_is_tempfail) {
    filter::nothing_shared none;
    filter::common_state common;
    auto const wish = filter::wish_of<waits_for_a_scanner, waiting_context>(none);
    proto::filter_session session({{}, /*manual_negotiation*/ true, std::nullopt, {}});
    waiting_context context(session, common, 1);
    filter::dispatcher<waits_for_a_scanner, waiting_context> dispatch(session, context, wish, none);
    std::string bytes;
    wire::encode(bytes, wire::negotiate{});
    wire::encode(bytes, wire::mail{"<a@b>", {}});
    wire::encode(bytes, wire::rcpt{"<b@c>", {}});
    wire::encode(bytes, wire::end_of_message{"x"});
    session.received(bytes);
    milter::error_code ec;
    while (auto const command = session.next(ec)) {
        BOOST_TEST(dispatch.start(*command).index() == 0U);
    }
    BOOST_TEST(!ec);
    BOOST_TEST(!session.awaits_reply());
    BOOST_TEST(session.output().ends_with("\0\0\0\1t"sv));
    BOOST_TEST(!dispatch.current_message());
}

BOOST_AUTO_TEST_SUITE_END()
