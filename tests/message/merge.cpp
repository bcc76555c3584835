// SPDX-License-Identifier: BSL-1.0
// tests/message/merge.cpp - one list of edits in place of those of several filters, with the same outcome
//
// Numbers in the names of the cases are those of the statements in the protocol description.

#include "milter/message/merge.hpp"

#include <boost/test/unit_test.hpp>

#include <support/header_trial.hpp>

#include <random>

namespace message = milter::message;
using message::header_edit;
using message::header_rules;
using trial = support::header_trial;
using kind = header_edit::kind;
using edits = std::vector<header_edit>;
using lines = std::vector<std::string>;

namespace milter::message {

std::ostream& boost_test_print_type(std::ostream& out, header_edit const& edit) {
    char const* const names[] = {"add", "insert", "change"};
    return out << names[static_cast<int>(edit.what)] << ' ' << edit.index << ' ' << edit.name << ':'
               << edit.value;
}

} // namespace milter::message

namespace {

constexpr header_rules both[] = {header_rules::postfix, header_rules::sendmail};

trial usual(header_rules rules) {
    trial one(rules);
    for (auto const& [name, value] : {std::pair{"From", "F"},
                                      {"Subject", "S"},
                                      {"X", "1"},
                                      {"X", "2"},
                                      {"X", "3"},
                                      {"Last", "L"}})
        one.original(name, value);
    return one;
}

} // namespace

BOOST_AUTO_TEST_SUITE(merge_)

BOOST_AUTO_TEST_CASE(untouched_message_needs_no_edits) {
    for (auto const rules : both) {
        auto one = usual(rules);
        BOOST_TEST(merge(one.ours).empty());
        one.filter({});
        one.filter({{kind::change, 7, "X", ""}, {kind::change, 1, "None", ""}});
        BOOST_TEST(merge(one.ours).empty());
    }
}

BOOST_AUTO_TEST_CASE(change_of_one_of_equal_headers_keeps_its_number_247) {
    for (auto const rules : both) {
        auto one = usual(rules);
        one.filter({{kind::change, 2, "X", "new"}});
        one.filter({});
        BOOST_TEST(merge(one.ours) == edits({{kind::change, 2, "X", "new"}}),
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(
    changes_come_before_deletions_deletions_from_the_last_insertions_at_the_end_249) {
    for (auto const rules : both) {
        auto one = usual(rules);
        one.filter({{kind::insert, 0, "Top", "t"}, {kind::change, 1, "X", ""}});
        one.filter({{kind::change, 2, "X", ""},
                    {kind::change, 1, "Subject", "s"},
                    {kind::insert, 1, "Second", "u"}});
        BOOST_TEST(merge(one.ours) == edits({{kind::change, 1, "Subject", "s"},
                                             {kind::change, 3, "X", ""},
                                             {kind::change, 1, "X", ""},
                                             {kind::insert, 0, "Top", "t"},
                                             {kind::insert, 1, "Second", "u"}}),
                   boost::test_tools::per_element());
        BOOST_TEST(one.by_merge() == one.native.lines(), boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(header_added_by_one_and_deleted_by_the_next_leaves_no_trace_250) {
    for (auto const rules : both) {
        auto one = usual(rules);
        one.filter({{kind::add, 0, "New", "a"}, {kind::insert, 0, "Top", "t"}});
        one.filter({{kind::change, 1, "New", "b"}});
        one.filter({{kind::change, 1, "New", ""}, {kind::change, 1, "Top", ""}});
        BOOST_TEST(merge(one.ours).empty());
    }
}

BOOST_AUTO_TEST_CASE(last_insert_at_the_top_ends_on_top_251) {
    for (auto const rules : both) {
        auto one = usual(rules);
        one.filter({{kind::insert, 0, "A", "a"}});
        one.filter({{kind::insert, 0, "B", "b"}});
        BOOST_TEST(merge(one.ours) ==
                       edits({{kind::insert, 0, "B", "b"}, {kind::insert, 1, "A", "a"}}),
                   boost::test_tools::per_element());
        BOOST_TEST(one.by_merge().front() == "B:b");
    }
}

BOOST_AUTO_TEST_CASE(change_that_is_undone_is_none) {
    for (auto const rules : both) {
        auto one = usual(rules);
        one.filter({{kind::change, 1, "Subject", "other"}});
        one.filter({{kind::change, 1, "Subject", "S"}});
        BOOST_TEST(merge(one.ours).empty());
    }
}

BOOST_AUTO_TEST_CASE(change_of_case_alone_is_one_change_in_postfix) {
    auto one = usual(header_rules::postfix);
    one.filter({{kind::change, 1, "SUBJECT", "S"}});
    BOOST_TEST(merge(one.ours) == edits({{kind::change, 1, "SUBJECT", "S"}}),
               boost::test_tools::per_element());
    auto other = usual(header_rules::sendmail);
    other.filter({{kind::change, 1, "SUBJECT", "S"}});
    BOOST_TEST(merge(other.ours).empty());
}

BOOST_AUTO_TEST_CASE(changed_and_deleted_header_is_deleted) {
    for (auto const rules : both) {
        auto one = usual(rules);
        one.filter({{kind::change, 2, "x", "new"}});
        one.filter({{kind::change, 2, "X", ""}});
        BOOST_TEST(merge(one.ours) == edits({{kind::change, 2, "X", ""}}),
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(three_filters_end_as_real_mtas_were_seen_to_deliver_them) {
    // field scenario chain_everything
    for (auto const rules : both) {
        trial one(rules);
        for (auto const& [name, value] : {std::pair{"From", "F"},
                                          {"Subject", "S"},
                                          {"X-Dup", "1"},
                                          {"X-Dup", "2"},
                                          {"X-Last", "L"}})
            one.original(name, value);
        one.filter({{kind::insert, 0, "X-A0", "a"},
                    {kind::change, 1, "Subject", "sa"},
                    {kind::add, 0, "Trace-a", "a"}});
        one.filter({{kind::insert, 1, "X-B1", "b"},
                    {kind::change, 1, "Subject", "sb"},
                    {kind::change, 1, "X-Dup", ""},
                    {kind::add, 0, "Trace-b", "b"}});
        one.filter({{kind::add, 0, "X-C", "c"},
                    {kind::change, 1, "X-A0", "by c"},
                    {kind::change, 1, "X-Dup", "dup by c"},
                    {kind::add, 0, "Trace-c", "c"}});
        lines const expected{"X-A0:by c",  "X-B1:b",         "Received:*", "From:F",
                             "Subject:sb", "X-Dup:dup by c", "X-Last:L",   "Trace-a:a",
                             "Trace-b:b",  "X-C:c",          "Trace-c:c"};
        BOOST_TEST(one.in_ours() == expected, boost::test_tools::per_element());
        BOOST_TEST(one.native.lines() == expected, boost::test_tools::per_element());
        BOOST_TEST(one.by_merge() == expected, boost::test_tools::per_element());
    }
}

namespace {

struct random_filters {
    std::mt19937 random;
    header_rules rules{};

    std::size_t below(std::size_t n) {
        return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
    }
    std::string name() {
        return std::array{"X", "x", "Y", "Z", "Subject", "SUBJECT", "Received"}[below(7)];
    }
    std::string value() {
        static int next = 0;
        auto const text = std::to_string(++next);
        return below(10) == 0 ? text + "\nfolded" : " " + text;
    }
    /// Sendmail's hidden defaults lie behind its Received: what is inserted among them, at 2 and more, has an
    /// order that our list does not keep.
    std::uint32_t insert_index() {
        if (below(20) == 0) return 0x7fff'ffff;
        return static_cast<std::uint32_t>(below(rules == header_rules::postfix ? 14 : 2));
    }
    header_edit edit() {
        switch (below(6)) {
        case 0:
        case 1: return {kind::add, 0, name(), value()};
        case 2:
        case 3: return {kind::insert, insert_index(), name(), value()};
        case 4: return {kind::change, static_cast<std::uint32_t>(below(5)), name(), value()};
        default: return {kind::change, static_cast<std::uint32_t>(below(5)), name(), ""};
        }
    }
    edits list() {
        edits all;
        for (auto n = below(5); n > 0; --n) all.push_back(edit());
        return all;
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(whatever_filters_do_the_merged_edits_end_in_the_same_message) {
    for (auto const rules : both) {
        random_filters chance{std::mt19937(42), rules};
        int changed = 0;
        for (int round = 0; round < 6'000; ++round) {
            trial one(rules);
            for (auto n = chance.below(9); n > 0; --n) one.original(chance.name(), chance.value());
            std::vector<edits> lists;
            for (auto n = 1 + chance.below(4); n > 0; --n) {
                lists.push_back(chance.list());
                one.filter(lists.back());
            }
            auto const ours = one.in_ours();
            auto const merged = one.by_merge();
            changed += !merge(one.ours).empty() ? 1 : 0;
            if (ours == one.native.lines() && ours == merged) continue;
            BOOST_TEST_CONTEXT((rules == header_rules::postfix ? "Postfix" : "Sendmail")
                               << ", round " << round) {
                for (auto const& list : lists)
                    for (auto const& edit : list) {
                        boost::test_tools::assertion_result note(false);
                        boost_test_print_type(note.message().stream(), edit);
                        BOOST_TEST_MESSAGE(note.message().str());
                    }
                BOOST_TEST(ours == one.native.lines(), boost::test_tools::per_element());
                BOOST_TEST_REQUIRE(ours == merged, boost::test_tools::per_element());
            }
        }
        BOOST_TEST(changed > 5'000);
    }
}

BOOST_AUTO_TEST_CASE(merged_edits_are_ordered_whatever_filters_do_164_249) {
    for (auto const rules : both) {
        random_filters chance{std::mt19937(43), rules};
        for (int round = 0; round < 2'000; ++round) {
            trial one(rules);
            for (auto n = chance.below(9); n > 0; --n) one.original(chance.name(), chance.value());
            for (int n = 0; n < 3; ++n) one.filter(chance.list());
            int part = 0; // changes, deletions, additions
            std::map<std::string, std::uint32_t> last;
            for (auto const& edit : merge(one.ours)) {
                int const now = edit.what != kind::change ? 2 : edit.value.empty() ? 1 : 0;
                BOOST_TEST_REQUIRE(now >= part);
                part = now;
                if (now != 1) continue;
                auto& before =
                    last.try_emplace(milter::to_lower(edit.name), UINT32_MAX).first->second;
                BOOST_TEST_REQUIRE(edit.index < before);
                before = edit.index;
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
