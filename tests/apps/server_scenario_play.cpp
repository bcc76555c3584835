// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_scenario_play.cpp - each kind of step, what is said of itself, and what is not
#include "scenario_fixture.hpp"

#include <string>
#include <vector>

using namespace scenario_test;

namespace {

constexpr char const* whole = R"(
[[step]]
mail = "alice@example.com"
[[step]]
rcpt = "bob@example.org"
[[step]]
message = """
From: alice@example.com
Subject: hi

text
"""
)";

wire::reply_text own_reply(char const* text) { return {text}; }

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_server_scenario_play, scenario_fixture)

BOOST_AUTO_TEST_CASE(steps_that_are_left_out_are_said_silently) {
    passes("[[step]]\nbody = \"text\\n\"\n");
    BOOST_TEST(story() == "OCHMRTNBAQ");
    passes("[[step]]\nhelo = \"x\"\n");
    BOOST_TEST(story() == "OCHAQ");
    passes("[[step]]\nunknown = \"XYZ\"\n");
    BOOST_TEST(story() == "OCUQ");
    passes("[[step]]\nrcpt = \"a@b\"\n[[step]]\nrcpt = \"c@d\"\n");
    BOOST_TEST(story() == "OCHMRRAQ");
    passes("[[step]]\nquit = true\n");
    BOOST_TEST(connections() == 0u);
}

BOOST_AUTO_TEST_CASE(every_step_is_said_as_it_is_written) {
    passes(R"(
[[step]]
connect = { host = "h.example.org", address = "inet6:25@[2001:db8::1]" }
[[step]]
helo = "x.example.org"
[[step]]
mail = "<a@b> SIZE=5"
[[step]]
rcpt = "c@d"
[[step]]
data = true
[[step]]
header = ["A: 1", "B:2"]
[[step]]
header = "C: ${0xe9}"
[[step]]
end_of_headers = true
[[step]]
body = "a\nb\r\n"
[[step]]
body = { base64 = "AAo=" }
[[step]]
end_of_message = true
[[step]]
unknown = "NOOP 1"
[[step]]
quit = true
)");
    BOOST_TEST(story() == "OCHMRTLLLNBBEAUAQ");
    auto const all = heard();
    auto const has = [&](code which, std::size_t index, std::string const& payload) {
        auto const found = heard_of(which);
        BOOST_REQUIRE(index < found.size());
        BOOST_TEST(found[index].substr(5) == payload);
    };
    using namespace std::string_literals;
    has(code::connect, 0, "h.example.org\0006\0\0312001:db8::1\0"s);
    has(code::helo, 0, "x.example.org\0"s);
    has(code::mail, 0, "<a@b>\0SIZE=5\0"s);
    has(code::rcpt, 0, "<c@d>\0"s);
    has(code::header, 0, "A\0001\0"s);
    has(code::header, 1, "B\0002\0"s);
    has(code::header, 2, "C\0\xe9\0"s);
    has(code::body, 0, "a\r\nb\r\n");
    has(code::body, 1, "\0\n"s);
    has(code::unknown, 0, "NOOP 1\0"s);
}

BOOST_AUTO_TEST_CASE(several_messages_in_one_connection_and_one_broken_off) {
    passes(whole + std::string(whole));
    BOOST_TEST(story() == "OCHMRTLLNBEAMRTLLNBEAAQ");
    passes(std::string("[[step]]\nmail = \"x@y\"\n[[step]]\nrset = true\n") + whole);
    BOOST_TEST(story() == "OCHMAMRTLLNBEAAQ");
    passes("as = \"sendmail-8.17\"\n" +
           std::string("[[step]]\nmail = \"x@y\"\n[[step]]\nrset = true\n") + whole + whole);
    BOOST_TEST(story() == "OCHMAMRTLLNBEMRTLLNBEQ");
}

BOOST_AUTO_TEST_CASE(several_connections_are_interleaved_as_the_steps_are) {
    std::string order;
    answer = [&](wire::any_command const& command, proto::filter_session& filter) {
        if (auto const* one = std::get_if<wire::helo>(&command)) order += one->name;
        server_session_test::proceed(command, filter);
    };
    passes(R"(
[[step]]
connection = "a"
negotiate = {}
[[step]]
connection = "b"
helo = "1"
[[step]]
connection = "a"
helo = "2"
[[step]]
connection = "b"
quit = true
[[step]]
connection = "b"
helo = "3"
)");
    BOOST_TEST(order == "123");
    BOOST_TEST(connections() == 3u);
    BOOST_TEST(story(1) == "OCHAQ");
    BOOST_TEST(story(2) == "OCHAQ");
}

BOOST_AUTO_TEST_CASE(connection_can_be_closed_without_a_word) {
    passes("[[step]]\nhelo = \"x\"\n[[step]]\nclose = true\n[[step]]\nhelo = \"y\"\n");
    BOOST_TEST(story(0) == "OCH");
    BOOST_TEST(story(1) == "OCHAQ");
}

BOOST_AUTO_TEST_CASE(macros_are_those_of_the_step_of_the_scenario_and_of_the_mta) {
    passes(R"(
[macros]
connect = { daemon_name = "inbound", own = "a" }
header = { h = "1" }
[[step]]
connect = "x"
macros = { own = "b" }
[[step]]
unknown = "X"
macros = { u = "2" }
[[step]]
header = "A: b"
macros = { g = "3" }
[[step]]
end_of_headers = true
[[step]]
body = "x\n"
macros = { b = "4" }
)");
    BOOST_TEST(macros_of(code::connect).find("{daemon_name}=inbound") != std::string::npos);
    BOOST_TEST(macros_of(code::connect).find("{own}=b") != std::string::npos);
    BOOST_TEST(macros_of(code::unknown) == "u=2");
    BOOST_TEST(macros_of(code::header).ends_with(" h=1 g=3"), macros_of(code::header));
    BOOST_TEST(macros_of(code::end_of_headers).find("g=3") == std::string::npos);
    BOOST_TEST(macros_of(code::body).ends_with(" b=4"), macros_of(code::body));
}

BOOST_AUTO_TEST_CASE(negotiation_offers_what_the_step_says) {
    passes(R"(
[[step]]
negotiate = { version = 2, actions = "add_header" }
expect = { version = 2, actions = "add_header", steps = "no_unknown, no_data" }
[[step]]
data = true
expect = "not_sent"
)");
    server_session_test::same({heard().front()},
                              {server_session_test::packet('O', "00000002 00000001 0000007f")});
}

// ---- what an MTA would not say

BOOST_AUTO_TEST_CASE(what_an_mta_would_not_say_is_not_attempted) {
    on(code::mail, wire::reject{});
    tells("[[step]]\nmail = \"a@b\"\nexpect = \"reject\"\n[[step]]\nrcpt = \"c@d\"\n[[step]]\nrset "
          "= true\n",
          {"rcpt: not said: at mail the milter said reject"});
    on(code::connect, own_reply("554 5.7.1 go"));
    tells("[[step]]\nhelo = \"x\"\n[[step]]\nmail = \"a@b\"\n",
          {"helo: not said: at connect the milter said reject \"554 5.7.1 go\"",
           "mail: not said: at connect the milter said reject \"554 5.7.1 go\""});
    BOOST_TEST(story() == "OC"); // Postfix says no QUIT to a milter that has refused the client
    on(code::helo, wire::accept{});
    tells("[[step]]\nmail = \"a@b\"\n", {"mail: not said: at helo the milter said accept"});
    on(code::rcpt, wire::tempfail{});
    tells("[[step]]\ndata = true\n", {"data: not said: at rcpt the milter said temporary-failure"});
    tells("[[step]]\nrcpt = \"c@d\"\nexpect = \"tempfail\"\n[[step]]\ndata = true\n",
          {"data: not said: no recipient is left"});
    on(code::rcpt, own_reply("421 4.7.0 bye"));
    tells("[[step]]\nrcpt = \"c@d\"\nexpect = \"tempfail 421 *\"\n[[step]]\nrset = true\n",
          {"rset: not said: at rcpt the milter said temporary-failure \"421 4.7.0 bye\""});
}

BOOST_AUTO_TEST_CASE(steps_in_an_order_that_no_mta_has_are_not_attempted) {
    tells(R"(
[[step]]
helo = "x"
[[step]]
negotiate = {}
[[step]]
connect = "x"
[[step]]
mail = "a@b"
[[step]]
mail = "c@d"
[[step]]
end_of_headers = true
[[step]]
header = "A: b"
[[step]]
end_of_headers = true
[[step]]
rcpt = "e@f"
[[step]]
message = "A: b\n\n"
[[step]]
end_of_message = true
[[step]]
body = "x"
)",
          {"negotiate: not said: this connection has been negotiated",
           "connect: not said: the client has been said",
           "mail: not said: the message before it has not ended; a step rset ends it",
           "header: not said: the headers have ended",
           "end_of_headers: not said: the headers have ended",
           "rcpt: not said: the content of the message has begun",
           "message: not said: the content of the message has begun",
           "body: not said: the message has ended; a step mail begins another"});
}

BOOST_AUTO_TEST_CASE(refused_recipient_does_not_end_the_message) {
    answer = [](wire::any_command const& command, proto::filter_session& filter) {
        milter::error_code ec;
        auto const* one = std::get_if<wire::rcpt>(&command);
        if (!one || one->address != "<bob@example.org>")
            return server_session_test::proceed(command, filter);
        filter.reply(wire::reply_text{"550 5.1.1 unknown"}, ec);
    };
    passes(R"(
[[step]]
rcpt = "bob@example.org"
expect = "reject 550 5.1.1 *"
[[step]]
rcpt = "carol@example.org"
[[step]]
end_of_message = true
expect = { recipients = "carol@example.org", no_recipient = "bob@example.org" }
)");
}

BOOST_AUTO_TEST_CASE(skip_ends_the_body) {
    wants.wants.steps = wire::step::skip;
    on(code::body, wire::skip{});
    passes(R"(
[[step]]
body = "x\n"
[[step]]
body = "y\n"
expect = "not_sent"
[[step]]
end_of_message = true
)");
    BOOST_TEST(story() == "OCHMRTNBEAAQ");
}

BOOST_AUTO_TEST_CASE(message_behind_a_message_is_another_one) {
    passes(R"(
[[step]]
message = "A: b\n\nx\n"
[[step]]
message = "A: c\n\ny\n"
)");
    BOOST_TEST(story() == "OCHMRTLNBEAMRTLNBEAAQ");
}

BOOST_AUTO_TEST_CASE(message_that_was_refused_in_its_course_is_over_all_the_same) {
    on(code::body, wire::reject{});
    tells(R"(
[[step]]
message = "A: b\n\nx\n"
expect = "reject"
[[step]]
message = "A: c\n\ny\n"
expect = "reject"
[[step]]
rcpt = "a@b"
)",
          {"rcpt: not said: at body the milter said reject"});
}

BOOST_AUTO_TEST_SUITE_END()
