// SPDX-License-Identifier: BSL-1.0
// tests/net/watchdog.cpp - barks once for each deadline that has passed, and for no other

#include "milter/net/watchdog.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>

using milter::net::watchdog;
using namespace std::chrono_literals;
namespace proto = milter::proto;

namespace {

proto::time_point in(proto::duration time) { return proto::clock::now() + time; }

struct kennel {
    boost::asio::io_context context{1};
    int barks = 0;
    watchdog dog{context.get_executor(), [this] { ++barks; }};

    /// Until nothing is waited for.
    void run() {
        context.restart();
        context.run();
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(net_watchdog)

BOOST_AUTO_TEST_CASE(barks_once_when_the_deadline_has_passed) {
    kennel one;
    auto const deadline = in(2ms);
    one.dog.until(deadline);
    one.run();
    BOOST_TEST(one.barks == 1);
    BOOST_TEST((proto::clock::now() >= deadline));
    one.run();
    BOOST_TEST(one.barks == 1);
}

BOOST_AUTO_TEST_CASE(barks_at_a_deadline_in_the_past) {
    kennel one;
    one.dog.until(in(-1h));
    one.run();
    BOOST_TEST(one.barks == 1);
}

BOOST_AUTO_TEST_CASE(a_deadline_that_was_taken_back_is_none) {
    kennel one;
    one.dog.until(in(2ms));
    one.dog.until(proto::never);
    one.run();
    BOOST_TEST(one.barks == 0);
}

BOOST_AUTO_TEST_CASE(a_deadline_moved_away_is_waited_for) {
    kennel one;
    one.dog.until(in(1ms));
    auto const later = in(20ms);
    one.dog.until(later);
    one.run();
    BOOST_TEST(one.barks == 1);
    BOOST_TEST((proto::clock::now() >= later));
}

BOOST_AUTO_TEST_CASE(a_deadline_moved_nearer_is_not_slept_through) {
    kennel one;
    one.dog.until(in(24h));
    one.dog.until(in(1ms));
    one.run(); // would hang for a day
    BOOST_TEST(one.barks == 1);
}

BOOST_AUTO_TEST_CASE(each_deadline_has_its_own_bark) {
    kennel one;
    one.dog.until(in(1ms));
    one.run();
    one.dog.until(in(1ms));
    one.run();
    BOOST_TEST(one.barks == 2);
}

BOOST_AUTO_TEST_CASE(stopped_it_is_silent) {
    kennel one;
    one.dog.until(in(1ms));
    one.dog.stop();
    one.run();
    BOOST_TEST(one.barks == 0);
}

BOOST_AUTO_TEST_CASE(who_barks_may_die_of_it) {
    boost::asio::io_context context{1};
    std::unique_ptr<watchdog> dog;
    int barks = 0;
    dog = std::make_unique<watchdog>(context.get_executor(), [&] {
        ++barks;
        dog.reset();
    });
    dog->until(in(1ms));
    context.run();
    BOOST_TEST(barks == 1);
    BOOST_TEST(!dog);
}

BOOST_AUTO_TEST_CASE(dead_it_is_silent_though_its_timer_was_running) {
    boost::asio::io_context context{1};
    int barks = 0;
    {
        watchdog dog(context.get_executor(), [&] { ++barks; });
        dog.until(in(1ms));
    }
    context.run();
    BOOST_TEST(barks == 0);
}

BOOST_AUTO_TEST_CASE(a_new_deadline_may_be_set_while_barking) {
    boost::asio::io_context context{1};
    int barks = 0;
    std::unique_ptr<watchdog> dog;
    dog = std::make_unique<watchdog>(context.get_executor(), [&] {
        if (++barks < 3) dog->until(in(1ms));
    });
    dog->until(in(1ms));
    context.run();
    BOOST_TEST(barks == 3);
}

BOOST_AUTO_TEST_SUITE_END()
