// SPDX-License-Identifier: BSL-1.0
// tests/service/breaker.cpp - when an endpoint is tried and when not, under a clock of our own

#include "manager/core/breaker.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using milter::manager::breaker;
using milter::manager::breaker_settings;
using finding = milter::manager::breaker_finding;
using state = breaker::state;

namespace {

struct fixture {
    breaker one{{3, 30s, 1s, 8s, 10s}};
    milter::proto::time_point now{1000h};

    finding fail(double chance = 0) { return one.admit(now).failed(now, chance); }
    void fail_times(int times) {
        for (int i = 0; i < times; ++i) fail();
    }
    /// The leave of who asks so much later.
    breaker::leave after(milter::proto::duration time) {
        now += time;
        return one.admit(now);
    }
    bool admits_after(milter::proto::duration time) { // and gives it back
        now += time;
        return bool(one.admit(now));
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(breaker_, fixture)

BOOST_AUTO_TEST_CASE(closed_one_lets_all_through) {
    for (int i = 0; i < 100; ++i) BOOST_TEST(admits_after(1ms));
    BOOST_TEST((one.at(now) == state::closed));
}

BOOST_AUTO_TEST_CASE(what_came_of_the_last_connection_is_known_whether_it_counts_or_not) {
    using experience = breaker::experience;
    breaker never_opens{{0, 30s, 1s, 8s, 10s}};
    for (auto* each : {&one, &never_opens}) {
        BOOST_TEST((each->last() == experience::none));
        each->admit(now).give_back();
        BOOST_TEST((each->last() == experience::none));
        each->admit(now).failed(now, 0);
        BOOST_TEST((each->last() == experience::failed));
        BOOST_TEST((each->at(now) == state::closed));
        each->admit(now).worked();
        BOOST_TEST((each->last() == experience::worked));
    }
}

BOOST_AUTO_TEST_CASE(opens_at_the_failure_that_is_too_many_and_says_so_once) {
    auto late = one.admit(now);
    BOOST_TEST((fail() == finding::counted));
    BOOST_TEST((fail() == finding::counted));
    BOOST_TEST(one.admits(now));
    BOOST_TEST((fail() == finding::opened));
    BOOST_TEST((late.failed(now, 0) == finding::known));
    BOOST_TEST(!one.admits(now));
    BOOST_TEST(!one.admit(now));
    BOOST_TEST((one.at(now) == state::open));
    BOOST_TEST((one.pause_left(now) == 1s));
}

BOOST_AUTO_TEST_CASE(no_number_of_failures_opens_one_that_is_switched_off) {
    breaker off{{0, 30s, 1s, 8s, 10s}};
    for (int i = 0; i < 1000; ++i) BOOST_TEST((off.admit(now).failed(now, 0) == finding::counted));
    BOOST_TEST((off.at(now) == state::closed));
}

BOOST_AUTO_TEST_CASE(failures_further_apart_than_the_window_do_not_count_together) {
    for (int i = 0; i < 20; ++i) {
        fail_times(2);
        BOOST_TEST(admits_after(31s));
    }
}

BOOST_AUTO_TEST_CASE(window_begins_with_the_first_failure) {
    BOOST_TEST(admits_after(1h));
    fail();
    BOOST_TEST(admits_after(30s));
    fail();
    BOOST_TEST((fail() == finding::opened));
}

BOOST_AUTO_TEST_CASE(success_forgets_the_failures_before_it) {
    for (int i = 0; i < 20; ++i) {
        fail_times(2);
        BOOST_TEST(!one.admit(now).worked()); // it was not open
    }
    BOOST_TEST(one.admits(now));
}

BOOST_AUTO_TEST_CASE(one_session_tries_when_the_pause_is_over) {
    fail_times(3);
    BOOST_TEST(!after(999ms));
    auto trial = after(1ms);
    BOOST_TEST(bool(trial));
    BOOST_TEST((one.at(now) == state::half_open));
    BOOST_TEST(!one.admit(now));
    BOOST_TEST(trial.worked());
    BOOST_TEST(bool(one.admit(now)));
    BOOST_TEST((one.at(now) == state::closed));
}

BOOST_AUTO_TEST_CASE(pauses_double_up_to_the_longest_and_begin_anew_after_a_success) {
    fail_times(3);
    for (auto const pause : {1s, 2s, 4s, 8s, 8s}) {
        BOOST_TEST(!after(pause - 1ms));
        auto trial = after(1ms);
        BOOST_TEST(bool(trial));
        BOOST_TEST((trial.failed(now, 0) == finding::known));
    }
    BOOST_TEST(after(8s).worked());
    fail_times(3);
    BOOST_TEST(!after(999ms));
    BOOST_TEST(bool(after(1ms)));
}

BOOST_AUTO_TEST_CASE(first_pause_is_not_longer_than_the_longest) {
    breaker odd{{1, 30s, 1min, 2s, 10s}};
    odd.admit(now).failed(now, 0);
    BOOST_TEST((odd.pause_left(now) == 2s));
}

BOOST_AUTO_TEST_CASE(late_failures_of_sessions_let_in_before_change_nothing) {
    std::vector<breaker::leave> before(50);
    for (auto& leave : before) leave = one.admit(now);
    fail_times(3);
    now += 500ms;
    for (auto& leave : before) BOOST_TEST((leave.failed(now, 0) == finding::known));
    BOOST_TEST(!after(499ms));
    BOOST_TEST(bool(after(1ms)));
}

BOOST_AUTO_TEST_CASE(late_failure_of_a_session_let_in_before_does_not_end_the_trial) {
    auto before = one.admit(now);
    fail_times(3);
    auto trial = after(1s);
    before.failed(now, 0);
    BOOST_TEST((one.at(now) == state::half_open));
    BOOST_TEST(trial.worked());
}

BOOST_AUTO_TEST_CASE(who_was_let_in_before_and_is_served_closes_it) {
    auto before = one.admit(now);
    fail_times(3);
    BOOST_TEST(before.worked());
    BOOST_TEST((one.at(now) == state::closed));
}

BOOST_AUTO_TEST_CASE(trial_that_is_not_heard_of_makes_room_for_another_and_decides_nothing_later) {
    fail_times(3);
    auto lost = after(1s);
    BOOST_TEST(!after(9s));
    auto other = after(1001ms);
    BOOST_TEST(bool(other));
    lost.failed(now, 0);
    BOOST_TEST((one.at(now) == state::half_open));
    BOOST_TEST(other.worked());
}

BOOST_AUTO_TEST_CASE(trial_without_a_result_is_given_back_at_once) {
    fail_times(3);
    {
        auto trial = after(1s);
        BOOST_TEST(bool(trial));
        BOOST_TEST(!one.admit(now));
        auto moved = std::move(trial);
        BOOST_TEST(!one.admit(now));
    }
    auto second = one.admit(now);
    BOOST_TEST(bool(second));
    second = {};
    BOOST_TEST((one.at(now) == state::half_open));
    auto third = one.admit(now);
    third.failed(now, 0);
    third.give_back(); // it has been used
    BOOST_TEST(!after(1999ms));
    BOOST_TEST(bool(after(1ms)));
}

BOOST_AUTO_TEST_CASE(leave_that_is_no_trial_is_given_back_without_a_trace) {
    auto before = one.admit(now);
    fail_times(3);
    before.give_back();
    BOOST_TEST(!one.admit(now));
}

BOOST_AUTO_TEST_CASE(chance_makes_a_pause_shorter_by_a_quarter_at_most) {
    fail_times(2);
    fail(1);
    BOOST_TEST(!after(749ms));
    BOOST_TEST(bool(after(1ms)));
}

BOOST_AUTO_TEST_CASE(one_of_many_threads_tries) {
    for (int round = 0; round < 100; ++round) {
        fail_times(3);
        now += 1s;
        std::vector<breaker::leave> leaves(4);
        std::vector<std::thread> threads;
        threads.reserve(leaves.size());
        for (auto& leave : leaves) threads.emplace_back([&] { leave = one.admit(now); });
        for (auto& thread : threads) thread.join();
        int let_in = 0;
        for (auto& leave : leaves)
            if (leave) {
                ++let_in;
                leave.worked();
            }
        BOOST_TEST(let_in == 1);
    }
}

BOOST_AUTO_TEST_CASE(one_of_many_threads_opens_it) {
    for (int round = 0; round < 100; ++round) {
        breaker fresh{{4, 30s, 1s, 8s, 10s}};
        std::atomic<int> opened = 0;
        std::vector<std::thread> threads;
        threads.reserve(4);
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int k = 0; k < 4; ++k)
                    if (fresh.admit(now).failed(now, 0) == finding::opened) ++opened;
            });
        for (auto& thread : threads) thread.join();
        BOOST_TEST(opened == 1);
    }
}

BOOST_AUTO_TEST_SUITE_END()
