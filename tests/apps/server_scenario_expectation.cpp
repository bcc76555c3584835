// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_scenario_expectation.cpp - each kind of expectation of a scenario, met and not met
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

/// A message that is accepted at its end, with an expectation of it.
std::string message_expecting(std::string const& lines) {
    return whole + ("expect = { " + lines + " }\n");
}

wire::reply_text own_reply(char const* text) { return {text}; }

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_server_scenario_expectation, scenario_fixture)

// ---- verdicts and replies

BOOST_AUTO_TEST_CASE(without_an_expectation_the_conversation_goes_on) {
    on(code::helo, wire::reject{});
    tells("[[step]]\nhelo = \"x\"\n", {"helo: expected pass; found: reject"});
    on(code::end_of_message, wire::accept{});
    passes(whole);
    on(code::end_of_message, own_reply("550 5.7.1 no"));
    tells(whole, {"message: expected pass|accept; found: reject \"550 5.7.1 no\""});
    on(code::mail, wire::accept{});
    tells("[[step]]\nmail = \"a@b\"\n", {"mail: expected pass; found: accept"});
}

BOOST_AUTO_TEST_CASE(verdict_may_be_any_or_one_of_several_or_of_a_stage) {
    on(code::data, wire::tempfail{});
    passes("[[step]]\ndata = true\nexpect = \"any\"\n");
    passes("[[step]]\ndata = true\nexpect = \"reject|tempfail\"\n");
    passes(whole + std::string("expect = \"tempfail@data\"\n"));
    passes(whole + std::string("expect = { verdict = \"any\", within = \"1h\" }\n"));
    tells(whole + std::string("expect = \"tempfail@eom\"\n"),
          {"message: expected tempfail@eom; found: temporary-failure at data"});
    tells("[[step]]\ndata = true\nexpect = \"accept\"\n",
          {"data: expected accept; found: temporary-failure"});
}

BOOST_AUTO_TEST_CASE(reply_is_compared_with_a_pattern) {
    on(code::rcpt, own_reply("550 5.1.1 no such user"));
    auto const rcpt = std::string("[[step]]\nrcpt = \"a@b\"\n");
    passes(rcpt + "expect = \"reject 550 5.1.1 *\"\n");
    passes(rcpt + "expect = { reply = \"/no such/\" }\n"); // the reply says what the verdict is
    tells(rcpt + "expect = \"reject 550 5.1.2 *\"\n",
          {"rcpt: expected reply \"550 5.1.2 *\"; found: \"550 5.1.1 no such user\""});
    on(code::rcpt, wire::reject{});
    tells(rcpt + "expect = \"reject 550 5.1.2 *\"\n",
          {"rcpt: expected reply \"550 5.1.2 *\"; found: none"});
}

BOOST_AUTO_TEST_CASE(what_the_client_hears_says_what_the_verdict_is) {
    on(code::rcpt, own_reply("550 5.1.1 no such user"));
    auto const rcpt = std::string("[[step]]\nrcpt = \"a@b\"\n");
    passes(rcpt + "expect = { client_hears = \"550 5.1.1 no such user\" }\n");
    tells(rcpt + "expect = { client_hears = \"451 *\" }\n",
          {"rcpt: expected that the client hears \"451 *\"; found: \"550 5.1.1 no such user\""});
}

BOOST_AUTO_TEST_CASE(session_that_breaks_has_no_verdict) {
    leaves = true;
    for (auto const* expected : {"\"any\"", "{ reply = \"*\" }", "{ client_hears = \"*\" }"}) {
        auto const found = unmet(std::string("[[step]]\ndata = true\nexpect = ") + expected + "\n");
        BOOST_REQUIRE_EQUAL(found.size(), 1U);
        BOOST_TEST(found[0].starts_with("data: expected a verdict; found: error"), found[0]);
    }
}

BOOST_AUTO_TEST_CASE(commands_that_are_negotiated_away_are_not_sent) {
    wants.wants.steps = wire::step::no_helo;
    passes("[[step]]\nhelo = \"x\"\nexpect = \"not_sent\"\n[[step]]\nmail = \"a@b\"\nexpect = { "
           "sent = true }\n");
    tells("[[step]]\nhelo = \"x\"\nexpect = { sent = true }\n[[step]]\nmail = \"a@b\"\nexpect = "
          "\"not_sent\"\n",
          {"helo: expected that it is sent; found: the milter negotiated it away",
           "mail: expected that the milter negotiated it away; found: it was sent"});
}

BOOST_AUTO_TEST_CASE(negotiation_is_compared) {
    wants.wants.actions = wire::action::add_header;
    wants.wants.steps = wire::step::no_helo;
    wants.wants.lists[wire::macro_stage_index(code::connect)] = "j {daemon_name}";
    passes("[[step]]\nnegotiate = {}\nexpect = { version = 6, actions = "
           "\"add_header|set_macro_list\", steps = "
           "\"no_helo\", macros = { connect = \"{daemon_name} j\", helo = \"\" } }\n");
    tells("[[step]]\nnegotiate = {}\nexpect = { version = 2, actions = \"quarantine\", steps = "
          "\"none\", macros = { connect = \"j\", mail = \"i\" } }\n",
          {"negotiate: expected version 2; found: 6",
           "negotiate: expected actions quarantine; found: add_header|set_macro_list",
           "negotiate: expected steps none; found: no_helo",
           "negotiate: expected macros of connect: \"j\"; found: \"j {daemon_name}\"",
           "negotiate: expected macros of mail: \"i\"; found: does not ask for any"});
}

// ---- messages

BOOST_AUTO_TEST_CASE(message_is_compared_with_its_edits) {
    on(code::end_of_message, wire::add_header{"X-Spam", "no"},
       wire::add_rcpt{"<carol@example.org>"}, wire::delete_rcpt{"<bob@example.org>"},
       wire::change_from{"<dave@example.com>", {}}, wire::replace_body{"other\r\n"},
       wire::progress{}, wire::accept{});
    passes(message_expecting(
        "sender = \"dave@example.com\", recipients = \"carol@example.org\", recipient = "
        "\"<carol@*>\", no_recipient = \"bob@example.org\", header = \"x-spam: n?\", no_header = "
        "[\"X-Other\", \"X-Spam: yes\"], headers = [\"From\", \"Subject: hi\", \"X-Spam: no\"], "
        "body = [\"oth\", \"/^oth/\"], edit = \"add_rcpt *\", edits = [\"add_header X-Spam: no\", "
        "\"add_rcpt *\", \"delete_rcpt *\", \"change_from *\", \"replace_body\"], keepalives = 1"));
    tells(
        message_expecting(
            "verdict = \"accept\", sender = \"a\", recipients = [], recipient = "
            "\"bob@example.org\", no_recipient = "
            "\"carol@*\", header = [\"X-Spam: yes\", \"X-Other\"], no_header = \"X-Spam\", headers "
            "= [\"From\"], body = \"text\", quarantine = \"*\", edit = \"quarantine *\", edits = "
            "[], keepalives = 2"),
        {"message: expected sender a; found: <dave@example.com>",
         "message: expected recipient bob@example.org; found: \"<carol@example.org>\"",
         "message: expected no recipient carol@*; found: \"<carol@example.org>\"",
         "message: expected recipients none; found: \"<carol@example.org>\"",
         "message: expected header \"X-Spam: yes\"; found: \"no\"",
         "message: expected header \"X-Other\"; found: none of that name",
         "message: expected no header \"X-Spam\"; found: there is one",
         ("message: expected headers \"From\"; found: \"From: alice@example.com\", \"Subject: "
          "hi\", "
          "\"X-Spam: no\""),
         "message: expected body with \"text\"; found: it has not",
         "message: expected quarantine; found: none",
         ("message: expected edits none; found: \"add_header X-Spam: no\", \"add_rcpt "
          "<carol@example.org>\", \"delete_rcpt <bob@example.org>\", \"change_from "
          "<dave@example.com>\", \"replace_body\""),
         ("message: expected edit \"quarantine *\"; found: \"add_header X-Spam: no\", \"add_rcpt "
          "<carol@example.org>\", \"delete_rcpt <bob@example.org>\", \"change_from "
          "<dave@example.com>\", \"replace_body\""),
         "message: expected 2 keepalives; found: 1"});
}

BOOST_AUTO_TEST_CASE(quarantine_is_a_verdict_and_a_reason) {
    on(code::end_of_message, wire::quarantine{"looks bad"}, wire::accept{});
    passes(message_expecting("quarantine = \"looks *\""));
    passes(message_expecting("verdict = \"quarantine\""));
    tells(whole, {"message: expected pass|accept; found: quarantine"});
    tells(message_expecting("quarantine = \"good\""),
          {"message: expected quarantine \"good\"; found: \"looks bad\""});
}

BOOST_AUTO_TEST_CASE(edits_of_a_refused_message_do_not_stand) {
    on(code::end_of_message, wire::add_header{"X-Spam", "yes"}, wire::reject{});
    passes(message_expecting(
        "verdict = \"reject\", no_header = \"X-Spam\", edits = \"add_header X-Spam: yes\""));
}

BOOST_AUTO_TEST_CASE(expectations_of_a_message_are_for_the_step_that_ends_it) {
    tells("[[step]]\nmail = \"a@b\"\nexpect = { sender = \"a@b\" }\n",
          {"mail: expected a message; found: it has not been accepted or refused here"});
    on(code::rcpt, wire::discard{});
    passes("[[step]]\nmail = \"a@b\"\n[[step]]\nrcpt = \"c@d\"\nexpect = { verdict = \"discard\", "
           "sender = \"a@b\" }\n");
}

// ---- time, and sessions that break

BOOST_AUTO_TEST_CASE(answer_that_takes_too_long_is_a_finding_about_time_only) {
    auto const text = "[[step]]\nhelo = \"x\"\nexpect = { within = \"0s\" }\n";
    auto const result = play(parse_scenario(text, "test.toml", {}));
    auto const found = findings(last, result);
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    BOOST_TEST(found.front().starts_with("helo: expected an answer within 0.000 ms; found: "));
    BOOST_TEST(!result.passed());
    BOOST_TEST(result.missed_latency_only());
    passes("[[step]]\nhelo = \"x\"\nexpect = { within = \"1h\" }\n");
    auto const both = play(parse_scenario(
        std::string(text) + "[[step]]\nmail = \"a@b\"\nexpect = \"reject\"\n", "test.toml", {}));
    BOOST_TEST(!both.missed_latency_only());
}

BOOST_AUTO_TEST_CASE(wait_is_no_part_of_the_time_of_a_step) {
    passes("[[step]]\nconnect = \"x\"\n[[step]]\nwait = \"1ms\"\n[[step]]\nhelo = \"x\"\nexpect = "
           "{ within = \"1h\" }\n");
    BOOST_TEST(story() == "OCHAQ");
}

BOOST_AUTO_TEST_CASE(session_that_breaks_can_be_what_is_expected) {
    auto const breaking = [this] {
        leaves = false;
        answer = [this](wire::any_command const& command, proto::filter_session& filter) {
            if (wire::code_of(command) == code::mail) return void(leaves = true);
            server_session_test::proceed(command, filter);
        };
    };
    breaking();
    passes("[[step]]\nmail = \"a@b\"\nexpect = \"error\"\n");
    breaking();
    passes("[[step]]\nmail = \"a@b\"\nexpect = { error = \"/clos|end of file|ended/\" }\n");
    breaking();
    auto const found =
        unmet("[[step]]\nmail = \"a@b\"\n[[step]]\nrcpt = \"c@d\"\n[[step]]\nquit = true\n");
    BOOST_REQUIRE_EQUAL(found.size(), 3u);
    BOOST_TEST(found[0].starts_with("mail: expected pass; found: error ("), found[0]);
    BOOST_TEST(found[1].starts_with("rcpt: not said: the session broke before: "), found[1]);
    BOOST_TEST(found[2].starts_with("quit: not said: the session broke before: "), found[2]);
    leaves = false;
    tells("[[step]]\nhelo = \"x\"\nexpect = { error = \"*\" }\n",
          {"helo: expected that the session breaks; found: it goes on"});
}

BOOST_AUTO_TEST_CASE(milter_that_cannot_be_reached_ends_the_scenario) {
    support::temp_dir const dir;
    asio::io_context context{1};
    how.milter = {milter::endpoint::kind::unix_path, dir / "nobody", {}, {}};
    auto const wanted = parse_scenario("[[step]]\nhelo = \"x\"\n[[step]]\nhelo = \"y\"\n", "t", {});
    auto const result = support::run(context, milter::test_server::play(wanted, how, {}));
    BOOST_TEST(result.unreachable.starts_with("cannot connect to unix:"));
    BOOST_TEST(result.steps.empty());
    BOOST_TEST(!result.passed());
    BOOST_TEST(!result.missed_latency_only());
}

BOOST_AUTO_TEST_SUITE_END()
