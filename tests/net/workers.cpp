// SPDX-License-Identifier: BSL-1.0
// tests/net/workers.cpp - threads that share nothing, and end together

#include "milter/net/workers.hpp"

#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

using milter::net::workers;

BOOST_AUTO_TEST_SUITE(net_workers)

BOOST_AUTO_TEST_CASE(there_is_always_one) { BOOST_TEST(workers(0).size() == 1U); }

BOOST_AUTO_TEST_CASE(they_take_turns) {
    workers all(3);
    std::vector<std::size_t> turns;
    turns.reserve(6);
    for (int i = 0; i < 6; ++i) turns.push_back(all.next());
    BOOST_TEST(turns == (std::vector<std::size_t>{0, 1, 2, 0, 1, 2}));
}

BOOST_AUTO_TEST_CASE(each_has_its_own_thread_the_first_that_of_the_caller) {
    workers all(3);
    std::vector<std::thread::id> ids(3);
    for (std::size_t i = 0; i < 3; ++i)
        boost::asio::post(all[i], [&ids, i] { ids[i] = std::this_thread::get_id(); });
    all.release();
    all.run();
    BOOST_TEST((ids[0] == std::this_thread::get_id()));
    BOOST_TEST(std::set<std::thread::id>(ids.begin(), ids.end()).size() == 3U);
}

BOOST_AUTO_TEST_CASE(released_they_finish_their_work_first) {
    workers all(2);
    std::atomic<int> done = 0;
    for (int i = 0; i < 10; ++i) boost::asio::post(all[all.next()], [&] { ++done; });
    all.release();
    all.run();
    BOOST_TEST(done == 10);
}

BOOST_AUTO_TEST_CASE(any_of_them_may_stop_all) {
    workers all(2);
    boost::asio::post(all[1], [&] { all.stop(); });
    all.run(); // would wait for ever
    BOOST_TEST(true);
}

BOOST_AUTO_TEST_SUITE_END()
