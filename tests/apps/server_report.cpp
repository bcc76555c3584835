// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_report.cpp - staged edits, expectations, and what is printed of an outcome

#include "test-server/delivery.hpp"
#include "test-server/expectation.hpp"
#include "test-server/report.hpp"

#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace milter::test_server;
using namespace std::chrono_literals;
using nlohmann::json;
namespace wire = milter::wire;
using code = wire::command_code;

namespace {

message_plan plain_mail() {
    message_plan mail;
    mail.sender = {"<a@test>", {}};
    mail.recipients = {{"<b@test>", {}}, {"<c@test>", {}}};
    mail.headers = {{"Subject", " hi"}, {"X-B", " 1"}, {"X-B", " 2\n\tfold"}};
    mail.chunks = {"text\r\n"};
    return mail;
}

/// A message that met these edits and this verdict.
template <class... Edits>
message_outcome delivered(status what, code stage, Edits const&... edits) {
    message_outcome one;
    begin_delivery(one, plain_mail(), milter::message::header_rules::postfix);
    for (auto const* address : {"<b@test>", "<c@test>"})
        one.recipients.push_back({changed_line::mark::same, address});
    (static_cast<void>(one.edits.note(edits, false)), ...);
    one.verdict = {what, stage, {}};
    finish_delivery(one);
    return one;
}

session_outcome session_of(message_outcome one) {
    session_outcome all;
    all.negotiated = true;
    all.elapsed = 1500us;
    all.messages.push_back(std::move(one));
    return all;
}

std::string text_of(session_outcome const& one, bool with_message = false) {
    return report_text(one, {false, with_message});
}

std::size_t missed(expectations const& wanted, session_outcome const& one) {
    return check(wanted, one, 1).size();
}

} // namespace

BOOST_AUTO_TEST_SUITE(apps_server_report)

BOOST_AUTO_TEST_CASE(edits_of_an_accepted_message_are_carried_out_152_169) {
    auto const one =
        delivered(status::pass, code::end_of_message, wire::add_header{"X-New", "n"},
                  wire::change_header{1, "subject", "changed"}, wire::change_header{2, "X-B", ""},
                  wire::add_rcpt{"<d@test>"}, wire::delete_rcpt{"B@test"},
                  wire::change_from{"<x@test>", "SIZE=1"}, wire::replace_body{"new "},
                  wire::replace_body{"body\r\n"}, wire::progress{});
    BOOST_TEST(one.edits_stand);
    BOOST_TEST(one.edits.keepalives == 1U);
    BOOST_TEST(text_of(session_of(one), true) == "status: pass\n"
                                                 "elapsed-time: 0.001500 seconds\n"
                                                 "\n"
                                                 "Envelope:------------------------------\n"
                                                 "- MAIL FROM:<a@test>\n"
                                                 "+ MAIL FROM:<x@test>\n"
                                                 "- RCPT TO:<b@test>\n"
                                                 "  RCPT TO:<c@test>\n"
                                                 "+ RCPT TO:<d@test>\n"
                                                 "Header:--------------------------------\n"
                                                 "- Subject: hi\n"
                                                 "+ subject: changed\n"
                                                 "  X-B: 1\n"
                                                 "- X-B: 2\n"
                                                 "- \tfold\n"
                                                 "+ X-New: n\n"
                                                 "Body:----------------------------------\n"
                                                 "new body\n\n");
}

/// What of the message an edit could change, in lines.
std::string changed_parts(message_outcome const& one) {
    std::string text = one.sender.address;
    for (auto const& to : one.recipients)
        text += (to.how == changed_line::mark::removed ? " -" : " ") + to.text;
    one.headers.for_each([&](milter::message::header_field const& field) {
        if (field.visible())
            text.append(" ").append(field.now_name()).append(":").append(field.now_value());
    });
    return text + " " + one.body;
}

BOOST_AUTO_TEST_CASE(edits_of_a_refused_message_leave_nothing_153_211) {
    auto const untouched = changed_parts(delivered(status::pass, code::end_of_message));
    for (auto const what : {status::reject, status::temporary_failure, status::discard,
                            status::shutdown, status::error, status::quit}) {
        auto const one =
            delivered(what, code::end_of_message, wire::add_header{"X-New", "n"},
                      wire::insert_header{0, "X-Top", "t"}, wire::change_header{1, "Subject", ""},
                      wire::replace_body{"half a bo"}, wire::add_rcpt{"<d@test>"},
                      wire::delete_rcpt{"<b@test>"}, wire::change_from{"<x@test>", std::nullopt},
                      wire::quarantine{"bad"});
        BOOST_TEST_CONTEXT(name_of(what)) {
            BOOST_TEST(!one.edits_stand);
            BOOST_TEST(changed_parts(one) == untouched);
            BOOST_TEST(!one.old_sender);
            BOOST_TEST(!one.quarantine);
            BOOST_TEST(text_of(session_of(one), true).find("X-New") == std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(sender_becomes_null_with_and_without_arguments_173_174) {
    for (auto const& args : {std::optional<std::string_view>(), std::optional<std::string_view>(""),
                             std::optional<std::string_view>("RET=HDRS ENVID=x")})
        for (auto const* address : {"<>", ""}) {
            auto const one =
                delivered(status::accept, code::end_of_message, wire::change_from{address, args});
            BOOST_TEST(one.sender.address == "<>");
            BOOST_TEST(one.sender.args.size() == (args.value_or("").empty() ? 0U : 2U));
        }
}

BOOST_AUTO_TEST_CASE(recipients_are_added_and_deleted_with_and_without_brackets_174_176_177) {
    auto const after = [](auto const&... edits) {
        return changed_parts(delivered(status::pass, code::end_of_message, edits...));
    };
    std::string const message = " Subject: hi X-B: 1 X-B: 2\n\tfold text\r\n";
    std::string const added = "<a@test> <b@test> <c@test> <d@test>" + message;
    BOOST_TEST(after(wire::add_rcpt{"<d@test>"}) == added);
    BOOST_TEST(after(wire::add_rcpt{"d@test"}) == added);
    BOOST_TEST(after(wire::add_rcpt_with_args{"<d@test>", std::nullopt}) == added);
    BOOST_TEST(after(wire::add_rcpt_with_args{"d@test", "NOTIFY=NEVER"}) == added);
    std::string const deleted = "<a@test> -<b@test> <c@test>" + message;
    BOOST_TEST(after(wire::delete_rcpt{"<b@test>"}) == deleted);
    BOOST_TEST(after(wire::delete_rcpt{"b@test"}) == deleted);
    for (auto const* unknown : {"<nobody@test>", "nobody@test", "<>", ""})
        BOOST_TEST(after(wire::delete_rcpt{unknown}) == "<a@test> <b@test> <c@test>" + message);
}

BOOST_AUTO_TEST_CASE(replaced_body_is_all_its_pieces_and_may_be_empty_169_171) {
    auto const body = [](auto const&... pieces) {
        return delivered(status::pass, code::end_of_message, pieces...).body;
    };
    BOOST_TEST(body() == "text\r\n");
    BOOST_TEST(body(wire::replace_body{""}) == "");
    BOOST_TEST(body(wire::replace_body{"one\r"}, wire::replace_body{"\ntwo"},
                    wire::replace_body{""}, wire::replace_body{"\r\n"}) == "one\r\ntwo\r\n");
}

BOOST_AUTO_TEST_CASE(quarantine_is_what_the_message_is_called_then) {
    auto const one =
        delivered(status::accept, code::end_of_message, wire::quarantine{"looks\nbad"});
    BOOST_TEST(text_of(session_of(one)) == "status: quarantine\n"
                                           "elapsed-time: 0.001500 seconds\n"
                                           "Quarantine reason: <looks\\nbad>\n");
}

BOOST_AUTO_TEST_CASE(a_recipient_is_added_once_and_may_be_deleted_again) {
    auto const one = delivered(status::pass, code::end_of_message, wire::add_rcpt{"<b@TEST>"},
                               wire::add_rcpt{"<d@test>"}, wire::delete_rcpt{"<d@test>"});
    BOOST_TEST(one.recipients.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_reply_is_shown_in_its_parts) {
    struct row {
        char const* reply;
        char const* shown;
    };
    row const rows[] = {
        {"550 5.7.1 no", "status: reject [550]<5.7.1>(no)\n"},
        {"550 no", "status: reject [550]<>(no)\n"},
        {"550 5.7.1", "status: reject [550]<5.7.1>()\n"},
        {"550", "status: reject [550]<>()\n"},
        {"550 1.2.3.4 no", "status: reject [550]<>(1.2.3.4 no)\n"},
        {"550-5.7.1 a\r\n550 5.7.1 b", "status: reject [550]<5.7.1>(a\\r\\n550 5.7.1 b)\n"},
    };
    for (auto const& one : rows) {
        session_outcome all;
        all.ended_early = answer{status::reject, code::connect, one.reply};
        BOOST_TEST(text_of(all).substr(0, std::string_view(one.shown).size()) == one.shown);
    }
}

BOOST_AUTO_TEST_CASE(a_failure_is_shown_below) {
    session_outcome one;
    one.failed =
        failure{milter::errc::timed_out, "waiting for the reply to helo: timed out", false};
    BOOST_TEST(text_of(one) == "status: error\n"
                               "elapsed-time: 0.000000 seconds\n"
                               "\n"
                               "Error:---------------------------------\n"
                               "waiting for the reply to helo: timed out\n");
}

BOOST_AUTO_TEST_CASE(colours_are_for_what_changed) {
    auto const one =
        session_of(delivered(status::pass, code::end_of_message, wire::add_header{"X-New", "n"}));
    auto const text = report_text(one, {true, true});
    BOOST_TEST(text.find("\x1b[32m+ X-New: n\x1b[0m") != std::string::npos);
    BOOST_TEST(text.find("  Subject: hi\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_message_cannot_send_escapes_to_the_terminal) {
    auto const one =
        session_of(delivered(status::pass, code::end_of_message,
                             wire::add_header{"X\x1b", "\x1b[2J"}, wire::replace_body{"\x1b[2J"}));
    BOOST_TEST(text_of(one, true).find('\x1b') == std::string::npos);
}

// ---- expectations

BOOST_AUTO_TEST_CASE(verdicts_are_expected_by_name_and_stage) {
    auto const one = parse_verdict("reject|tempfail@rcpt");
    BOOST_TEST(one.any_of.size() == 2U);
    BOOST_TEST((one.any_of[1] == status::temporary_failure));
    BOOST_TEST((one.stage == code::rcpt));
    BOOST_CHECK_THROW(parse_verdict("rejct"), std::invalid_argument);
    BOOST_CHECK_THROW(parse_verdict("reject@nowhere"), std::invalid_argument);
    BOOST_CHECK_THROW(parse_verdict(""), std::invalid_argument);

    auto const rejected = session_of(delivered(status::reject, code::rcpt));
    expectations wanted;
    for (auto const* text : {"reject", "reject@rcpt", "accept|reject"}) {
        wanted.verdict = parse_verdict(text);
        BOOST_TEST(missed(wanted, rejected) == 0U, text);
    }
    for (auto const* text : {"accept", "reject@mail", "accept|tempfail"}) {
        wanted.verdict = parse_verdict(text);
        BOOST_TEST(missed(wanted, rejected) == 1U, text);
    }
}

BOOST_AUTO_TEST_CASE(all_verdicts_can_be_expected) {
    for (auto const* text : {"pass", "continue", "accept", "reject", "temporary-failure",
                             "temporary_failure", "tempfail", "discard", "quarantine", "shutdown",
                             "connection-failure", "connection_failed", "quit", "error"})
        BOOST_TEST(parse_verdict(text).any_of.size() == 1U, text);
}

BOOST_AUTO_TEST_CASE(the_resulting_message_is_what_expectations_are_about) {
    auto const one =
        session_of(delivered(status::pass, code::end_of_message, wire::add_header{"X-New", "n"},
                             wire::delete_rcpt{"<b@test>"}, wire::quarantine{"bad"}));
    expectations right;
    right.headers = {"x-new", "X-New: n", "X-B: 1"};
    right.no_headers = {"X-Other", "X-New: m"};
    right.recipients = {"c@test"};
    right.no_recipients = {"<b@test>"};
    right.quarantine = "bad";
    right.sender = "a@test";
    right.body = "text\n";
    BOOST_TEST(missed(right, one) == 0U);
    BOOST_TEST(!right.empty());
    BOOST_TEST(expectations{}.empty());

    expectations wrong;
    wrong.headers = {"X-Other", "X-New: m"};
    wrong.no_headers = {"Subject"};
    wrong.recipients = {"b@test"};
    wrong.no_recipients = {"c@test"};
    wrong.quarantine = "worse";
    wrong.sender = "b@test";
    wrong.body = "nothing of it";
    wrong.refused = {"c@test"};
    wrong.reply = "550";
    BOOST_TEST(missed(wrong, one) == 10U);
}

BOOST_AUTO_TEST_CASE(where_no_message_was_sent_nothing_of_one_is_met) {
    session_outcome one;
    one.ended_early = answer{status::reject, code::connect, "554 5.7.1 no"};
    expectations wanted;
    wanted.verdict = parse_verdict("reject@connect");
    wanted.reply = "554";
    BOOST_TEST(missed(wanted, one) == 0U);
    wanted.no_headers = {"X-A"};
    BOOST_TEST(missed(wanted, one) == 1U);
}

BOOST_AUTO_TEST_CASE(an_error_can_be_expected) {
    session_outcome one;
    one.failed = failure{milter::errc::connection_closed, "closed", false};
    expectations wanted;
    wanted.verdict = parse_verdict("error");
    BOOST_TEST(missed(wanted, one) == 0U);
    wanted.verdict = parse_verdict("pass");
    BOOST_TEST(missed(wanted, one) == 1U);
    BOOST_TEST(check(wanted, one, 3).at(0).what ==
               "expected verdict pass; found: error at negotiate (closed)");
    BOOST_TEST(check(wanted, one, 3).at(0).session == 3U);
}

// ---- JSON

BOOST_AUTO_TEST_CASE(json_says_everything) {
    auto one = delivered(status::pass, code::end_of_message, wire::add_header{"X-New", "n"},
                         wire::change_from{"<x@test>", "SIZE=1"}, wire::replace_body{"\xff"},
                         wire::quarantine{"q"});
    one.refused.push_back({"<d@test>", {status::reject, code::rcpt, "550 no"}});
    auto const report = json::parse(report_json({session_of(one)}, {{1, 1, "why"}}, "unix:/x"));
    BOOST_TEST(report["schema"] == "milter-test-server/v1");
    BOOST_TEST(report["milter"] == "unix:/x");
    auto const& message = report["sessions"][0]["messages"][0];
    BOOST_TEST(message["status"] == "quarantine");
    BOOST_TEST(message["stage"] == "end_of_message");
    BOOST_TEST(message["quarantine"] == "q");
    BOOST_TEST(message["refused_recipients"][0]["reply"] == "550 no");
    BOOST_TEST(message["edits"].size() == 4U);
    BOOST_TEST(message["edits"][1]["arguments"] == "SIZE=1");
    BOOST_TEST(message["result"]["sender"] == "<x@test>");
    BOOST_TEST(message["result"]["headers"].back()[0] == "X-New");
    BOOST_TEST(message["result"]["body"]["base64"] == "/w==");
    BOOST_TEST(report["unmet_expectations"][0]["what"] == "why");
}

BOOST_AUTO_TEST_CASE(json_has_the_failure_and_the_early_end) {
    session_outcome one;
    one.failed = failure{milter::errc::timed_out, "late", false};
    one.unknown_commands.push_back({status::reject, code::unknown, "500 no"});
    auto const report = json::parse(report_json({one}, {}, "unix:/x"));
    BOOST_TEST(report["sessions"][0]["status"] == "error");
    BOOST_TEST(report["sessions"][0]["error"] == "late");
    BOOST_TEST(report["sessions"][0]["unknown_commands"][0]["reply"] == "500 no");
    BOOST_TEST(report["sessions"][0]["messages"].empty());
}

BOOST_AUTO_TEST_SUITE_END()
