// SPDX-License-Identifier: BSL-1.0
// tests/rule/match.cpp - regular expressions, alone and many together

#include "rule/match.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <string>

using namespace milter;
using rule::pattern;

namespace {

pattern must(std::string_view text, bool ignore_case = true) {
    auto made = pattern::compile(text, ignore_case);
    BOOST_REQUIRE_MESSAGE(made.value.has_value(), text << ": " << made.problem);
    return *made.value;
}

rule::pattern_list list_of(std::initializer_list<std::string_view> texts) {
    rule::pattern_list list;
    for (auto const text : texts) list.add(must(text));
    list.build();
    return list;
}

} // namespace

BOOST_AUTO_TEST_SUITE(match)

BOOST_AUTO_TEST_CASE(pattern_is_searched_for_anywhere) {
    BOOST_TEST(must("b+").matches("abbc"));
    BOOST_TEST(!must("^b").matches("abbc"));
    BOOST_TEST(must("C$").matches("abbc"));
    BOOST_TEST(!must("C$", false).matches("abbc"));
    BOOST_TEST(must("").matches(""));
}

BOOST_AUTO_TEST_CASE(any_bytes_can_be_searched) {
    BOOST_TEST(must("a.b").matches("a\xff"
                                   "b"));
    BOOST_TEST(must("a.b").matches(std::string_view("a\0b", 3)));
    BOOST_TEST(must("ü").matches("\xff ü"));
    BOOST_TEST(must("\\xff").matches("\xff"));
}

BOOST_AUTO_TEST_CASE(flags_change_what_lines_are) {
    std::string_view const lines = "a\nb";
    BOOST_TEST(!must("a.b").matches(lines));
    BOOST_TEST(!must("^b").matches(lines));
    rule::pattern_flags flags;
    flags.multi_line = flags.dot_all = true;
    BOOST_TEST(pattern::compile("a.^b", flags).value->matches(lines));
    BOOST_TEST(!pattern::compile("A.^b", flags).value->matches(lines));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_compiled_says_why_and_where) {
    struct row {
        std::string_view text, problem;
        std::optional<std::size_t> offset;
    };
    row const rows[] = {
        {R"((a)\1)", "a reference back", 3},
        {"ab(?=c)", "\"(?=\": looking ahead or behind", 2},
        {"ab(?!c)", "\"(?!\": looking ahead or behind", 2},
        {"ab(?<=c)", "\"(?<\": looking ahead or behind", 2},
        {"ab(?<!c)", "\"(?<\": looking ahead or behind", 2},
        {"ab(?>c)", "\"(?>\" is not supported", 2},
        {"a[b", "the class", 1},
        {"a(b", "a closing parenthesis is missing", {}},
        {"ab)", "a closing parenthesis without", {}},
        {"a**", "repeats a repetition", 1},
        {"*a", "nothing to repeat", 0},
        {"a{1001}", "repeats too often", 1},
        {"a\\q", "there is no escape", 1},
        {"[z-a]", "no class or range", 1},
        {"[[:foo:]]", "no class or range", 1},
        {"a\\", "a backslash at the end", {}},
        {"((a{100}){100}){100}", "repeats too often", {}},
    };
    for (auto const& [text, problem, offset] : rows) BOOST_TEST_CONTEXT(text) {
            auto const made = pattern::compile(text, true);
            BOOST_TEST(!made.value.has_value());
            BOOST_TEST(made.problem.substr(0, problem.size()) == problem);
            if (offset) BOOST_TEST(made.offset.value_or(99) == *offset);
        }
}

BOOST_AUTO_TEST_CASE(hostile_patterns_and_texts_are_bounded) {
    BOOST_TEST(!pattern::compile(std::string(1'000'000, 'a'), true).value.has_value());
    BOOST_TEST(pattern::compile(std::string_view("a\0b", 3), true).offset.value_or(0) == 1u);
    BOOST_TEST(!pattern::compile(std::string(30'000, '('), true).value.has_value());
    BOOST_TEST(
        !pattern::compile("((((.{1,30}){1,30}x){1,9}\\pL){1,3}){1,9}", true).value.has_value());
    auto const slow_elsewhere = must("(a*)*(a|aa)+b$");
    BOOST_TEST(!slow_elsewhere.matches(std::string(1'000'000, 'a')));
    BOOST_TEST(must("(x|y).{20}$").matches(std::string(rule::longest_subject, 'x')));
}

BOOST_AUTO_TEST_CASE(only_the_front_of_a_long_text_is_searched) {
    auto text = std::string(rule::longest_subject, 'a') + "b";
    BOOST_TEST(!must("b").matches(text));
    text[rule::longest_subject - 1] = 'b';
    BOOST_TEST(must("b$").matches(text));
}

BOOST_AUTO_TEST_CASE(first_of_many_is_found) {
    auto const list = list_of({"^a", "b", "B$", ""});
    BOOST_TEST(list.first_match("abc").value() == 0u);
    BOOST_TEST(list.first_match("cba").value() == 1u);
    BOOST_TEST(list.first_match("c").value() == 3u);
    BOOST_TEST(!list_of({"a", "b"}).first_match("c").has_value());
    BOOST_TEST(!list_of({}).any_match("c"));
    BOOST_TEST(!list_of({}).first_match("c").has_value());
}

BOOST_AUTO_TEST_CASE(many_patterns_say_the_same_together_as_one_by_one) {
    std::mt19937 random(6);
    static constexpr std::string_view pieces[] = {"a", "b",  "c",      ".",    "^",
                                                  "$", "a*", "(ab|c)", "[^a]", "b?"};
    for (int round = 0; round < 20; ++round) {
        std::vector<pattern> single;
        rule::pattern_list list;
        for (auto left = random() % 600; left > 0; --left) {
            std::string text;
            for (auto n = 4 + random() % 6; n > 0; --n)
                text += pieces[random() % std::size(pieces)];
            auto made = pattern::compile(text, random() % 2 == 0);
            if (!made.value) continue;
            single.push_back(*made.value);
            list.add(*made.value);
        }
        list.build();
        BOOST_TEST(list.size() == single.size());
        for (int i = 0; i < 30; ++i) {
            std::string subject;
            for (auto n = random() % 10; n > 0; --n) subject += "abcABC\n\xff"[random() % 8];
            std::optional<std::size_t> expected;
            for (std::size_t k = 0; k < single.size() && !expected; ++k)
                if (single[k].matches(subject)) expected = k;
            BOOST_REQUIRE((list.first_match(subject) == expected));
            BOOST_REQUIRE(list.any_match(subject) == expected.has_value());
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
