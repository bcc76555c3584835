// SPDX-License-Identifier: BSL-1.0
// tests/message/memory_budget.cpp - no more is given out than there is, and all of it comes back

#include <milter/message/memory_budget.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

using milter::message::memory_budget;
using milter::message::memory_share;

BOOST_AUTO_TEST_SUITE(memory)

BOOST_AUTO_TEST_CASE(no_more_is_given_out_than_there_is) {
    memory_budget budget(100);
    memory_share one, other;
    BOOST_TEST(one.grow(&budget, 60));
    BOOST_TEST(!other.grow(&budget, 41));
    BOOST_TEST(other.size() == 0u);
    BOOST_TEST(other.grow(&budget, 40));
    BOOST_TEST(!one.grow(&budget, 1));
    BOOST_TEST(!one.grow(&budget, static_cast<std::size_t>(-1)));
    one.clear();
    BOOST_TEST(budget.taken() == 40u);
    BOOST_TEST(other.grow(&budget, 60));
}

BOOST_AUTO_TEST_CASE(share_is_given_back_once_when_it_dies_or_moves) {
    memory_budget budget(100);
    {
        memory_share one;
        BOOST_TEST(one.grow(&budget, 10));
        memory_share moved = std::move(one);
        memory_share assigned;
        assigned = std::move(moved);
        BOOST_TEST(assigned.size() == 10u);
        BOOST_TEST(budget.taken() == 10u);
    }
    BOOST_TEST(budget.taken() == 0u);
}

BOOST_AUTO_TEST_CASE(limit_below_what_is_taken_gives_nothing_until_enough_came_back) {
    memory_budget budget(100);
    memory_share one, other;
    BOOST_TEST(one.grow(&budget, 80));
    budget.limit(50);
    BOOST_TEST(!other.grow(&budget, 1));
    one.clear();
    BOOST_TEST(other.grow(&budget, 50));
}

BOOST_AUTO_TEST_CASE(who_leaves_some_to_others_is_refused_first) {
    memory_budget budget(100);
    memory_share one, other;
    BOOST_TEST(one.grow(&budget, 75, 25));
    BOOST_TEST(!one.grow(&budget, 1, 25));
    BOOST_TEST(!one.grow(&budget, 1, 1000));
    BOOST_TEST(other.grow(&budget, 25));
}

BOOST_AUTO_TEST_CASE(without_budget_there_is_no_limit) {
    memory_share one;
    BOOST_TEST(one.grow(nullptr, 1'000'000));
    BOOST_TEST(one.size() == 1'000'000u);
}

BOOST_AUTO_TEST_CASE(threads_never_take_more_than_there_is) {
    memory_budget budget(1000);
    std::atomic<bool> too_much = false;
    auto const work = [&](std::size_t step) {
        for (int i = 0; i < 20'000; ++i) {
            memory_share mine;
            while (mine.size() < 500 && mine.grow(&budget, step)) {
            }
            if (budget.taken() > 1000) too_much = true;
        }
    };
    std::vector<std::thread> threads;
    for (std::size_t const step : {7u, 50u, 130u}) threads.emplace_back(work, step);
    for (auto& thread : threads) thread.join();
    BOOST_TEST(!too_much);
    BOOST_TEST(budget.taken() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
