// SPDX-License-Identifier: BSL-1.0
// tests/compat/ending.cpp - how smfi_main() comes to its end, whatever its callbacks do
#include "filter_fixture.hpp"
#include <milter/compat/mfapi.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <csignal>
#include <mutex>
#include <string>
#include <vector>

namespace {

using namespace compat_test;
using lines = std::vector<std::string>;

/// From then on a connection that exists is treated as the ending wants it.
bool is_refusing(std::string const& socket) {
    return comes_true([&socket] { return !mta(socket).is_connected(); });
}

std::atomic<bool> is_held{false}, may_go_on{false};

/// Keeps the thread that it comes to from whatever it does.
void hold(int /*signal*/) {
    is_held = true;
    while (!may_go_on) ::poll(nullptr, 0, 1);
}

class held_by_signal {
public:
    explicit held_by_signal(int which) : which_(which) {
        is_held = may_go_on = false;
        struct sigaction action {};
        action.sa_handler = hold;
        ::sigaction(which, &action, &before_);
    }
    held_by_signal(held_by_signal const&) = delete;
    held_by_signal& operator=(held_by_signal const&) = delete;
    ~held_by_signal() { ::sigaction(which_, &before_, nullptr); }

private:
    int which_;
    struct sigaction before_ {};
};

} // namespace

BOOST_AUTO_TEST_SUITE(ending)

BOOST_FIXTURE_TEST_CASE(sigterm_and_sighup_let_a_message_come_to_its_end, filter_fixture) {
    for (int const which : {SIGTERM, SIGHUP}) {
        start();
        mta one(socket);
        one.begin("<a@b>");
        signal(which);
        BOOST_REQUIRE(is_refusing(socket));
        BOOST_TEST(one.ask(packet('E')) == "c");
        BOOST_TEST(one.next().empty());
        BOOST_TEST(ended() == MI_SUCCESS);
    }
}

BOOST_FIXTURE_TEST_CASE(sigint_waits_for_no_message, filter_fixture) {
    description.xxfi_eom = [](SMFICTX*) -> sfsistat {
        own().add("eom");
        return SMFIS_CONTINUE;
    };
    start();
    mta one(socket);
    one.begin("<a@b>");
    signal(SIGINT);
    BOOST_REQUIRE(is_refusing(socket));
    BOOST_TEST(one.ask(packet('E')).empty());
    BOOST_TEST(ended() == MI_SUCCESS);
    BOOST_TEST(own().all().empty());
}

BOOST_FIXTURE_TEST_CASE(a_callback_that_does_not_return_is_left_behind, filter_fixture) {
    static std::mutex held;
    std::unique_lock hold(held);
    description.xxfi_envfrom = [](SMFICTX*, char**) -> sfsistat {
        own().add("envfrom");
        std::lock_guard const wait(held);
        own().add("returns");
        return SMFIS_CONTINUE;
    };
    description.xxfi_close = [](SMFICTX*) -> sfsistat {
        own().add("close");
        return SMFIS_CONTINUE;
    };
    start(2);
    mta stuck(socket);
    stuck.ask(packet_of(wire::negotiate{}));
    stuck.send(packet_of(wire::mail{"<a@b>", {}}) + packet_of(wire::mail{"<c@d>", {}}));
    BOOST_REQUIRE(comes_true([] { return own().all() == lines{"envfrom"}; }));
    signal(SIGINT);
    BOOST_TEST(ended() == MI_SUCCESS);
    BOOST_TEST(stuck.next().empty());

    start(2);
    mta next(socket);
    BOOST_TEST(next.ask(packet_of(wire::negotiate{})).front() == 'O');
    BOOST_TEST(stop() == MI_SUCCESS);
    auto& left = milter::compat::this_process().left_behind;
    BOOST_REQUIRE(left.size() == 1U);
    BOOST_TEST(!left.front()->stop());

    hold.unlock();
    // no callback follows it: neither that of the next command nor xxfi_close
    BOOST_TEST(comes_true([&left] { return left.front()->stop(); }));
    BOOST_TEST(own().all() == (lines{"envfrom", "close", "returns"}));
    start(1);
    mta(socket).ask(packet_of(wire::negotiate{}));
    BOOST_TEST(stop() == MI_SUCCESS);
    BOOST_TEST(left.empty());
}

BOOST_FIXTURE_TEST_CASE(a_stop_that_came_during_the_end_is_not_for_the_next_time, filter_fixture) {
    held_by_signal const holder(SIGUSR1);
    start();
    {
        mta one(socket);
        one.ask(packet_of(wire::negotiate{}));
        one.send(packet('Q'));
        BOOST_TEST(one.next().empty());
    }
    signal(SIGUSR1);
    BOOST_REQUIRE(comes_true([] { return is_held.load(); }));
    signal(SIGINT); // ends it by itself, and nobody is connected that would be waited for
    smfi_stop();
    may_go_on = true;
    BOOST_TEST(ended() == MI_SUCCESS);
    start();
    for (int i = 0; i != 100; ++i) {
        mta next(socket);
        BOOST_REQUIRE(next.ask(packet_of(wire::negotiate{})).substr(0, 1) == "O");
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

BOOST_AUTO_TEST_SUITE_END()
