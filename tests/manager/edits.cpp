// SPDX-License-Identifier: BSL-1.0
// tests/manager/edits.cpp - what milters change: staged, merged, shown to the next, passed to the MTA
//
// Source: statements 222, 245-257.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

/// Three milters with these edits at end of message. @return what the MTA heard there
std::string with_edits(manager_rig& rig, std::vector<reaction> const& edits) {
    for (std::size_t k = 0; k < edits.size(); ++k)
        rig.filter(k).on("end_of_message", edits[k], once);
    rig.begin();
    rig.envelope();
    rig.content({{"Received", " from one"},
                 {"X-Dup", " first"},
                 {"X-Dup", " second"},
                 {"X-Dup", " third"},
                 {"Subject", " hello"}});
    return rig.end();
}

std::vector<std::string> headers_seen(manager_rig& rig, std::size_t k) {
    return rig.filter(k).message().headers;
}

/// One edit of each kind, and the action it needs.
struct needy_edit {
    wire::action missing{};
    reaction says;
};

std::vector<needy_edit> edits_of_each_action() {
    auto const one = [](wire::action needs, auto const& edit) {
        return needy_edit{needs, say(edit, wire::proceed{})};
    };
    using wire::action;
    return {
        one(action::add_header, wire::add_header{"X-A", "1"}),
        one(action::add_header, wire::insert_header{0, "X-A", "1"}),
        one(action::change_header, wire::change_header{1, "X-A", "1"}),
        one(action::change_body, wire::replace_body{"x"}),
        one(action::add_rcpt, wire::add_rcpt{"<c@mx.test>"}),
        one(action::add_rcpt_with_args, wire::add_rcpt_with_args{"<c@mx.test>", {}}),
        one(action::delete_rcpt, wire::delete_rcpt{"<c@mx.test>"}),
        one(action::change_from, wire::change_from{"<c@mx.test>", {}}),
        one(action::quarantine, wire::quarantine{"q"}),
    };
}

/// Either side lacks the action; where it is the MTA, the milter claims it nevertheless, as rspamd does.
void take_away(manager_rig& rig, wire::action missing, bool from_the_mta) {
    auto& actions = from_the_mta ? rig.mta.offer.actions : rig.filter(0).wants.actions;
    actions &= ~missing;
}

constexpr auto per_element = boost::test_tools::per_element();
using list = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(edits)

BOOST_AUTO_TEST_CASE(header_edits_of_a_single_milter_pass_as_they_came_248) {
    manager_rig rig(3);
    auto const heard = with_edits(
        rig, {say(wire::proceed{}),
              say(wire::insert_header{7, "X-Ins", "i"}, wire::change_header{0, "x-DUP", "changed"},
                  wire::add_header{"X-Add", "a"}, wire::change_header{2, "X-Dup", ""},
                  wire::change_header{9, "X-None", "none"},
                  wire::insert_header{0, "X-Ins", "folded\n\tvalue"}, wire::proceed{})});
    BOOST_TEST(heard == "insert_header 7 \"X-Ins\" \" i\"; change_header 0 \"x-DUP\" \" changed\"; "
                        "add_header \"X-Add\" \" a\"; change_header 2 \"X-Dup\" \"\"; "
                        "change_header 9 \"X-None\" \" none\"; insert_header 0 \"X-Ins\" \" "
                        "folded\\n\\tvalue\"; continue");
}

BOOST_AUTO_TEST_CASE(envelope_edits_pass_in_the_order_in_which_they_were_made) {
    manager_rig rig(3);
    auto const heard =
        with_edits(rig, {say(wire::add_rcpt{"<new@mx.test>"},
                             wire::change_from{"<x@client.test>", "ENVID=1"}, wire::proceed{}),
                         say(wire::delete_rcpt{"<new@mx.test>"}, wire::proceed{}),
                         say(wire::add_rcpt_with_args{"<other@mx.test>", "NOTIFY=NEVER"},
                             wire::change_from{"<>", {}}, wire::proceed{})});
    BOOST_TEST(
        heard ==
        "add_rcpt \"<new@mx.test>\"; change_from \"<x@client.test>\" \"ENVID=1\"; "
        "delete_rcpt \"<new@mx.test>\"; add_rcpt_with_args \"<other@mx.test>\" \"NOTIFY=NEVER\"; "
        "change_from \"<>\"; continue");
}

BOOST_AUTO_TEST_CASE(next_milter_sees_headers_and_body_as_edited_before_179_245) {
    manager_rig rig(3);
    with_edits(rig,
               {say(wire::change_header{2, "X-Dup", ""}, wire::insert_header{0, "X-Top", "t"},
                    wire::replace_body{"a's\r\n"}, wire::proceed{}),
                say(wire::change_header{2, "X-Dup", "b's"}, wire::add_header{"X-End", "e"},
                    wire::replace_body{"b's "}, wire::replace_body{"body\r\n"}, wire::accept{})});
    BOOST_TEST(headers_seen(rig, 1) == (list{"X-Top:t", "Received:from one", "X-Dup:first",
                                             "X-Dup:third", "Subject:hello"}),
               per_element);
    BOOST_TEST(rig.filter(1).message().body == "a's\r\n");
    BOOST_TEST(headers_seen(rig, 2) == (list{"X-Top:t", "Received:from one", "X-Dup:first",
                                             "X-Dup:b's", "Subject:hello", "X-End:e"}),
               per_element);
    BOOST_TEST(rig.filter(2).message().body == "b's body\r\n");
    BOOST_TEST(rig.mta.new_body() == "b's body\r\n");
    BOOST_TEST(rig.filter(2).message().recipients == list{"<b@mx.test>"}, per_element);
}

BOOST_AUTO_TEST_CASE(
    header_edits_of_several_milters_are_merged_changes_first_then_deletions_then_new_ones_247_249) {
    manager_rig rig(3);
    rig.mta.like_postfix();
    auto const heard = with_edits(
        rig,
        {say(wire::add_header{"X-A", "1"}, wire::change_header{1, "X-Dup", ""}, wire::proceed{}),
         say(wire::change_header{2, "X-Dup", ""}, wire::insert_header{1, "X-B", "2"},
             wire::proceed{}),
         say(wire::change_header{1, "X-Dup", "last one"}, wire::change_header{1, "Subject", "new"},
             wire::proceed{})});
    BOOST_TEST(heard ==
               "change_header 2 \"X-Dup\" \" last one\"; change_header 1 \"Subject\" \" new\"; "
               "change_header 3 \"X-Dup\" \"\"; change_header 1 \"X-Dup\" \"\"; "
               "insert_header 1 \"X-B\" \" 2\"; add_header \"X-A\" \" 1\"; continue");
}

BOOST_AUTO_TEST_CASE(header_added_by_one_and_deleted_by_another_leaves_no_trace_250) {
    manager_rig rig(2);
    auto const heard = with_edits(rig, {say(wire::add_header{"X-New", "1"}, wire::proceed{}),
                                        say(wire::change_header{1, "X-New", ""}, wire::proceed{})});
    BOOST_TEST(heard == "continue");
}

BOOST_AUTO_TEST_CASE(of_two_inserted_at_the_top_the_later_one_is_on_top_251) {
    manager_rig rig(2);
    auto const heard = with_edits(rig, {say(wire::insert_header{0, "X-A", "1"}, wire::proceed{}),
                                        say(wire::insert_header{0, "X-B", "2"}, wire::proceed{})});
    BOOST_TEST(heard == "insert_header 0 \"X-B\" \" 2\"; insert_header 1 \"X-A\" \" 1\"; continue");
}

BOOST_AUTO_TEST_CASE(of_several_bodies_the_last_goes_out_in_one_run_252_253) {
    manager_rig rig(3);
    auto const heard = with_edits(
        rig, {say(wire::replace_body{"one"}, wire::add_header{"X-A", "1"},
                  wire::replace_body{"more"}, wire::proceed{}),
              say(wire::replace_body{std::string(149'998, 'x') + "\r\n"}, wire::proceed{}),
              say(wire::quarantine{"why"}, wire::proceed{})});
    BOOST_TEST(rig.filter(1).message().body == "onemore"); // Sendmail appends
    BOOST_TEST(heard ==
               "add_header \"X-A\" \" 1\"; replace_body 65535 bytes; replace_body 65535 bytes; "
               "replace_body 18930 bytes; quarantine \"why\"; continue");
    BOOST_TEST((rig.mta.new_body() == std::string(149'998, 'x') + "\r\n"));
}

BOOST_AUTO_TEST_CASE(new_body_is_shown_to_the_next_with_line_ends_as_the_mta_would_give_it) {
    for (bool const postfix : {false, true}) {
        manager_rig rig(2);
        if (postfix) rig.mta.like_postfix();
        with_edits(rig, {say(wire::replace_body{"one\ntwo\r"}, wire::replace_body{"\nthree"},
                             wire::proceed{})});
        std::string const end = postfix ? "\r\n" : ""; // Sendmail does not end the last line
        BOOST_TEST(rig.filter(1).message().body == "one\r\ntwo\r\nthree" + end);
    }
    manager_rig last(2); // nobody is shown it: as it came
    with_edits(last, {say(wire::proceed{}), say(wire::replace_body{"one\ntwo"}, wire::proceed{})});
    BOOST_TEST(last.mta.new_body() == "one\ntwo");
}

BOOST_AUTO_TEST_CASE(empty_new_body_is_one_empty_piece_23_171) {
    manager_rig rig(2);
    BOOST_TEST(with_edits(rig, {say(wire::replace_body{""}, wire::proceed{})}) ==
               "replace_body 0 bytes; continue");
    BOOST_TEST(rig.filter(1).message().chunks.empty());
}

BOOST_AUTO_TEST_CASE(
    quarantine_goes_out_once_and_last_and_later_milters_see_the_message_128_129_257) {
    manager_rig rig(3);
    auto const heard = with_edits(
        rig, {say(wire::quarantine{"first"}, wire::add_header{"X-A", "1"}, wire::proceed{}),
              say(wire::quarantine{"second"}, wire::proceed{}),
              say(wire::add_rcpt{"<c@mx.test>"}, wire::proceed{})});
    BOOST_TEST(
        heard ==
        "add_header \"X-A\" \" 1\"; add_rcpt \"<c@mx.test>\"; quarantine \"second\"; continue");
    BOOST_TEST(rig.filter(2).judged().size() == 1U);
    BOOST_REQUIRE(rig.decisions().size() == 1U);
    BOOST_TEST(rig.decisions()[0].verdict == "quarantine");
}

BOOST_AUTO_TEST_CASE(no_edit_is_passed_on_when_a_later_milter_refuses_129_153_254) {
    std::pair<reaction, std::string> const rows[] = {
        {say(wire::reject{}), "reject"},
        {say(wire::tempfail{}), "tempfail"},
        {say(wire::discard{}), "discard"},
        {say_text("550 5.7.1 no"), "reply \"550 5.7.1 no\""}};
    for (auto const& [says, heard] : rows) {
        manager_rig rig(2);
        BOOST_TEST(with_edits(rig, {say(wire::add_header{"X-A", "1"}, wire::replace_body{"x"},
                                        wire::quarantine{"q"}, wire::add_rcpt{"<c@mx.test>"},
                                        wire::proceed{}),
                                    says}) == heard);
    }
}

BOOST_AUTO_TEST_CASE(edits_before_a_refusal_of_the_same_milter_come_to_nothing_153_254) {
    manager_rig rig(2);
    BOOST_TEST(with_edits(rig, {say(wire::add_header{"X-A", "1"}, wire::reject{})}) == "reject");
    BOOST_TEST(rig.message() == "continue"); // nor do they reach the next message
}

BOOST_AUTO_TEST_CASE(milter_lost_halfway_leaves_nothing_but_its_quarantine_211_255) {
    manager_rig rig(3);
    rig.config.milters[1].on_error = manager::on_error::accept;
    std::string half;
    wire::encode(half, wire::add_header{"X-Half", "1"});
    wire::encode(half, wire::replace_body{"half a bo"});
    wire::encode(half, wire::quarantine{"seen something"});
    wire::encode(half, wire::delete_rcpt{"<b@mx.test>"});
    auto const heard =
        with_edits(rig, {say(wire::add_header{"X-A", "1"}, wire::proceed{}), then_close(half),
                         say(wire::add_header{"X-C", "3"}, wire::proceed{})});
    BOOST_TEST(heard ==
               "insert_header 2147483647 \"X-A\" \" 1\"; insert_header 2147483647 \"X-C\" \" 3\"; "
               "quarantine \"seen something\"; continue");
    BOOST_TEST(rig.filter(2).message().body == "hello\r\n");
    BOOST_TEST(headers_seen(rig, 2).back() == "X-A:1");
}

BOOST_AUTO_TEST_CASE(edit_that_was_not_negotiated_is_a_failure_of_its_milter_172_222_256) {
    for (bool const by_the_mta : {false, true})
        for (auto const& row : edits_of_each_action())
            BOOST_TEST_CONTEXT(wire::to_string(row.missing)) {
                manager_rig rig(2);
                take_away(rig, row.missing, by_the_mta);
                BOOST_TEST(with_edits(rig, {row.says}) ==
                           "reply \"451 4.7.1 Service unavailable - try again later\"");
                BOOST_TEST(rig.blamed("a"));
                BOOST_TEST(rig.logged("not negotiated"));
                BOOST_TEST(rig.message() == "continue");
            }
}

BOOST_AUTO_TEST_CASE(edit_that_was_not_negotiated_is_left_out_when_lenient_172_256) {
    for (bool const by_the_mta : {false, true})
        for (auto const& row : edits_of_each_action())
            BOOST_TEST_CONTEXT(wire::to_string(row.missing)) {
                manager_rig rig(2);
                rig.config.milters[0].lenient = true;
                take_away(rig, row.missing, by_the_mta);
                BOOST_TEST(with_edits(rig, {row.says}) == "continue");
                BOOST_TEST(rig.logged("a: left out: "));
                BOOST_TEST(rig.logged("not negotiated"));
                BOOST_REQUIRE(rig.decisions().size() == 1U);
                BOOST_TEST(rig.decisions()[0].milters[0].verdict == "continue");
                BOOST_TEST(rig.decisions()[0].milters[0].edits == 0U);
                BOOST_TEST(rig.decisions()[0].edit_count == 0U);
                BOOST_TEST((rig.filter(0).story() == rig.filter(1).story()));
            }
}

BOOST_AUTO_TEST_CASE(what_a_lenient_milter_negotiated_is_done_and_the_rest_said_once_a_message) {
    manager_rig rig(1);
    rig.config.milters[0].lenient = true;
    rig.filter(0).wants.actions = wire::action::add_header;
    BOOST_TEST(with_edits(rig, {say(wire::replace_body{"x"}, wire::replace_body{"y"},
                                    wire::add_header{"X-A", "1"}, wire::delete_rcpt{"<b@mx.test>"},
                                    wire::proceed{})}) == "add_header \"X-A\" \" 1\"; continue");
    BOOST_TEST(rig.log().size() == 2U);
    rig.filter(0).on("end_of_message", say(wire::replace_body{"x"}, wire::proceed{}), once);
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.log().size() == 3U);
}

BOOST_AUTO_TEST_CASE(read_only_holds_for_a_lenient_milter_too) {
    manager_rig rig(1);
    rig.config.milters[0].lenient = rig.config.milters[0].read_only = true;
    rig.filter(0).wants.actions = wire::action::none;
    BOOST_TEST(with_edits(rig, {say(wire::replace_body{"x"}, wire::proceed{})}) ==
               "reply \"451 4.7.1 Service unavailable - try again later\"");
    BOOST_TEST(rig.logged("although it has read_only = true"));
}

BOOST_AUTO_TEST_CASE(edit_before_end_of_message_is_a_failure_of_its_milter_151) {
    for (std::string const stage : {"mail", "rcpt", "data", "header", "end_of_headers", "body"})
        BOOST_TEST_CONTEXT(stage) {
            manager_rig rig(1);
            rig.filter(0).on(stage, say(wire::add_header{"X-A", "1"}, wire::proceed{}), once);
            rig.begin();
            rig.envelope();
            rig.content();
            BOOST_TEST(rig.end() == "reply \"451 4.7.1 Service unavailable - try again later\"");
            BOOST_TEST(rig.logged("add_header \"X-A\" \"1\": reply not allowed at this stage"));
        }
}

BOOST_AUTO_TEST_CASE(edits_over_the_limits_are_a_failure_of_their_milter) {
    auto const many = [](std::size_t count, std::size_t size) {
        std::string bytes;
        for (std::size_t i = 0; i < count; ++i)
            wire::encode(bytes, wire::add_header{"X-Many", std::string(size, 'v')});
        wire::encode(bytes, wire::proceed{});
        return raw(bytes);
    };
    auto const large = say(wire::replace_body{std::string(11'000, 'x')},
                           wire::replace_body{std::string(11'000, 'x')}, wire::proceed{});
    for (auto const& [says, log] :
         {std::pair{many(1001, 1), ": more than [limits] edits = 1000"},
          std::pair{many(200, 6000), ": more than [limits] edit_bytes = 1MiB"},
          std::pair{large, ": more than [limits] replacement_body = 20000B"}}) {
        manager_rig rig(2);
        rig.config.limits.edits.body_bytes = 20'000;
        BOOST_TEST(with_edits(rig, {says}) ==
                   "reply \"451 4.7.1 Service unavailable - try again later\"");
        BOOST_TEST(rig.logged(log));
    }
    manager_rig small(1);
    small.config.spool.max_bytes = 20 << 10;
    with_edits(small, {large});
    BOOST_TEST(small.logged(": more than [spool] max = 20KiB"));
    manager_rig rig(2);
    with_edits(rig, {many(1000, 1)});
    BOOST_TEST(rig.mta.edits().size() == 1000U);
}

BOOST_AUTO_TEST_CASE(header_too_large_for_one_packet_is_a_failure_of_who_adds_it_205) {
    manager_rig rig(2);
    rig.config.milters[0].on_error = manager::on_error::accept;
    auto const heard =
        with_edits(rig, {say(wire::add_header{"X-Huge", std::string(70'000, 'h')}, wire::proceed{}),
                         say(wire::add_header{"X-B", "2"}, wire::proceed{})});
    BOOST_TEST(heard == "add_header \"X-B\" \" 2\"; continue");
    BOOST_TEST(rig.logged("a: add_header \"X-Huge\""));
    BOOST_TEST(rig.logged(": too long for a packet to the MTA"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(leading_space)

BOOST_AUTO_TEST_CASE(is_converted_between_every_mta_and_every_milter_246) {
    for (bool const upstream : {false, true})
        for (bool const first : {false, true})
            for (bool const second : {false, true})
                BOOST_TEST_CONTEXT("MTA " << upstream << ", milters " << first << second) {
                    manager_rig rig(2);
                    if (!upstream) rig.mta.offer.steps &= ~wire::step::leading_space;
                    // a milter may only take what it is offered
                    bool const a = first && upstream;
                    bool const b = second && upstream;
                    if (a) rig.filter(0).wants.steps = wire::step::leading_space;
                    if (b) rig.filter(1).wants.steps = wire::step::leading_space;
                    rig.filter(0).on("end_of_message",
                                     say(wire::add_header{"X-One", a ? " one" : "one"},
                                         wire::add_header{"X-Empty", ""},
                                         wire::change_header{1, "X-Gone", ""}, wire::proceed{}));
                    rig.begin();
                    BOOST_TEST(wire::any(rig.filter(0).offer().steps, wire::step::leading_space) ==
                               upstream);
                    rig.envelope();
                    rig.content({{"X-Usual", " usual"},
                                 {"X-Two", "  two"},
                                 {"X-Gone", " gone"},
                                 {"X-Tab", "\ttab"},
                                 {"X-None", upstream ? "none" : " none"}});
                    auto const heard = rig.end();
                    std::string const space_a = a ? " " : "";
                    std::string const space_b = b ? " " : "";
                    BOOST_TEST(
                        rig.filter(0).message().headers ==
                            (list{"X-Usual:" + space_a + "usual", "X-Two:" + space_a + " two",
                                  "X-Gone:" + space_a + "gone", "X-Tab:\ttab", "X-None:none"}),
                        per_element);
                    // what a without leading space adds as empty has its blank all the same
                    BOOST_TEST(
                        rig.filter(1).message().headers ==
                            (list{"X-Usual:" + space_b + "usual", "X-Two:" + space_b + " two",
                                  "X-Tab:\ttab", "X-None:none", "X-One:" + space_b + "one",
                                  b && !a ? "X-Empty: " : "X-Empty:"}),
                        per_element);
                    auto const value = [&](std::string const& text) {
                        return upstream ? "\" " + text + "\"" : "\"" + text + "\"";
                    };
                    BOOST_TEST(heard == "add_header \"X-One\" " + value("one") +
                                            "; add_header \"X-Empty\" " +
                                            (upstream && !a ? "\" \"" : "\"\"") +
                                            "; change_header 1 \"X-Gone\" \"\"; continue");
                }
}

BOOST_AUTO_TEST_SUITE_END()
