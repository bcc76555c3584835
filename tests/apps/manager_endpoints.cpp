// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_endpoints.cpp - milter-manager before a milter of two sockets, one of them dead

#include "manager_fixture.hpp"

#include <csignal>
#include <memory>
#include <string>

using namespace manager_test;

namespace {

struct endpoints_fixture : manager_fixture {
    std::string socket(std::string const& name) const { return "unix:" + dir / (name + ".sock"); }

    /// A milter of the sockets "first" and "second".
    void both(std::string const& more) {
        milters = "[[milter]]\nname = \"both\"\nsocket = [\"" + socket("first") + "\", \"" +
                  socket("second") + "\"]\n" + more + "\n";
    }

    /// What marks messages with its name, at one of the sockets.
    void run_filter(std::string const& name) {
        filters.push_back(std::make_unique<background_program>(
            program("milter-test-filter"),
            arguments{"-s", socket(name), "--quiet", "--add-header", "X-By: " + name}, dir,
            "listening on ", name));
    }

    bool served_by(std::string const& name) const {
        return server({"--expect-header", "X-By: " + name}).exit_code == 0;
    }

    std::string given_up() const {
        return "both: warning: cannot connect to " + socket("first") +
               ": No such file or directory; " + socket("first") + " is not tried for ";
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_manager_endpoints, endpoints_fixture)

BOOST_AUTO_TEST_CASE(dead_socket_is_passed_over_and_given_up_and_not_looked_at_after_a_reload) {
    both("breaker = { failures = 3, first_pause = \"1h\", longest_pause = \"1h\" }");
    run_filter("second");
    settings = "[manager]\nworkers = 2\n";
    start();
    for (int i = 0; i < 10; ++i) BOOST_TEST(served_by("second"));
    run_filter("first"); // nobody will know for an hour
    for (int i = 0; i < 3; ++i) BOOST_TEST(served_by("second"));

    settings = "[manager]\nworkers = 2\n[limits]\nrecipients = 1\n";
    configuration();
    manager->signal(SIGHUP);
    arguments const two = {
        "-r", "a@example.org", "-r", "b@example.org", "--expect-refused", "b@example.org"};
    bool reloaded = false;
    for (int i = 0; i < 1000 && !reloaded; ++i) reloaded = server(two).exit_code == 0;
    BOOST_TEST(reloaded);
    BOOST_TEST(served_by("second"));
    BOOST_TEST(manager->stop() == 0);
    BOOST_TEST(count(manager->err(), "cannot connect to ") == 3, manager->err());
    BOOST_TEST(count(manager->err(), given_up()) == 1, manager->err());
}

BOOST_AUTO_TEST_CASE(socket_that_comes_back_serves_again) {
    both("breaker = { failures = 1, first_pause = \"1ms\", longest_pause = \"1ms\" }");
    run_filter("second");
    start();
    for (int i = 0; i < 5; ++i) BOOST_TEST(served_by("second"));
    run_filter("first");
    bool back = false;
    for (int i = 0; i < 1000 && !back; ++i) back = served_by("first");
    BOOST_TEST(back);
    BOOST_TEST(manager->stop() == 0);
    BOOST_TEST(count(manager->err(), "cannot connect to ") == 1, manager->err());
    BOOST_TEST(count(manager->err(), given_up()) == 1, manager->err());
    BOOST_TEST(count(manager->err(), "both: " + socket("first") + " works again\n") == 1,
               manager->err());
}

BOOST_AUTO_TEST_CASE(sockets_take_turns) {
    both("balance = \"round_robin\"");
    run_filter("first");
    run_filter("second");
    start();
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(served_by("first"));
        BOOST_TEST(served_by("second"));
    }
}

BOOST_AUTO_TEST_CASE(milter_without_a_socket_that_works_is_judged_by_its_policy) {
    both("breaker = { failures = 1, first_pause = \"1h\", longest_pause = \"1h\" }");
    start();
    for (int i = 0; i < 3; ++i) meets({"--expect", "temporary-failure@mail"});
    BOOST_TEST(manager->stop() == 0);
    BOOST_TEST(count(manager->err(), "cannot connect to ") == 2, manager->err()); // once for each
    BOOST_TEST(count(manager->out(), R"("reason":"all endpoints are down: cannot connect to )" +
                                         socket("second") + ": No such file or directory\"") == 3,
               manager->out());
}

BOOST_AUTO_TEST_SUITE_END()
