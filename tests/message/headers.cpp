// SPDX-License-Identifier: BSL-1.0
// tests/message/headers.cpp - edits of headers, as Postfix 3.7.11 and Sendmail 8.17.1 were seen to do them
//
// Numbers in the names of the cases are those of the statements in the protocol description.

#include "milter/message/headers.hpp"

#include <boost/test/unit_test.hpp>

#include <support/reference_mta.hpp>

namespace message = milter::message;
using message::header_edit;
using message::header_rules;
using message::headers;
using kind = header_edit::kind;
using lines = std::vector<std::string>;

namespace {

header_edit add(std::string name, std::string value) {
    return {kind::add, 0, std::move(name), std::move(value)};
}
header_edit insert(std::uint32_t index, std::string name, std::string value) {
    return {kind::insert, index, std::move(name), std::move(value)};
}
header_edit change(std::uint32_t index, std::string name, std::string value) {
    return {kind::change, index, std::move(name), std::move(value)};
}
header_edit erase(std::uint32_t index, std::string name) {
    return change(index, std::move(name), {});
}

/// The message of the field tests: five usual headers, one that tells the filter what to do for each edit,
/// X-Dup three times, X-Last. Values are short, so that a message reads as a line of them.
void fill(headers& message, std::size_t edits) {
    for (auto const& [name, value] : {std::pair{"From", "F"},
                                      {"To", "T"},
                                      {"Subject", "S"},
                                      {"Date", "D"},
                                      {"Message-ID", "M"}})
        message.append_original(name, value);
    for (std::size_t i = 0; i < edits; ++i) message.append_original("X-Mod", "m");
    for (auto const* value : {"1", "2", "3"}) message.append_original("X-Dup", value);
    message.append_original("X-Last", "L");
}

/// Values in order, `*` for the MTA's own header; the instructions left out.
std::string delivered(headers const& message) {
    std::string text;
    message.for_each([&](message::header_field const& field) {
        if (!field.live || field.now_name() == "X-Mod") return;
        text += text.empty() ? "" : " ";
        text += field.slot ? "*" : std::string(field.now_value());
    });
    return text;
}

lines shown(headers const& message) {
    lines all;
    std::size_t position = 0;
    while (auto const* field = message.next_visible(position))
        all.push_back(std::string(field->now_name()) + ":" + std::string(field->now_value()));
    return all;
}

struct observation {
    std::string_view name;
    std::vector<header_edit> edits;
    std::string_view by_postfix, by_sendmail; ///< what was delivered
};

observation const observations[] = {
    {"addheader",
     {add("X-Add", "a"), add("X-Empty", "e"), add("X-Dup", "d")},
     "* F T S D M 1 2 3 L a e d",
     "* F T S D M d 1 2 3 L a e"},
    {"insheader_0", {insert(0, "X-Ins", "i")}, "i * F T S D M 1 2 3 L", "i * F T S D M 1 2 3 L"},
    {"insheader_1", {insert(1, "X-Ins", "i")}, "* i F T S D M 1 2 3 L", "* i F T S D M 1 2 3 L"},
    {"insheader_2", {insert(2, "X-Ins", "i")}, "* F i T S D M 1 2 3 L", "* i F T S D M 1 2 3 L"},
    {"insheader_3", {insert(3, "X-Ins", "i")}, "* F T i S D M 1 2 3 L", "* i F T S D M 1 2 3 L"},
    {"insheader_7", {insert(7, "X-Ins", "i")}, "* F T S D M i 1 2 3 L", "* i F T S D M 1 2 3 L"},
    {"insheader_100",
     {insert(100, "X-Ins", "i")},
     "* F T S D M 1 2 3 L i",
     "* F T S D M 1 2 3 L i"},
    {"insheader_many",
     {insert(0, "X-I", "a"), insert(0, "X-I", "b"), insert(1, "X-I", "c"),
      insert(1, "X-Fold", "d")},
     "b d c a * F T S D M 1 2 3 L",
     "b d c a * F T S D M 1 2 3 L"},
    {"insheader_dup_name",
     {insert(1, "X-Dup", "d"), insert(1, "Subject", "s")},
     "* s d F T S D M 1 2 3 L",
     "* s d F T S D M 1 2 3 L"},
    {"chgheader",
     {change(1, "X-Dup", "a"), change(2, "X-Dup", "b"), change(3, "x-dup", "c")},
     "* F T S D M a b c L",
     "* F T S D M a b c L"},
    {"chgheader_missing",
     {change(9, "X-Dup", "n"), change(1, "X-None", "o"), change(0, "X-Dup", "z")},
     "* F T S D M z 2 3 L n o",
     "* F T S D M z 1 2 3 L o"},
    {"delheader", {erase(2, "X-Dup"), erase(2, "X-Dup")}, "* F T S D M 1 L", "* F T S D M 1 3 L"},
    {"delheader_all",
     {erase(3, "X-Dup"), erase(2, "X-Dup"), erase(1, "X-Dup"), erase(1, "Subject")},
     "* F T D M L",
     "* F T D M L"},
    {"delheader_forward",
     {erase(1, "X-Dup"), erase(2, "X-Dup"), erase(3, "X-Dup")},
     "* F T S D M 2 L",
     "* F T S D M L"},
    {"delheader_missing",
     {erase(4, "X-Dup"), erase(1, "X-None")},
     "* F T S D M 1 2 3 L",
     "* F T S D M 1 2 3 L"},
    {"chg_after_add",
     {add("X-New", "1"), insert(0, "X-New", "0"), change(1, "X-New", "c"), erase(2, "X-New")},
     "c * F T S D M 1 2 3 L",
     "c * F T S D M 1 2 3 L"},
    {"del_and_add",
     {erase(1, "Subject"), add("Subject", "r")},
     "* F T D M 1 2 3 L r",
     "* F T r D M 1 2 3 L"},
};

constexpr header_rules both[] = {header_rules::postfix, header_rules::sendmail};

headers edited(header_rules rules, std::vector<header_edit> const& edits,
               std::size_t instructions = 0) {
    headers message(rules);
    fill(message, instructions);
    for (auto const& edit : edits) message.apply(edit, 1);
    return message;
}

} // namespace

BOOST_AUTO_TEST_SUITE(headers_)

BOOST_AUTO_TEST_CASE(edits_end_as_real_mtas_were_seen_to_deliver_them_152_155_156_157_158) {
    for (auto const& one : observations) {
        BOOST_TEST_CONTEXT(one.name) {
            BOOST_TEST(delivered(edited(header_rules::postfix, one.edits, one.edits.size())) ==
                       one.by_postfix);
            BOOST_TEST(delivered(edited(header_rules::sendmail, one.edits, one.edits.size())) ==
                       one.by_sendmail);
        }
    }
}

BOOST_AUTO_TEST_CASE(received_of_the_mta_is_no_header_of_the_message_87_161) {
    for (auto const rules : both) {
        headers message(rules);
        message.append_original("From", "F");
        message.append_original("Received", "1");
        message.append_original("Received", "2");
        message.apply(change(1, "Received", "c"), 1);
        message.apply(erase(2, "Received"), 1);
        message.apply(insert(0, "Received", "i"), 1);
        BOOST_TEST(delivered(message) == "i * F c");
        BOOST_TEST(shown(message) == lines({"Received:i", "From:F", "Received:c"}));
    }
}

BOOST_AUTO_TEST_CASE(added_received_goes_above_that_of_sendmail_and_to_the_end_of_postfix) {
    BOOST_TEST(delivered(edited(header_rules::sendmail, {add("received", "r")})) ==
               "r * F T S D M 1 2 3 L");
    BOOST_TEST(delivered(edited(header_rules::postfix, {add("received", "r")})) ==
               "* F T S D M 1 2 3 L r");
}

BOOST_AUTO_TEST_CASE(index_0_means_the_first_159) {
    for (auto const rules : both) {
        BOOST_TEST(delivered(edited(rules, {change(0, "X-Dup", "z")})) == "* F T S D M z 2 3 L");
        BOOST_TEST(delivered(edited(rules, {erase(0, "X-Dup")})) == "* F T S D M 2 3 L");
    }
}

BOOST_AUTO_TEST_CASE(names_are_found_in_any_case_160) {
    for (auto const rules : both)
        BOOST_TEST(delivered(edited(rules, {change(2, "x-DUP", "z"), erase(1, "SUBJECT")})) ==
                   "* F T D M 1 z 3 L");
}

BOOST_AUTO_TEST_CASE(spelling_after_a_change_is_the_filters_or_the_messages) {
    BOOST_TEST(shown(edited(header_rules::postfix, {change(1, "SUBJECT", "n")}))[2] == "SUBJECT:n");
    BOOST_TEST(shown(edited(header_rules::sendmail, {change(1, "SUBJECT", "n")}))[2] ==
               "Subject:n");
    auto const new_one = [](header_rules rules) {
        return shown(edited(rules, {insert(1, "x-new", "a"), change(1, "X-NEW", "b")}))[0];
    };
    BOOST_TEST(new_one(header_rules::postfix) == "X-NEW:b");
    BOOST_TEST(new_one(header_rules::sendmail) == "x-new:b");
}

BOOST_AUTO_TEST_CASE(no_match_adds_a_value_and_deletes_nothing_162_163) {
    for (auto const rules : both) {
        BOOST_TEST(delivered(edited(rules, {erase(4, "X-Dup"), erase(1, "X-None")})) ==
                   "* F T S D M 1 2 3 L");
        BOOST_TEST(delivered(edited(rules, {change(1, "X-None", "n")})) == "* F T S D M 1 2 3 L n");
        BOOST_TEST(delivered(edited(rules, {change(0x7fff'ffff, "X-None", "n")})) ==
                   "* F T S D M 1 2 3 L n");
    }
}

BOOST_AUTO_TEST_CASE(header_that_sendmail_deleted_comes_back_when_changed) {
    std::vector<header_edit> const edits{erase(2, "X-Dup"), change(2, "X-Dup", "b")};
    BOOST_TEST(delivered(edited(header_rules::sendmail, edits)) == "* F T S D M 1 b 3 L");
    BOOST_TEST(delivered(edited(header_rules::postfix, edits)) == "* F T S D M 1 b L");
}

BOOST_AUTO_TEST_CASE(descending_deletes_hit_the_same_headers_under_both_rules_165) {
    for (auto const rules : both)
        BOOST_TEST(delivered(edited(rules, {erase(3, "X-Dup"), erase(1, "X-Dup")})) ==
                   "* F T S D M 2 L");
}

BOOST_AUTO_TEST_CASE(next_filter_does_not_count_what_was_deleted_before) {
    for (auto const rules : both) {
        auto message = edited(rules, {erase(2, "X-Dup")});
        message.end_turn();
        message.apply(change(2, "X-Dup", "b"), 2);
        BOOST_TEST(delivered(message) == "* F T S D M 1 b L");
    }
}

BOOST_AUTO_TEST_CASE(next_filter_adds_where_the_deleted_header_stood_in_sendmail) {
    for (auto const rules : both) {
        auto message = edited(rules, {erase(1, "Subject")});
        message.end_turn();
        message.apply(add("Subject", "s"), 2);
        bool const sendmail = rules == header_rules::sendmail;
        BOOST_TEST(delivered(message) ==
                   (sendmail ? "* F T s D M 1 2 3 L" : "* F T D M 1 2 3 L s"));
    }
}

BOOST_AUTO_TEST_CASE(next_filter_is_shown_what_the_one_before_made_of_it_179) {
    for (auto const rules : both) {
        auto message = edited(rules, {insert(0, "X-Top", "t"), erase(1, "To"),
                                      change(1, "Subject", "s"), add("X-End", "e")});
        message.end_turn();
        BOOST_TEST(shown(message) ==
                   lines({"X-Top:t", "From:F", "Subject:s", "Date:D", "Message-ID:M", "X-Dup:1",
                          "X-Dup:2", "X-Dup:3", "X-Last:L", "X-End:e"}));
    }
}

BOOST_AUTO_TEST_CASE(later_insert_at_the_top_is_the_topmost_158_251) {
    for (auto const rules : both) {
        auto message = edited(rules, {insert(0, "X-A", "a")});
        message.end_turn();
        message.apply(insert(0, "X-B", "b"), 2);
        message.end_turn();
        message.apply(insert(0, "X-C", "c"), 3);
        BOOST_TEST(delivered(message) == "c b a * F T S D M 1 2 3 L");
    }
}

BOOST_AUTO_TEST_CASE(equal_headers_are_told_apart_247) {
    for (auto const rules : both) {
        headers message(rules);
        for (int i = 0; i < 3; ++i) message.append_original("X", "same");
        message.apply(change(2, "X", "other"), 1);
        BOOST_TEST(delivered(message) == "* same other same");
        std::string changed;
        message.for_each_original(
            [&](message::header_field const& field) { changed += field.changed ? '1' : '0'; });
        BOOST_TEST(changed == "010");
    }
}

BOOST_AUTO_TEST_CASE(postfix_indents_continuation_lines_that_are_not_167) {
    auto const value = [](header_rules rules, header_edit edit) {
        return edited(rules, {std::move(edit)});
    };
    for (auto const& edit : {add("X", "a\nb\n c\n\td\n\ne"), change(1, "X", "a\nb\n c\n\td\n\ne"),
                             insert(99, "X", "a\nb\n c\n\td\n\ne")}) {
        BOOST_TEST(shown(value(header_rules::postfix, edit)).back() ==
                   "X:a\n\tb\n c\n\td\n\t\n\te");
        BOOST_TEST(shown(value(header_rules::sendmail, edit)).back() == "X:a\nb\n c\n\td\n\ne");
    }
}

BOOST_AUTO_TEST_CASE(values_are_shown_with_and_without_their_blank_84_85) {
    using message::raw_value;
    using message::shown_value;
    std::tuple<std::string_view, std::string_view> const rows[] = {
        {" hello", "hello"}, {"hello", "hello"}, {"  two", " two"}, {"\ttab", "\ttab"}, {"", ""},
        {" ", ""},           {" \n x", "\n x"},
    };
    for (auto const& [raw, stripped] : rows) {
        BOOST_TEST(shown_value(raw, true) == raw);
        BOOST_TEST(shown_value(raw, false) == stripped);
    }
    BOOST_TEST(raw_value("x", true) == "x");
    BOOST_TEST(raw_value("x", false) == " x");
    BOOST_TEST(raw_value("", false) == " ");
}

BOOST_AUTO_TEST_CASE(message_may_be_empty_and_used_again) {
    for (auto const rules : both) {
        headers message(rules);
        BOOST_TEST(delivered(message) == "*");
        BOOST_TEST(message.size() == 0u);
        BOOST_TEST(shown(message) == lines());
        message.apply(erase(1, "X"), 1);
        message.apply(insert(5, "X", "a"), 1);
        message.apply(insert(0, "X", "b"), 1);
        BOOST_TEST(delivered(message) == "b * a");
        BOOST_TEST(message.size() == 2u);
        BOOST_TEST(message.bytes() == 4u);
        message.clear();
        BOOST_TEST(delivered(message) == "*");
        BOOST_TEST(message.bytes() == 0u);
        BOOST_TEST((message.rules() == rules));
    }
}

BOOST_AUTO_TEST_SUITE_END()
