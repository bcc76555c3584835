// SPDX-License-Identifier: BSL-1.0
// tests/rule/time_window.cpp - hours of the week

#include "rule/time_window.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <string>

using namespace milter;

namespace {

enum day { mon, tue, wed, thu, fri, sat, sun };

rule::time_window must(std::string_view text) {
    auto const parsed = rule::parse_time_window(text);
    BOOST_REQUIRE_MESSAGE(parsed.value.has_value(), text << ": " << parsed.problem);
    return *parsed.value;
}

bool has(std::string_view window, int day, int hour, int minute = 0) {
    return rule::contains(must(window), day, hour * 60 + minute);
}

} // namespace

BOOST_AUTO_TEST_SUITE(time_window)

BOOST_AUTO_TEST_CASE(window_is_of_days_and_hours) {
    auto const window = "Mon-Fri 08:00-18:00";
    BOOST_TEST(has(window, mon, 8));
    BOOST_TEST(has(window, fri, 17, 59));
    BOOST_TEST(!has(window, fri, 18));
    BOOST_TEST(!has(window, wed, 7, 59));
    BOOST_TEST(!has(window, sat, 12));
}

BOOST_AUTO_TEST_CASE(days_alone_are_whole_and_hours_alone_are_daily) {
    BOOST_TEST(has("Sat,Sun", sat, 0));
    BOOST_TEST(has("sat, SUNDAY", sun, 23, 59));
    BOOST_TEST(!has("Sat,Sun", mon, 0));
    BOOST_TEST(has("08:00-09:00", sun, 8));
    BOOST_TEST((must("daily") == must("00:00-24:00")));
    BOOST_TEST((must("daily 08:00-09:00") == must("08:00-09:00")));
}

BOOST_AUTO_TEST_CASE(days_go_round_the_end_of_the_week) {
    for (auto const day : {fri, sat, sun, mon}) BOOST_TEST(has("Fri-Mon", day, 12));
    for (auto const day : {tue, wed, thu}) BOOST_TEST(!has("Fri-Mon", day, 12));
    BOOST_TEST((must("Mon,Wed-Thu") == must("Wed-Thu,Mon")));
}

BOOST_AUTO_TEST_CASE(hours_across_midnight_belong_to_the_day_on_which_they_begin) {
    auto const window = "Fri 22:00-06:00";
    BOOST_TEST(has(window, fri, 22));
    BOOST_TEST(has(window, sat, 5, 59));
    BOOST_TEST(!has(window, sat, 6));
    BOOST_TEST(!has(window, fri, 5));
    BOOST_TEST(!has(window, sat, 22));
    BOOST_TEST(has("Sun 22:00-06:00", mon, 1));
    BOOST_TEST(has("22:00-00:00", mon, 23));
    BOOST_TEST(!has("22:00-00:00", mon, 0));
}

BOOST_AUTO_TEST_CASE(what_is_no_time_is_in_no_window) {
    BOOST_TEST(!rule::contains(must("daily"), 7, 0));
    BOOST_TEST(!rule::contains(must("daily"), -1, 0));
    BOOST_TEST(!rule::contains(must("daily"), 0, 1440));
    BOOST_TEST(!rule::contains(must("daily"), 0, -1));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_told_with_its_place) {
    struct row {
        std::string_view text, problem;
        std::size_t offset;
    };
    row const rows[] = {
        {"", "no time window", 0},
        {"  ", "no time window", 2},
        {"Mon-Fry 08:00-18:00", "\"Fry\" is not a day", 4},
        {"Mon,", "\"\" is not a day", 4},
        {"Mo", "\"Mo\" is not a day", 0},
        {"Mon 8:00-18:00", "\"8:00-\" is not a time", 4},
        {"08:00-25:00", "\"25:00\" is not a time", 6},
        {"08:60-09:00", "\"08:60\" is not a time", 0},
        {"24:01-09:00", "\"24:01\" is not a time", 0},
        {"08:00", "the hours need an end", 5},
        {"08:00-08:00", "begins when it ends", 6},
        {"daily,Mon", "something else", 5},
        {"08:00-18:00 UTC", "something else", 12},
        {"?", "something else", 0},
    };
    for (auto const& [text, problem, offset] : rows) BOOST_TEST_CONTEXT(text) {
            auto const parsed = rule::parse_time_window(text);
            BOOST_TEST(!parsed.value.has_value());
            BOOST_TEST(parsed.problem.substr(0, problem.size()) == problem);
            BOOST_TEST(parsed.offset == offset);
        }
}

BOOST_AUTO_TEST_CASE(any_bytes_give_a_window_or_a_problem) {
    std::mt19937 random(8);
    static constexpr std::string_view pieces[] = {"Mon",   "-",     ",",     " ",
                                                  "08:00", "24:00", "daily", "x"};
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (auto left = random() % 8; left > 0; --left)
            text += pieces[random() % std::size(pieces)];
        auto const parsed = rule::parse_time_window(text);
        BOOST_REQUIRE(parsed.value.has_value() == parsed.problem.empty());
        BOOST_REQUIRE(parsed.offset <= text.size());
    }
    BOOST_TEST(!rule::parse_time_window(std::string(1'000'000, ',')).value.has_value());
    BOOST_TEST(!rule::parse_time_window(std::string_view("Mon\0", 4)).value.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
