// SPDX-License-Identifier: BSL-1.0
// tests/service/poller.cpp - descriptors, deadlines and errands of one thread

#include "manager/service/poller.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using milter::manager::poller;
using milter::proto::never;

struct told final : poller::watcher {
    explicit told(std::function<void(std::uint32_t)> what) : tell(std::move(what)) {}
    void ready(std::uint32_t events) override { tell(events); }
    std::function<void(std::uint32_t)> tell;
};

struct sockets {
    std::array<int, 2> ends{};
    sockets() { ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()); }
    sockets(sockets const&) = delete;
    sockets& operator=(sockets const&) = delete;
    ~sockets() {
        for (int const one : ends) ::close(one);
    }
    void say(char const* text) const { ::send(ends[1], text, 1, MSG_NOSIGNAL); }
    char hear() const {
        char one = '\0';
        return ::recv(ends[0], &one, 1, 0) == 1 ? one : '\0';
    }
};

struct fixture {
    poller waits;
    milter::error_code ec;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(manager_poller, fixture)

BOOST_AUTO_TEST_CASE(what_is_not_read_is_told_again) {
    sockets const pair;
    pair.say("a");
    int times = 0;
    told reader([&](std::uint32_t events) {
        BOOST_TEST(events == static_cast<std::uint32_t>(EPOLLIN));
        if (++times == 3) waits.stop();
    });
    waits.watch(pair.ends[0], EPOLLIN, reader, ec);
    waits.run();
    BOOST_TEST(!ec);
    BOOST_TEST(times == 3);
    BOOST_TEST(pair.hear() == 'a');
}

BOOST_AUTO_TEST_CASE(who_is_forgotten_is_told_nothing_of_the_same_turn) {
    sockets const one, other;
    one.say("a");
    other.say("b");
    int times = 0;
    std::vector<std::pair<told*, int>> all;
    auto const forget_the_others = [&](told const* self) {
        ++times;
        for (auto const& [who, descriptor] : all)
            if (who != self) waits.forget(descriptor, *who);
        waits.stop();
    };
    told first([&](std::uint32_t) { forget_the_others(&first); });
    told second([&](std::uint32_t) { forget_the_others(&second); });
    all = {{&first, one.ends[0]}, {&second, other.ends[0]}};
    for (auto const& [who, descriptor] : all) waits.watch(descriptor, EPOLLIN, *who, ec);
    waits.run();
    BOOST_TEST(times == 1);
}

BOOST_AUTO_TEST_CASE(descriptor_that_cannot_be_watched_is_an_error) {
    told nobody([](std::uint32_t) {});
    waits.watch(-1, EPOLLIN, nobody, ec);
    BOOST_TEST((ec == std::errc::bad_file_descriptor));
}

BOOST_AUTO_TEST_CASE(alarms_ring_in_the_order_of_their_times_and_once) {
    std::string rung;
    auto const start = waits.now();
    poller::alarm last(waits, [&] {
        rung += 'c';
        waits.stop();
    });
    poller::alarm middle(waits, [&] { rung += 'b'; });
    poller::alarm first(waits, [&] { rung += 'a'; });
    last.set(start + 4ms);
    middle.set(start + 2ms);
    first.set(start + 1ms);
    waits.run();
    BOOST_TEST(rung == "abc");
    BOOST_TEST((waits.now() >= start + 4ms));
}

BOOST_AUTO_TEST_CASE(alarms_of_one_turn_ring_in_the_order_of_their_times) {
    std::string rung;
    auto const start = waits.now();
    poller::alarm last(waits, [&] {
        rung += 'c';
        waits.stop();
    });
    poller::alarm first(waits, [&] { rung += 'a'; });
    poller::alarm middle(waits, [&] { rung += 'b'; });
    last.set(start - 1ms);
    first.set(start - 3ms);
    middle.set(start - 2ms);
    waits.run();
    BOOST_TEST(rung == "abc");
}

BOOST_AUTO_TEST_CASE(alarm_that_was_moved_away_rings_at_its_new_time) {
    auto const start = waits.now();
    auto rung_at = never;
    poller::alarm one(waits, [&] {
        rung_at = waits.now();
        waits.stop();
    });
    one.set(start + 1ms);
    one.set(start + 20ms);
    waits.run();
    BOOST_TEST((rung_at >= start + 20ms));
}

BOOST_AUTO_TEST_CASE(alarm_that_was_moved_nearer_rings_at_its_new_time) {
    poller::alarm one(waits, [&] { waits.stop(); });
    one.set(waits.now() + 1h);
    one.set(waits.now() + 1ms);
    waits.run(); // else it would take an hour
}

BOOST_AUTO_TEST_CASE(alarm_that_was_taken_back_or_has_died_does_not_ring) {
    auto const start = waits.now();
    int rung = 0;
    poller::alarm silent(waits, [&] { ++rung; });
    silent.set(start + 1ms);
    silent.set(never);
    {
        poller::alarm dead(waits, [&] { ++rung; });
        dead.set(start + 1ms);
    }
    poller::alarm last(waits, [&] { waits.stop(); });
    last.set(start + 10ms);
    waits.run();
    BOOST_TEST(rung == 0);
}

BOOST_AUTO_TEST_CASE(alarm_that_is_always_due_keeps_nobody_waiting) {
    sockets const pair;
    poller::alarm hasty(waits, [&] { hasty.set(waits.now()); });
    hasty.set(waits.now());
    told reader([&](std::uint32_t) { waits.stop(); });
    waits.watch(pair.ends[0], EPOLLIN, reader, ec);
    poller::alarm later(waits, [&] { pair.say("a"); });
    later.set(waits.now() + 1ms);
    waits.run();
    BOOST_TEST(!ec);
}

BOOST_AUTO_TEST_CASE(errands_of_other_threads_are_carried_out_in_order_and_none_is_lost) {
    constexpr int each = 2000;
    std::vector<std::vector<int>> came(3);
    int done = 0;
    std::vector<std::thread> threads;
    threads.reserve(came.size());
    for (auto& mine : came)
        threads.emplace_back([&] {
            for (int i = 0; i < each; ++i)
                waits.post([&mine, &done, i] {
                    mine.push_back(i);
                    ++done;
                });
        });
    poller::alarm look(waits, [&] {
        if (done == 3 * each) return waits.stop();
        look.set(waits.now() + 1ms);
    });
    look.set(waits.now() + 1ms);
    waits.run();
    for (auto& one : threads) one.join();
    for (auto const& mine : came) {
        BOOST_REQUIRE(mine.size() == static_cast<std::size_t>(each));
        for (int i = 0; i < each; ++i) BOOST_REQUIRE(mine[static_cast<std::size_t>(i)] == i);
    }
}

BOOST_AUTO_TEST_CASE(errand_may_leave_another_one) {
    std::string done;
    waits.post([&] {
        done += 'a';
        waits.post([&] {
            done += 'b';
            waits.stop();
        });
    });
    waits.run();
    BOOST_TEST(done == "ab");
}

BOOST_AUTO_TEST_CASE(errands_left_behind_are_dropped) {
    auto const kept = std::make_shared<int>(0);
    {
        poller other;
        other.post([kept] { ++*kept; });
        BOOST_TEST(kept.use_count() == 2);
    }
    BOOST_TEST(kept.use_count() == 1);
    BOOST_TEST(*kept == 0);
}

BOOST_AUTO_TEST_CASE(what_is_left_for_the_end_of_a_turn_is_done_when_nobody_is_told) {
    sockets const pair;
    pair.say("a");
    bool telling = false;
    int ends = 0;
    told reader([&](std::uint32_t) {
        telling = true;
        pair.hear();
        waits.stop();
        telling = false;
    });
    waits.watch(pair.ends[0], EPOLLIN, reader, ec);
    waits.run([&] {
        BOOST_TEST(!telling);
        ++ends;
    });
    BOOST_TEST(ends == 1);
}

BOOST_AUTO_TEST_SUITE_END()
