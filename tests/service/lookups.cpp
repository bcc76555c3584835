// SPDX-License-Identifier: BSL-1.0
// tests/service/lookups.cpp - names of hosts: nobody waits for the name of another

#include "manager/service/lookups.hpp"

#include <boost/test/unit_test.hpp>

#include <future>
#include <map>
#include <mutex>
#include <string>
#include <thread>

using namespace milter::manager;
using milter::endpoint;
using milter::error_code;

namespace {

endpoint host(std::string name) { return {endpoint::kind::inet, {}, std::move(name), "25"}; }

/// Answers when it is told to, and counts.
struct name_service {
    std::mutex mutex;
    std::map<std::string, std::promise<error_code>> answers;
    std::map<std::string, std::shared_future<error_code>> held;
    std::map<std::string, int> asked;

    lookups::addresses ask(endpoint const& where, error_code& ec) {
        std::shared_future<error_code> answer;
        {
            std::lock_guard const lock(mutex);
            ++asked[where.host];
            if (auto const one = held.find(where.host); one != held.end()) answer = one->second;
        }
        if (answer.valid()) ec = answer.get();
        if (ec) return {};
        return {milter::net::address(
            boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address("192.0.2.1"), 25))};
    }
    int times(std::string const& name) {
        std::lock_guard const lock(mutex);
        return asked[name];
    }
};

struct fixture {
    std::shared_ptr<name_service> service = std::make_shared<name_service>();
    poller waits;
    lookups names{
        [of = service](endpoint const& where, error_code& ec) { return of->ask(where, ec); }};
    std::string heard;

    void hold(std::string const& name) {
        service->held[name] = service->answers[name].get_future().share();
    }
    void let(std::string const& name, error_code ec = {}) { service->answers[name].set_value(ec); }
    void ask(std::string const& name, int stop_after = 0) {
        names.ask(host(name), waits, [this, name, stop_after](auto const& found, error_code ec) {
            heard += name + (ec ? " failed; " : " " + std::to_string(found.size()) + "; ");
            if (stop_after > 0 && --left == 0) waits.stop();
        });
        if (stop_after > 0) left = stop_after;
    }
    int left = 0;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(manager_lookups, fixture)

BOOST_AUTO_TEST_CASE(slow_name_holds_up_no_other) {
    hold("slow");
    ask("slow", 2);
    ask("quick", 1);
    waits.run();
    BOOST_TEST(heard == "quick 1; ");
    let("slow"); // its thread ends; nobody hears of it, as the poller has ended
}

BOOST_AUTO_TEST_CASE(name_is_asked_for_once_by_all_who_wait_for_it) {
    hold("a");
    ask("a", 3);
    ask("a", 3);
    ask("a", 3);
    let("a");
    waits.run();
    BOOST_TEST(heard == "a 1; a 1; a 1; ");
    BOOST_TEST(service->times("a") == 1);
}

BOOST_AUTO_TEST_CASE(known_name_is_answered_at_once) {
    ask("a", 1);
    waits.run();
    ask("a");
    BOOST_TEST(heard == "a 1; a 1; ");
    BOOST_TEST(service->times("a") == 1);
}

BOOST_AUTO_TEST_CASE(no_more_wait_for_a_name_than_so_many) {
    hold("a");
    for (std::size_t i = 0; i < lookups::most_waiting; ++i) ask("a");
    BOOST_TEST(heard == "");
    ask("a");
    BOOST_TEST(heard == "a failed; ");
    let("a");
}

BOOST_AUTO_TEST_CASE(failure_is_told_and_not_kept) {
    hold("a");
    ask("a", 1);
    let("a", boost::asio::error::host_not_found);
    waits.run();
    BOOST_TEST(heard == "a failed; ");
    ask("a");
    while (service->times("a") < 2) {
    } // again
}

BOOST_AUTO_TEST_CASE(nobody_hears_of_it_after_the_end) {
    hold("a");
    ask("a", 1);
    names.close();
    let("a");
    std::jthread later([&] { waits.stop(); });
    waits.run();
    BOOST_TEST(heard == "");
}

BOOST_AUTO_TEST_CASE(names_of_the_system_are_found) {
    lookups system;
    std::size_t found = 0;
    system.ask(host("localhost"), waits, [&](auto const& all, error_code) {
        found = all.size();
        waits.stop();
    });
    waits.run();
    BOOST_TEST(found > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
