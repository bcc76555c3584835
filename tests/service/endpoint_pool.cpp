// SPDX-License-Identifier: BSL-1.0
// tests/service/endpoint_pool.cpp - which endpoint a session tries, for how long, and what others learn of it

#include "manager/core/endpoint_pool.hpp"

#include "manager/core/config.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace milter::manager;
using namespace std::chrono_literals;

namespace {

milter::endpoint at(std::string const& path) { return *milter::parse_endpoint(path); }

constexpr breaker_settings quick{1, 30s, 10s, 10s, 8s}; // opens with the first failure

struct fixture {
    milter::proto::time_point now{1000h};

    /// Paths that one session tries, one after the other: each is said to have failed when `fails`.
    std::string way(endpoint_pool& through, bool fails = false) const {
        std::string tried;
        attempt one;
        one.begin(through, now + 3s);
        while (one.next(now)) {
            tried += one.where().path;
            if (fails) one.failed("it is down", now, 0);
        }
        return tried;
    }
};

std::vector<milter::endpoint> const three = {at("/a"), at("/b"), at("/c")};

} // namespace

BOOST_FIXTURE_TEST_SUITE(endpoint_pool_, fixture)

BOOST_AUTO_TEST_CASE(fail_over_begins_with_the_first_and_tries_each_once) {
    endpoint_pool pool(three, balance::fail_over, {});
    for (int i = 0; i < 3; ++i) BOOST_TEST(way(pool) == "/a/b/c");
}

BOOST_AUTO_TEST_CASE(round_robin_begins_with_the_next_one_and_tries_each_once) {
    endpoint_pool pool(three, balance::round_robin, {});
    for (auto const* const wanted : {"/a/b/c", "/b/c/a", "/c/a/b", "/a/b/c"})
        BOOST_TEST(way(pool) == wanted);
}

BOOST_AUTO_TEST_CASE(endpoint_that_is_down_is_passed_over) {
    endpoint_pool pool(three, balance::fail_over, quick);
    attempt one;
    one.begin(pool, now + 3s);
    one.next(now);
    BOOST_TEST((one.failed("no", now, 0) == breaker_finding::opened));
    BOOST_TEST(way(pool) == "/b/c");
    BOOST_TEST((pool.at(0, now) == breaker::state::open));
    BOOST_TEST((pool.at(1, now) == breaker::state::closed));
}

BOOST_AUTO_TEST_CASE(when_all_are_down_there_is_none_to_try_and_a_reason) {
    endpoint_pool pool(three, balance::fail_over, quick);
    BOOST_TEST(way(pool, true) == "/a/b/c");
    attempt one;
    one.begin(pool, now + 3s);
    BOOST_TEST(!one.next(now));
    BOOST_TEST(one.reason() == "it is down");
}

BOOST_AUTO_TEST_CASE(what_sessions_found_is_known_of_each_endpoint) {
    endpoint_pool pool(three, balance::fail_over, quick);
    attempt one;
    one.begin(pool, now + 3s);
    one.next(now);
    one.failed("it is down", now, 0);
    one.next(now);
    one.worked();
    auto const first = pool.known_of(0, now);
    BOOST_TEST((first.state == breaker::state::open));
    BOOST_TEST((first.last == breaker::experience::failed));
    BOOST_TEST((first.pause == 10s));
    BOOST_TEST(first.reason == "it is down");
    auto const second = pool.known_of(1, now);
    BOOST_TEST((second.state == breaker::state::closed));
    BOOST_TEST((second.last == breaker::experience::worked));
    BOOST_TEST((pool.known_of(2, now).last == breaker::experience::none));
    BOOST_TEST((pool.known_of(0, now + 10s).state == breaker::state::half_open));
}

BOOST_AUTO_TEST_CASE(time_is_shared_by_the_endpoints_that_may_be_tried) {
    endpoint_pool pool(three, balance::fail_over, quick);
    attempt one;
    one.begin(pool, now + 3s);
    BOOST_TEST(one.next(now));
    BOOST_TEST((one.deadline() == now + 1s));
    now += 1s;
    one.failed("silent", now, 0);
    BOOST_TEST(one.next(now));
    BOOST_TEST((one.deadline() == now + 1s));
    now += 500ms; // what one does not use is left to the others
    BOOST_TEST(one.next(now));
    BOOST_TEST((one.deadline() == now + 1500ms));
    attempt other; // the first is down: two share
    other.begin(pool, now + 3s);
    BOOST_TEST(other.next(now));
    BOOST_TEST((other.deadline() == now + 1500ms));
}

BOOST_AUTO_TEST_CASE(no_endpoint_is_tried_when_the_time_is_over) {
    endpoint_pool pool(three, balance::fail_over, {});
    attempt one;
    one.begin(pool, now + 3s);
    BOOST_TEST(one.next(now));
    now += 3s;
    BOOST_TEST(one.is_late(now));
    BOOST_TEST(!one.next(now));
}

BOOST_AUTO_TEST_CASE(trial_of_an_attempt_that_ends_without_a_word_is_given_back) {
    endpoint_pool pool({at("/a")}, balance::fail_over, quick);
    way(pool, true);
    now += 10s;
    {
        attempt one;
        one.begin(pool, now + 3s);
        BOOST_TEST(one.next(now));
        BOOST_TEST(way(pool).empty());
    }
    attempt one;
    one.begin(pool, now + 3s);
    BOOST_TEST(one.next(now));
    one.begin(pool, now + 3s); // anew
    BOOST_TEST(one.next(now));
    BOOST_TEST(!one.next(now));
    BOOST_TEST(way(pool) == "/a");
}

BOOST_AUTO_TEST_CASE(what_is_known_of_an_endpoint_outlives_a_reload_that_leaves_it) {
    endpoint_pool const before({at("/a"), at("/b")}, balance::fail_over, quick);
    endpoint_pool same({at("/b"), at("/a"), at("/c")}, balance::round_robin, quick, &before);
    BOOST_TEST(way(same, true) == "/b/a/c");
    BOOST_TEST((before.at(0, now) == breaker::state::open)); // sessions of both share it
    BOOST_TEST((before.at(1, now) == breaker::state::open));
    endpoint_pool after({at("/a"), at("/d")}, balance::fail_over, quick, &same);
    BOOST_TEST(way(after) == "/d");
    auto other_settings = quick;
    other_settings.failures = 2;
    endpoint_pool fresh({at("/a"), at("/d")}, balance::fail_over, other_settings, &same);
    BOOST_TEST(way(fresh) == "/a/d");
}

BOOST_AUTO_TEST_CASE(endpoints_are_kept_by_the_name_of_their_milter) {
    config settings;
    settings.milters.resize(2);
    settings.milters[0].name = "a";
    settings.milters[1].name = "b";
    for (auto& one : settings.milters) {
        one.sockets = {at("/a")};
        one.breaker = quick;
    }
    auto const first = with_endpoints(settings);
    way(*first->milters[0].endpoints, true);
    std::swap(settings.milters[0], settings.milters[1]);
    settings.milters[1].on_error = on_error::accept;
    settings.milters[1].timeouts.connect = 1s;
    auto const second = with_endpoints(settings, first.get());
    BOOST_TEST(way(*second->milters[0].endpoints) == "/a"); // b, which nobody found down
    BOOST_TEST(way(*second->milters[1].endpoints).empty());
}

BOOST_AUTO_TEST_CASE(threads_share_endpoints_and_reasons_without_mixing_them_up) {
    endpoint_pool pool(three, balance::round_robin, {2, 30s, 1ms, 4ms, 1s});
    std::string const reasons[] = {std::string(100, 'x'), std::string(300, 'y')};
    std::atomic<int> mixed_up = 0;
    auto const work = [&](std::size_t number) {
        auto when = now;
        for (int i = 0; i < 2000; ++i, when += 100us) {
            attempt one;
            one.begin(pool, when + 3s);
            while (one.next(when)) {
                if (i % 3 == 0)
                    one.worked();
                else if (i % 7 != 0)
                    one.failed(reasons[number % 2], when, 0.5);
            }
            auto const reason = one.reason();
            if (!reason.empty() && reason != reasons[0] && reason != reasons[1]) ++mixed_up;
        }
    };
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (std::size_t i = 0; i < 4; ++i) threads.emplace_back(work, i);
    for (auto& thread : threads) thread.join();
    BOOST_TEST(mixed_up == 0);
    now += 1h; // no trial was lost
    BOOST_TEST(way(pool).size() == 6U);
}

BOOST_AUTO_TEST_CASE(chances_of_consecutive_sessions_are_spread_evenly_and_repeat) {
    std::vector<int> tenths(10);
    for (std::uint64_t id = 1; id <= 10'000; ++id) {
        auto const chance = chance_of(id);
        BOOST_TEST_REQUIRE((chance >= 0 && chance < 1));
        ++tenths[static_cast<std::size_t>(chance * 10)];
    }
    for (int const count : tenths) BOOST_TEST((count > 850 && count < 1150), count);
    BOOST_TEST(chance_of(7) == chance_of(7));
}

BOOST_AUTO_TEST_SUITE_END()
