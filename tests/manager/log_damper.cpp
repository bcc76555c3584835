// SPDX-License-Identifier: BSL-1.0
// tests/manager/log_damper.cpp - the first line at once, then at most one a second, and none is lost from the count

#include "manager/core/log_damper.hpp"

#include <boost/test/unit_test.hpp>

using milter::manager::log_damper;
using milter::manager::with_count;
using milter::proto::never;
using milter::proto::time_point;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(log_dampers)

BOOST_AUTO_TEST_CASE(first_is_said_at_once_then_one_a_second_with_the_count_of_the_others) {
    log_damper damper;
    time_point now{};
    BOOST_TEST((damper.say(now) == 0u));
    for (int i = 0; i < 7; ++i) BOOST_TEST(!damper.say(now += 100ms));
    BOOST_TEST(!damper.say(now += 299ms));
    BOOST_TEST((damper.say(now += 1ms) == 8u));
    BOOST_TEST(!damper.say(now));
    BOOST_TEST((damper.say(now += 1h) == 1u));
}

BOOST_AUTO_TEST_CASE(a_line_now_and_then_is_said_each_time) {
    log_damper damper;
    time_point now{1h};
    for (int i = 0; i < 5; ++i) BOOST_TEST((damper.say(now += 1s) == 0u));
}

BOOST_AUTO_TEST_CASE(a_flood_is_a_line_a_second_whatever_comes) {
    log_damper damper;
    std::size_t lines = 0, counted = 0;
    time_point now{};
    for (int i = 0; i < 100'000; ++i, now += 100us)
        if (auto const left_out = damper.say(now)) {
            ++lines;
            counted += 1 + *left_out;
        }
    BOOST_TEST(lines == 10u);
    BOOST_TEST(counted + damper.rest(now + 1s) == 100'000u);
}

BOOST_AUTO_TEST_CASE(several_a_second_are_said_where_that_is_asked_for) {
    log_damper damper(1s, 3);
    time_point now{1h};
    for (int i = 0; i < 3; ++i) BOOST_TEST((damper.say(now += 100ms) == 0u));
    for (int i = 0; i < 4; ++i) BOOST_TEST(!damper.say(now += 100ms));
    BOOST_TEST((damper.say(now += 1s) == 4u));
    for (int i = 0; i < 2; ++i) BOOST_TEST((damper.say(now) == 0u));
    BOOST_TEST(!damper.say(now));
    BOOST_TEST(damper.take_rest() == 1u);
    BOOST_TEST(damper.take_rest() == 0u);
}

BOOST_AUTO_TEST_CASE(the_last_of_a_flood_can_be_said_when_it_is_over) {
    log_damper damper;
    time_point const now{1h};
    BOOST_TEST((damper.deadline() == never));
    damper.say(now);
    BOOST_TEST((damper.deadline() == never));
    damper.say(now);
    BOOST_TEST((damper.deadline() == now + 1s));
    BOOST_TEST(damper.rest(now + 999ms) == 0u);
    BOOST_TEST(damper.rest(now + 1s) == 1u);
    BOOST_TEST((damper.deadline() == never));
    BOOST_TEST(!damper.say(now + 1999ms));
    BOOST_TEST((damper.say(now + 2s) == 1u));
}

BOOST_AUTO_TEST_CASE(count_stands_behind_the_text) {
    BOOST_TEST(with_count("full", 0) == "full");
    BOOST_TEST(with_count("full", 7) == "full (7 more before)");
}

BOOST_AUTO_TEST_SUITE_END()
