// SPDX-License-Identifier: BSL-1.0
// tests/manager/config_problem.cpp - the caret stands below the place, whatever the line holds

#include "manager/config/config_problem.hpp"

#include <boost/test/unit_test.hpp>

using namespace milter::manager;

namespace {

std::string excerpt(std::string_view text, source_place at) {
    std::string const file = "f";
    problem_list problems(text, file);
    problems.error(at, "m");
    return problems.take().at(0).excerpt;
}

} // namespace

BOOST_AUTO_TEST_SUITE(config_problem_text)

BOOST_AUTO_TEST_CASE(parts_that_are_not_there_leave_no_gap) {
    config_problem problem{"f", 0, 0, "m", "", "", problem_weight::error};
    BOOST_TEST(to_string(problem) == "f: m");
    problem.weight = problem_weight::warning;
    problem.line = 2;
    problem.column = 3;
    BOOST_TEST(to_string(problem) == "f:2:3: warning: m");
    problem.weight = problem_weight::note;
    BOOST_TEST(to_string(problem) == "f:2:3: note: m");
    problem.weight = problem_weight::warning;
    problem.hint = "h";
    problem.excerpt = "line\n^";
    BOOST_TEST(to_string(problem) == "f:2:3: warning: m\n    line\n    ^\n  h");
}

BOOST_AUTO_TEST_CASE(the_marked_characters_are_underlined) {
    BOOST_TEST(excerpt("one\ntwo three\nfour", {2, 5, 5}) == "two three\n    ^~~~~");
    BOOST_TEST(excerpt("one", {1, 1, 9}) == "one\n^~~");
    BOOST_TEST(excerpt("one\r\ntwo\r\n", {1, 3, 1}) == "one\n  ^");
}

BOOST_AUTO_TEST_CASE(a_place_behind_the_end_of_the_line_has_a_caret) {
    BOOST_TEST(excerpt("one\n", {1, 4, 1}) == "one\n   ^");
    BOOST_TEST(excerpt("", {1, 1, 1}) == "\n^");
    BOOST_TEST(excerpt("one\n", {2, 1, 1}) == "\n^");
    BOOST_TEST(excerpt("one\n", {7, 5, 1}) == "");
}

BOOST_AUTO_TEST_CASE(columns_are_characters_however_wide_they_are_shown) {
    BOOST_TEST(excerpt("ä = ü b", {1, 7, 1}) == "ä = ü b\n      ^");
    BOOST_TEST(excerpt("\x1b\xff x", {1, 4, 1}) == "\\x1b\\xff x\n         ^");
    BOOST_TEST(excerpt("a\x1b", {1, 2, 1}) == "a\\x1b\n ^~~~");
    BOOST_TEST(excerpt("\ta\t= b", {1, 4, 1}) == " a = b\n   ^");
}

BOOST_AUTO_TEST_CASE(of_a_long_line_the_part_around_the_place_is_shown) {
    std::string const line(1000, 'x');
    std::string const shown(100, 'x'), half(61, 'x'), blanks(60, ' ');
    BOOST_TEST(excerpt(line, {1, 1, 1}) == shown + "...\n^");
    BOOST_TEST(excerpt(line, {1, 500, 2}) == "..." + shown + "...\n   " + blanks + "^~");
    BOOST_TEST(excerpt(line, {1, 1000, 1}) == "..." + half + "\n   " + blanks + "^");
}

BOOST_AUTO_TEST_CASE(problems_come_in_the_order_of_the_file) {
    std::string const file = "f";
    problem_list problems("a\nb\n", file);
    problems.warning({2, 1}, "third");
    problems.error({1, 2}, "second");
    problems.error({}, "first");
    BOOST_TEST(problems.has_errors());
    auto const taken = problems.take();
    BOOST_TEST_REQUIRE(taken.size() == 3u);
    BOOST_TEST(taken[0].message == "first");
    BOOST_TEST(taken[1].message == "second");
    BOOST_TEST(bool(taken[2].weight == problem_weight::warning));
    BOOST_TEST(problems.take().empty());
}

BOOST_AUTO_TEST_CASE(many_notes_hide_no_warning_and_are_no_errors) {
    std::string const file = "f";
    problem_list problems("a\n", file);
    for (std::size_t i = 0; i < config_problem_limit + 2; ++i) problems.note({1, 1}, "meant?");
    problems.warning({1, 1}, "look");
    BOOST_TEST(!problems.has_errors());
    auto const taken = problems.take();
    BOOST_TEST_REQUIRE(taken.size() == config_problem_limit + 2);
    BOOST_TEST(taken[config_problem_limit].message == "look");
    BOOST_TEST(to_string(taken.back()) == "f: note: too many notes: 2 more are not shown");
}

BOOST_AUTO_TEST_SUITE_END()
