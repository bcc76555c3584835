// SPDX-License-Identifier: BSL-1.0
// tests/load/schedule.cpp - when sessions begin, by a clock that the tests turn

#include "load/schedule.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace {

using namespace std::chrono_literals;
using milter::load::load_plan;
using milter::load::schedule;
using milter::load::ticket;
namespace proto = milter::proto;

constexpr proto::time_point zero{};

load_plan plan_of(std::size_t concurrency) {
    load_plan plan;
    plan.concurrency = concurrency;
    return plan;
}

load_plan open_plan(double rate, std::size_t concurrency) {
    auto plan = plan_of(concurrency);
    plan.rate = rate;
    return plan;
}

/// All that may begin at `now`, with `going` that have not ended.
std::vector<ticket> take_all(schedule& from, proto::time_point now, std::size_t going) {
    std::vector<ticket> all;
    while (auto const one = from.next(now, going + all.size())) all.push_back(*one);
    return all;
}

/// Milliseconds since the beginning at which sessions were due, when each is begun as soon as it may.
std::vector<std::int64_t> due_times(schedule& from, std::size_t count) {
    std::vector<std::int64_t> all;
    for (auto now = zero; all.size() < count;) {
        if (auto const one = from.next(now, 0))
            all.push_back(std::chrono::round<std::chrono::milliseconds>(one->due - zero).count());
        else
            now = from.wakes(now, 0);
    }
    return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(load_schedule)

BOOST_AUTO_TEST_CASE(a_closed_loop_begins_as_many_as_there_are_places_and_one_for_each_that_ends) {
    auto plan = plan_of(3);
    plan.mails = 5;
    schedule closed(plan, zero);
    BOOST_TEST(take_all(closed, zero, 0).size() == 3U);
    BOOST_TEST((closed.wakes(zero, 3) == proto::never));
    BOOST_TEST(take_all(closed, zero + 1s, 2).size() == 1U);
    BOOST_TEST(!closed.over(zero + 1s));
    BOOST_TEST(take_all(closed, zero + 2s, 0).size() == 1U);
    BOOST_TEST(closed.over(zero + 2s));
}

BOOST_AUTO_TEST_CASE(in_a_closed_loop_a_session_is_due_when_it_begins) {
    schedule closed(plan_of(1), zero);
    auto const one = closed.next(zero + 7s, 0);
    BOOST_REQUIRE(one);
    BOOST_TEST((one->due == zero + 7s));
}

BOOST_AUTO_TEST_CASE(an_open_loop_is_due_at_a_constant_rate_whatever_the_milter_does) {
    schedule open(open_plan(100, 1000), zero);
    auto const due = due_times(open, 5);
    std::vector<std::int64_t> const expected{0, 10, 20, 30, 40};
    BOOST_TEST(due == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(who_finds_all_places_taken_waits_and_was_due_all_the_same) {
    schedule open(open_plan(100, 2), zero);
    BOOST_TEST(take_all(open, zero + 50ms, 0).size() == 2U);
    BOOST_TEST(take_all(open, zero + 500ms, 2).empty());
    auto const late = open.next(zero + 500ms, 1);
    BOOST_REQUIRE(late);
    BOOST_TEST((late->due == zero + 20ms));
}

BOOST_AUTO_TEST_CASE(a_stalled_driver_makes_up_for_all_that_was_due) {
    schedule open(open_plan(1000, 1000), zero);
    auto const all = take_all(open, zero + 100ms, 0);
    BOOST_TEST(all.size() == 101U);
    BOOST_TEST((all.back().due == zero + 100ms));
}

BOOST_AUTO_TEST_CASE(a_rate_rises_linearly_over_its_ramp) {
    auto plan = open_plan(100, 1000);
    plan.ramp = 1s; // 50 within it
    schedule open(plan, zero);
    auto const due = due_times(open, 61);
    BOOST_TEST(std::is_sorted(due.begin(), due.end()));
    BOOST_TEST(due[8] == 400); // 100 * 0.4 * 0.4 / 2
    BOOST_TEST(due[50] == 1000);
    BOOST_TEST(due[60] == 1100);
}

BOOST_AUTO_TEST_CASE(places_rise_one_by_one_over_a_ramp) {
    auto plan = plan_of(5);
    plan.ramp = 4s;
    schedule closed(plan, zero);
    BOOST_TEST(take_all(closed, zero, 0).size() == 1U);
    BOOST_TEST((closed.wakes(zero, 1) == zero + 1s));
    BOOST_TEST(take_all(closed, zero + 2s, 0).size() == 3U);
    BOOST_TEST(take_all(closed, zero + 4s, 0).size() == 5U);
    BOOST_TEST(take_all(closed, zero + 40s, 0).size() == 5U);
}

BOOST_AUTO_TEST_CASE(the_first_ones_of_a_warm_up_do_not_count) {
    auto plan = plan_of(10);
    plan.mails = 4;
    plan.warm_up_mails = 3;
    schedule closed(plan, zero);
    auto const all = take_all(closed, zero, 0);
    BOOST_TEST(all.size() == 7U);
    BOOST_TEST(std::count_if(all.begin(), all.end(), [](auto const& one) { return one.counts; }) ==
               4);
    BOOST_TEST(!all[2].counts);
    BOOST_TEST(all[3].counts);
}

BOOST_AUTO_TEST_CASE(the_time_that_counts_begins_behind_the_warm_up) {
    auto plan = plan_of(1);
    plan.time = 10s;
    plan.warm_up = 5s;
    schedule closed(plan, zero);
    BOOST_TEST(!closed.next(zero, 0)->counts);
    BOOST_TEST(!closed.counting_since());
    BOOST_TEST(closed.next(zero + 6s, 0)->counts);
    BOOST_TEST((closed.counting_since() == zero + 6s));
    BOOST_TEST(!closed.over(zero + 15s));
    BOOST_TEST(closed.over(zero + 16s));
    BOOST_TEST(!closed.next(zero + 16s, 0));
}

std::uint64_t milliseconds(std::uint64_t nanoseconds) { return nanoseconds / 1'000'000; }

BOOST_AUTO_TEST_CASE(what_was_due_and_never_sent_had_waited_until_the_time_was_over) {
    auto plan = open_plan(10, 1);
    plan.time = 1s;
    schedule open(plan, zero);
    BOOST_TEST(open.next(zero, 0).has_value());
    BOOST_TEST(open.next(zero + 850ms, 0).has_value());
    BOOST_TEST(open.unsent(zero + 850ms).count() == 7U); // of 200 to 800 ms
    BOOST_TEST(take_all(open, zero + 1s, 1).empty());
    open.all_begun(zero + 1s);
    BOOST_TEST(open.over(zero + 1s));
    for (auto const now : {1s, 60s}) { // whatever the last session took
        auto const waits = open.unsent(zero + now);
        BOOST_TEST(waits.count() == 8U); // of 200 to 900 ms
        BOOST_TEST(milliseconds(waits.min()) == 100U);
        BOOST_TEST(milliseconds(waits.max()) == 800U);
        BOOST_TEST(milliseconds(static_cast<std::uint64_t>(waits.mean())) == 450U);
    }
}

BOOST_AUTO_TEST_CASE(what_is_unsent_goes_by_what_counts) {
    auto plan = open_plan(10, 1);
    plan.time = 1s;
    plan.warm_up = 2s;
    plan.ramp = 2s; // ten are due in it
    plan.messages_per_session = 2;
    schedule stuck(plan, zero);
    BOOST_TEST(!stuck.next(zero, 0)->counts); // and it never ends
    BOOST_TEST(stuck.unsent(zero + 2s).empty());
    BOOST_TEST(stuck.unsent(zero + 5s).count() == 10U);
    BOOST_TEST(milliseconds(stuck.unsent(zero + 5s).max()) == 1000U);
    plan.mails = 3;
    BOOST_TEST(schedule(plan, zero).unsent(zero + 5s).count() == 3U);
    plan.warm_up_mails = 1; // there is no end before it is over
    BOOST_TEST(schedule(plan, zero).unsent(zero + 5s).empty());
    BOOST_TEST(schedule(plan_of(1), zero).unsent(zero + 5s).empty());
}

BOOST_AUTO_TEST_CASE(more_than_can_be_told_apart_is_counted_and_had_waited_no_longer_than_said) {
    auto plan = open_plan(3'000'001, 1);
    plan.time = 1s;
    schedule open(plan, zero);
    BOOST_TEST(open.next(zero, 0).has_value());
    auto const waits = open.unsent(zero + 1s);
    BOOST_TEST(waits.count() == 3'000'000U);
    BOOST_TEST(milliseconds(waits.max()) == 999U);
    BOOST_TEST(waits.mean() < 0.5e9);
    BOOST_TEST(waits.mean() > 0.49e9);
}

BOOST_AUTO_TEST_CASE(a_driver_that_is_late_at_the_end_sends_what_finds_a_place) {
    auto plan = open_plan(10, 6);
    plan.time = 1s;
    schedule open(plan, zero);
    for (int i = 0; i < 8; ++i) BOOST_TEST(open.next(zero + 700ms, 0).has_value());
    open.all_begun(zero + 700ms);
    BOOST_TEST(!open.over(zero + 1050ms));
    auto const last = take_all(open, zero + 1050ms, 0);
    BOOST_TEST(last.size() == 2U); // of 800 and 900 ms; the next one is not due within the time
    open.all_begun(zero + 1050ms);
    BOOST_TEST(open.over(zero + 1050ms));
    BOOST_TEST(open.unsent(zero + 1050ms).empty());

    schedule full(plan, zero);
    BOOST_TEST(take_all(full, zero + 1050ms, 0).size() == 6U);
    full.all_begun(zero + 1050ms);
    BOOST_TEST(!full.next(zero + 1050ms, 0)); // a place that is free too late
    BOOST_TEST((full.wakes(zero + 1050ms, 0) == proto::never));
    BOOST_TEST(full.unsent(zero + 1050ms).count() == 4U);
}

BOOST_AUTO_TEST_CASE(sessions_share_out_the_messages_and_get_back_what_was_not_sent) {
    auto plan = plan_of(10);
    plan.mails = 5;
    plan.messages_per_session = 3;
    schedule closed(plan, zero);
    auto const all = take_all(closed, zero, 0);
    BOOST_TEST(all.size() == 2U);
    BOOST_TEST(all[0].messages == 3U);
    BOOST_TEST(all[1].messages == 2U);
    BOOST_TEST(closed.over(zero));
    closed.give_back(2, true);
    BOOST_TEST(!closed.over(zero));
    BOOST_TEST(closed.next(zero, 0)->messages == 2U);
    BOOST_TEST(closed.over(zero));
}

BOOST_AUTO_TEST_CASE(the_parts_of_all_workers_are_the_whole) {
    auto plan = open_plan(90, 7);
    plan.mails = 10;
    plan.warm_up_mails = 4;
    std::uint64_t mails = 0, warm_up = 0;
    std::size_t places = 0;
    double rate = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        auto const mine = milter::load::share_of(plan, i, 3);
        mails += *mine.mails;
        warm_up += mine.warm_up_mails;
        places += mine.concurrency;
        rate += *mine.rate;
    }
    BOOST_TEST(mails == 10U);
    BOOST_TEST(warm_up == 4U);
    BOOST_TEST(places == 7U);
    BOOST_TEST(rate == 90);
}

BOOST_AUTO_TEST_SUITE_END()
