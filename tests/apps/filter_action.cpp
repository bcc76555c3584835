// SPDX-License-Identifier: BSL-1.0
// tests/apps/filter_action.cpp - what a user writes after STAGE=, and what it becomes

#include "test-filter/action.hpp"
#include "test-filter/escape.hpp"

#include <boost/test/unit_test.hpp>

#include <support/hex.hpp>
#include <support/print_packet.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

using namespace milter::test_filter;
using namespace std::chrono_literals;
namespace wire = milter::wire;

namespace {

/// The reply in words.
std::string reply_of(std::string_view text) {
    auto const one = parse_action(text);
    milter::error_code ec;
    auto const& frame = std::get<send_reply>(one).frame;
    return wire::describe_reply(wire::first_frame(frame, frame.size(), ec).value());
}

std::string bytes_of(std::string_view text) {
    return std::get<send_bytes>(parse_action(text)).bytes;
}

bool complains(std::string_view text, std::string_view of) {
    try {
        parse_action(text);
    } catch (script_error const& why) {
        if (std::string_view(why.what()).find(of) != of.npos) return true;
        BOOST_TEST_MESSAGE(why.what());
    }
    return false;
}

struct row {
    char const* text;
    char const* reply;
};

} // namespace

BOOST_AUTO_TEST_SUITE(apps_filter_action)

BOOST_AUTO_TEST_CASE(replies_read_as_they_are_named_109_168_175) {
    row const rows[] = {
        {"continue", "continue"},
        {"accept", "accept"},
        {"Reject", "reject"},
        {"tempfail", "tempfail"},
        {"temporary-failure", "tempfail"},
        {"discard", "discard"},
        {"skip", "skip"},
        {"shutdown", "shutdown"},
        {"connection-failed", "connection_failed"},
        {"reply 550 5.7.1 no", "reply \"550 5.7.1 no\""},
        {"  reply  451 4.7.1 later", "reply \"451 4.7.1 later\""},
        {"reply 550 5.7.1 100% sure", "reply \"550 5.7.1 100%% sure\""},
        {"reply 550 5.7.1 one\\n5.7.1 two", "reply \"550-5.7.1 one\\r\\n550 5.7.1 two\""},
        {"reply 550-5.7.1 one\\r\\n550 5.7.1 two", "reply \"550-5.7.1 one\\r\\n550 5.7.1 two\""},
        {"add_header X-A: 1", "add_header \"X-A\" \" 1\""},
        {"add_header X-A:1", "add_header \"X-A\" \"1\""},
        {"add_header X-A: a\\n\\tb: c", "add_header \"X-A\" \" a\\n\\tb: c\""},
        {"insert_header 0 X-A: 1", "insert_header 0 \"X-A\" \" 1\""},
        {"change_header 2 X-A: 1", "change_header 2 \"X-A\" \" 1\""},
        {"delete_header X-A", "change_header 1 \"X-A\" \"\""},
        {"delete_header 3 X-A", "change_header 3 \"X-A\" \"\""},
        {"replace_body a\\r\\nb", "replace_body 4 bytes"},
        {"replace_body", "replace_body 0 bytes"},
        {"quarantine looks bad", "quarantine \"looks bad\""},
        {"add_rcpt a@test", "add_rcpt \"a@test\""},
        {"add_rcpt <a@test> NOTIFY=NEVER X=1",
         "add_rcpt_with_args \"<a@test>\" \"NOTIFY=NEVER X=1\""},
        {"delete_rcpt a@test", "delete_rcpt \"a@test\""},
        {"change_from a@test", "change_from \"a@test\""},
        {"change_from <> SIZE=1", "change_from \"<>\" \"SIZE=1\""},
        {"force reply 999 x", "reply \"999 x\""},
    };
    for (auto const& one : rows) BOOST_TEST(reply_of(one.text) == one.reply, one.text);
}

BOOST_AUTO_TEST_CASE(forced_replies_are_marked) {
    BOOST_TEST(std::get<send_reply>(parse_action("force skip")).forced);
    BOOST_TEST(!std::get<send_reply>(parse_action("skip")).forced);
    BOOST_TEST(std::get<send_progress>(parse_action("force progress")).forced);
    BOOST_TEST(complains("force close", "only replies"));
}

BOOST_AUTO_TEST_CASE(time_and_keepalives) {
    BOOST_TEST((std::get<wait_for>(parse_action("delay 500ms")).time == 500ms));
    BOOST_TEST((std::get<wait_for>(parse_action("delay 2")).time == 2s));
    BOOST_TEST(std::get<send_progress>(parse_action("progress")).count == 1U);
    auto const three = std::get<send_progress>(parse_action("progress 3 1s"));
    BOOST_TEST(three.count == 3U);
    BOOST_TEST((three.interval == 1s));
}

BOOST_AUTO_TEST_CASE(faults_are_bytes_or_an_end) {
    BOOST_TEST(bytes_of("half").size() > 5U);
    BOOST_TEST(support::to_hex(bytes_of("oversize")) == "7f ff ff ff 63");
    BOOST_TEST(bytes_of("garbage").substr(0, 5) == "HTTP/");
    BOOST_TEST(support::to_hex(bytes_of("garbage ff'x'00")) == "ff 78 00");
    BOOST_TEST(support::to_hex(bytes_of("unknown_reply")) == "00 00 00 01 5a");
    BOOST_TEST(support::to_hex(bytes_of("extra")) == "00 00 00 01 63");
    BOOST_TEST(support::to_hex(bytes_of("bytes 00000001 'c'")) == "00 00 00 01 63");
    auto const packet = parse_action("packet 00000002 'c' 00");
    BOOST_TEST(support::to_hex(std::get<send_packet>(packet).bytes) == "00 00 00 02 63 00");
    BOOST_TEST(is_final(packet));
    BOOST_TEST((std::get<end_connection>(parse_action("close")).way == end_connection::how::close));
    BOOST_TEST((std::get<end_connection>(parse_action("reset")).way == end_connection::how::reset));
    BOOST_TEST(std::holds_alternative<fall_silent>(parse_action("silence")));
}

BOOST_AUTO_TEST_CASE(an_answer_to_the_offer_may_be_anything) {
    auto const one = std::get<send_answer>(parse_action("answer 99 add_header,0x800 0xffffffff"));
    BOOST_TEST(one.answer.version == 99U);
    BOOST_TEST(static_cast<std::uint32_t>(one.answer.actions) == 0x801U);
    BOOST_TEST(static_cast<std::uint32_t>(one.answer.steps) == 0xffffffffU);
}

BOOST_AUTO_TEST_CASE(what_ends_the_answer_is_final) {
    for (auto const* text : {"continue", "skip", "reply 450 x", "silence", "close", "reset", "half",
                             "oversize", "garbage", "unknown_reply", "answer 6 none none"})
        BOOST_TEST(is_final(parse_action(text)), text);
    for (auto const* text :
         {"delay 1", "progress", "extra", "bytes 00", "quarantine x", "add_header A: b"})
        BOOST_TEST(!is_final(parse_action(text)), text);
}

BOOST_AUTO_TEST_CASE(edits_know_what_they_need) {
    BOOST_TEST((needed_by(parse_action("add_rcpt a@test")) == wire::action::add_rcpt));
    BOOST_TEST(
        (needed_by(parse_action("add_rcpt a@test X=1")) == wire::action::add_rcpt_with_args));
    BOOST_TEST((needed_by(parse_action("delete_header X")) == wire::action::change_header));
    BOOST_TEST((needed_by(parse_action("reject")) == wire::action::none));
    BOOST_TEST((needed_by(parse_action("close")) == wire::action::none));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_told_with_a_way_out) {
    BOOST_TEST(complains("", "expected an action; there are continue"));
    BOOST_TEST(complains("rejct", "unknown action \"rejct\"; there are continue, accept"));
    BOOST_TEST(complains("reject now", "reject: nothing is expected behind it"));
    BOOST_TEST(complains("reply", "reply: a reply is a 4xx or 5xx code"));
    BOOST_TEST(complains("reply 250 ok", "4xx or 5xx"));
    BOOST_TEST(complains("reply 550 4.7.1 other class", "same class"));
    BOOST_TEST(
        complains("reply 550 100 errors", "same class")); // Postfix takes it for an enhanced code
    BOOST_TEST(complains("add_header X-A 1", "add_header: expected a header, NAME: VALUE"));
    BOOST_TEST(complains("add_header : 1", "NAME: VALUE"));
    BOOST_TEST(complains("insert_header X-A: 1", "the position, a number"));
    BOOST_TEST(complains("change_header -1 X: 1", "a number"));
    BOOST_TEST(complains("delete_header", "name of a header"));
    BOOST_TEST(complains("delay", "a duration such as 500ms"));
    BOOST_TEST(complains("delay soon", "instead of \"soon\""));
    BOOST_TEST(complains("add_rcpt", "an address"));
    BOOST_TEST(complains("delete_rcpt a b", "nothing is expected"));
    BOOST_TEST(complains("bytes 0", "two hexadecimal digits"));
    BOOST_TEST(complains("bytes 'c", "no end"));
    BOOST_TEST(complains("answer 6 nothing none", "answer: unknown action \"nothing\""));
    BOOST_TEST(complains("quarantine \\q", "backslash"));
    BOOST_TEST(complains("quarantine \\x1", "two hexadecimal digits"));
}

BOOST_AUTO_TEST_CASE(the_list_of_actions_is_that_of_the_manual) {
    BOOST_TEST(complains("rejct", ", answer, force"));
    BOOST_TEST(!complains("rejct", "temporary_failure"));
}

BOOST_AUTO_TEST_CASE(what_would_never_be_sent_at_a_stage_is_refused_unless_forced) {
    using code = wire::command_code;
    struct row {
        char const* text = nullptr;
        std::optional<code> stage;
        char const* says = nullptr; ///< null: it may be
    };
    row const rows[] = {
        {"add_header X: y", code::rcpt, "add_header is sent at end_of_message only"},
        {"add_header X: y", std::nullopt, "add_header is sent at end_of_message only"},
        {"progress", code::rcpt, "progress is sent at end_of_message only"},
        {"reject", code::negotiate, "reject is no answer to the offer"},
        {"reject", code::abort, "reject cannot be sent: nothing is due at abort"},
        {"accept", code::unknown, "accept is not sent at unknown"},
        {"answer 6 none none", code::rcpt, "at negotiate only"},
        {"skip", code::rcpt, "skip is an answer to body only"},
        {"skip", std::nullopt, "skip is an answer to body only"},
        {"skip", code::body, nullptr},
        {"force skip", code::rcpt, nullptr},
        {"add_header X: y", code::end_of_message, nullptr},
        {"progress", code::end_of_message, nullptr},
        {"force add_header X: y", code::rcpt, nullptr},
        {"force progress", code::rcpt, nullptr},
        {"force reject", code::abort, nullptr},
        {"accept", std::nullopt, nullptr},
        {"reject", code::unknown, nullptr},
        {"answer 6 none none", code::negotiate, nullptr},
        {"close", code::negotiate, nullptr},
        {"extra", code::abort, nullptr},
    };
    for (auto const& one : rows) {
        std::string said;
        try {
            check_stage(parse_action(one.text), one.stage);
        } catch (script_error const& why) {
            said = why.what();
        }
        BOOST_TEST(said.empty() == !one.says, one.text << ": " << said);
        if (one.says) BOOST_TEST(said.find(one.says) != said.npos, said);
    }
}

BOOST_AUTO_TEST_CASE(every_action_is_described) {
    for (auto const* word : {"continue",      "accept",       "reject",        "tempfail",
                             "discard",       "skip",         "shutdown",      "connection_failed",
                             "reply",         "add_header",   "insert_header", "change_header",
                             "delete_header", "replace_body", "add_rcpt",      "delete_rcpt",
                             "change_from",   "quarantine",   "progress",      "delay",
                             "silence",       "close",        "reset",         "garbage",
                             "half",          "oversize",     "unknown_reply", "extra",
                             "bytes",         "answer",       "force"})
        BOOST_TEST(describe_actions().find(word) != std::string_view::npos, word);
}

BOOST_AUTO_TEST_CASE(escapes_stand_for_one_byte) {
    BOOST_TEST(unescape("a\\n\\r\\t\\\\\\x41") == "a\n\r\t\\A");
    BOOST_TEST(unescape("\\0").size() == 1U);
    BOOST_CHECK_THROW(unescape("\\"), script_error);
}

BOOST_AUTO_TEST_SUITE_END()
