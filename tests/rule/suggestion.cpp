// SPDX-License-Identifier: BSL-1.0
// tests/rule/suggestion.cpp - what counts as a misspelling

#include "rule/suggestion.hpp"

#include <boost/test/unit_test.hpp>

using namespace milter::rule;

BOOST_AUTO_TEST_SUITE(suggestion)

BOOST_AUTO_TEST_CASE(one_step_is_a_letter_added_left_out_replaced_or_swapped) {
    struct {
        std::string_view a, b;
        std::size_t distance;
    } const rows[] = {{"", "", 0},
                      {"", "abc", 3},
                      {"abc", "abc", 0},
                      {"abc", "abd", 1},
                      {"abc", "ac", 1},
                      {"abc", "abxc", 1},
                      {"abcd", "acbd", 1},
                      {"ca", "abc", 3},
                      {"kitten", "sitting", 3},
                      {"on_eror", "on_error", 1}};
    for (auto const& row : rows) {
        BOOST_TEST(edit_distance(row.a, row.b) == row.distance, row.a << " " << row.b);
        BOOST_TEST(edit_distance(row.b, row.a) == row.distance, row.b << " " << row.a);
    }
}

BOOST_AUTO_TEST_CASE(the_nearest_word_is_offered_when_it_is_near) {
    std::vector<std::string_view> const words = {"on_error", "on_internal_error", "name", "socket"};
    BOOST_TEST(nearest("on_eror", words) == "on_error");
    BOOST_TEST(nearest("onerror", words) == "on_error");
    BOOST_TEST(nearest("internal_error", words) == "on_internal_error");
    BOOST_TEST(nearest("nmae", words) == "name");
    BOOST_TEST(nearest("path", words) == "");
    BOOST_TEST(nearest("", words) == "");
    BOOST_TEST(nearest(std::string(100'000, 'a'), words) == "");
    BOOST_TEST(nearest("name", {}) == "");
}

BOOST_AUTO_TEST_CASE(a_name_with_a_part_more_or_less_is_near) {
    std::vector<std::string_view> const names = {"greylist", "clamav-milter", "spf"};
    BOOST_TEST(nearest_name("milter-greylist", names) == "greylist");
    BOOST_TEST(nearest_name("clamav", names) == "clamav-milter");
    BOOST_TEST(nearest_name("spff", names) == "spf");
    BOOST_TEST(nearest_name("xgreylist-milter", names) == "");
    BOOST_TEST(nearest_name("milter", names) == "clamav-milter");
    BOOST_TEST(nearest_name("", names) == "");
    BOOST_TEST(nearest_name("rspamd", {}) == "");
}

BOOST_AUTO_TEST_SUITE_END()
