// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_reload.cpp - a reload never leaves mail unfiltered, and reaches every worker
//
// A letter and number at the end of a name count the defects that milter manager 2.3.2 was seen to have: no filtering at
// all with a broken file (E9), workers that keep the old configuration (E10), a limit of sessions that stops them all (E7).

#include "manager_fixture.hpp"

#include <csignal>
#include <string>

using namespace manager_test;

namespace {

/// Connections that show one worker after the other; each worker takes some.
constexpr int sessions = 40;

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_manager_reload, manager_fixture)

BOOST_AUTO_TEST_CASE(of_a_broken_file_leaves_the_milters_as_they_were_E9) {
    filter("x", {"--on", "mail=reject"});
    auto const good = milters;
    start();
    meets({"--expect", "reject@mail"});
    struct {
        std::string lines, problem;
    } const rows[] = {{"[[milter]\n", "syntax error: "},
                      {"on_eror = \"accept\"\n", "unknown key \"on_eror\""},
                      {"[manager]\nworkers = \"many\"\n", "workers: expected a whole number"}};
    for (auto const& [broken, problem] : rows) {
        milters = good + broken;
        configuration();
        manager->signal(SIGHUP);
        BOOST_TEST_REQUIRE(manager->says(problem));
        for (int i = 0; i < 5; ++i) meets({"--expect", "reject@mail"});
    }
    // the file is good again, and another: it is taken
    milters.clear();
    filter("y", {"--on", "rcpt=reject"});
    configuration();
    manager->signal(SIGHUP);
    BOOST_TEST_REQUIRE(manager->says("configuration reloaded\n"));
    meets({"--expect", "reject@rcpt"});
    BOOST_TEST(manager->stop() == 0);
}

BOOST_AUTO_TEST_CASE(start_with_a_broken_file_serves_no_mail_E9) {
    filter("x", {});
    milters += "on_eror = \"accept\"\n";
    auto const done =
        support::run_program(program("milter-manager"), {"run", "-c", configuration()}, dir);
    BOOST_TEST(done.exit_code == 78);
    BOOST_TEST(server({"--expect", "pass"}).exit_code == 3);
}

BOOST_AUTO_TEST_CASE(reaches_every_worker_E10) {
    settings = "[manager]\nworkers = 3\n";
    filter("x", {"--on", "mail=reject"});
    start();
    for (int i = 0; i < sessions; ++i) meets({"--expect", "reject@mail"});
    milters.clear();
    filter("y", {"--on", "rcpt=reject"});
    configuration();
    manager->signal(SIGHUP);
    BOOST_TEST_REQUIRE(manager->says("configuration reloaded\n"));
    for (int i = 0; i < sessions; ++i) meets({"--expect", "reject@rcpt"});
    BOOST_TEST(manager->stop() == 0);
}

BOOST_AUTO_TEST_CASE(session_beyond_the_limit_holds_up_none_that_comes_when_there_is_room_E7) {
    settings = "[limits]\nsessions = 2\n";
    filter("x", {});
    start();
    {
        raw_client const first(path), second(path);
        for (auto const* one : {&first, &second}) {
            one->say(offer);
            one->some(17);
        }
        meets({"--expect", "temporary-failure@mail"}); // answered, not kept waiting
    }
    for (int i = 0; i < 1000 && server({"--expect", "pass"}).exit_code != 0; ++i) {
    }
    meets({"--expect", "pass"});
    BOOST_TEST(manager->stop() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
