// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_scenario_pattern.cpp - texts of scenarios: patterns, and variables in them
#include "test-server/scenario/step_toml.hpp"
#include "test-server/scenario/text_pattern.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using namespace milter::test_server;

bool matches(std::string const& pattern, std::string_view text) {
    return text_pattern::parse(pattern).matches(text);
}

bool is_in(std::string const& pattern, std::string_view text) {
    return text_pattern::parse(pattern).is_in(text);
}

std::string expansion_problem(std::string_view text) {
    try {
        return expand(text, {});
    } catch (std::invalid_argument const& why) {
        return why.what();
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(apps_server_scenario_pattern)

BOOST_AUTO_TEST_CASE(pattern_is_the_text_or_has_asterisks_or_is_a_regular_expression) {
    BOOST_TEST(matches("550 5.7.1 no", "550 5.7.1 no"));
    BOOST_TEST(!matches("550 5.7.1 no", "550 5.7.1 no!"));
    BOOST_TEST(!matches("no", "550 no"));
    BOOST_TEST(matches("550 *", "550 5.7.1 no"));
    BOOST_TEST(matches("*no", "550 no no"));
    BOOST_TEST(matches("a*b*c", "aXbXbXc"));
    BOOST_TEST(!matches("a*b*c", "aXcXb"));
    BOOST_TEST(matches("*", ""));
    BOOST_TEST(matches("", ""));
    BOOST_TEST(!matches("", "a"));
    BOOST_TEST(matches("?50 *", "550 x"));
    BOOST_TEST(!matches("?", ""));
    BOOST_TEST(matches("\\*\\?\\\\", "*?\\"));
    BOOST_TEST(!matches("\\*", "x"));
    BOOST_TEST(matches("x\\", "x\\")); // a last backslash is one
    BOOST_TEST(matches("/^55[04] /", "554 x"));
    BOOST_TEST(!matches("/^55[04] /", "a 554 x"));
    BOOST_TEST(matches("/", "/"));
    BOOST_TEST(matches("//", "//"));
    BOOST_CHECK_THROW(text_pattern::parse("/(/"), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(pattern_may_be_looked_for_within_a_text) {
    BOOST_TEST(is_in("b?d", "abcde"));
    BOOST_TEST(is_in("", "abc"));
    BOOST_TEST(!is_in("x", "abc"));
    BOOST_TEST(is_in("/c.e/", "abcde"));
}

BOOST_AUTO_TEST_CASE(pattern_of_a_text_matches_only_that_text) {
    for (std::string const text : {"", "*", "a?b\\c", "/x/", "\\", "/*/", "550 5.7.1 %2a"}) {
        auto const pattern = text_pattern::exactly(text);
        BOOST_TEST(pattern.matches(text), text);
        BOOST_TEST(!pattern.matches(text + "x"), text);
        BOOST_TEST(text_pattern::parse(pattern.text()).matches(text), text); // from a file, too
        BOOST_TEST(!text_pattern::parse(pattern.text()).matches("x" + text), text);
    }
}

BOOST_AUTO_TEST_CASE(pattern_with_many_asterisks_is_no_trap) {
    std::string pattern;
    for (int i = 0; i < 50; ++i) pattern += "a*";
    BOOST_TEST(!matches(pattern + "b", std::string(20'000, 'a')));
}

BOOST_AUTO_TEST_CASE(variables_are_put_in_and_bytes_that_are_no_text) {
    variables const values{{"a", "1"}, {"b", "${a}"}};
    BOOST_TEST(expand("x${a}y${a}", values) == "x1y1");
    BOOST_TEST(expand("${b}", values) == "${a}"); // what is put in is text
    BOOST_TEST(expand("$${a} $$${a} $ $a {a}", values) == "${a} $${a} $ $a {a}");
    BOOST_TEST(expand("${0xe9E90a}", values) == "\xe9\xe9\n");
    BOOST_TEST(expansion_problem("${c}") == "there is no variable \"c\"; $${ is ${");
    BOOST_TEST(expansion_problem("x${a") == "a variable has no } behind its name; $${ is ${");
    BOOST_TEST(expansion_problem("${0xe}") == "\"0xe\" is no bytes: two digits each, such as 0xE9");
    BOOST_TEST(expansion_problem("${0x}") == "\"0x\" is no bytes: two digits each, such as 0xE9");
    BOOST_TEST(expansion_problem("${0xzz}") ==
               "\"0xzz\" is no bytes: two digits each, such as 0xE9");
}

BOOST_AUTO_TEST_SUITE_END()
