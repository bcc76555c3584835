// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_start.cpp - command line, configuration and machine: what milter-manager says and refuses

#include "manager_fixture.hpp"

#include <csignal>
#include <cstdlib>
#include <string>

using namespace manager_test;

BOOST_FIXTURE_TEST_SUITE(apps_manager_start, manager_fixture)

BOOST_AUTO_TEST_CASE(reload_names_what_waits_for_the_next_start) {
    filter("x", {"--on", "connect=reject"});
    auto const refusing = milters;
    /// Mail passes when the new file, without that milter, is in force.
    auto const reload = [&] {
        meets({"--expect", "reject@connect"});
        milters.clear();
        configuration();
        manager->signal(SIGHUP);
        for (int i = 0; i < 1000 && server({"--expect", "pass"}).exit_code != 0; ++i) {
        }
        BOOST_TEST(manager->stop() == 0);
        BOOST_TEST(contains(manager->err(), "milter-manager: configuration reloaded\n"));
    };
    start();
    reload();
    BOOST_TEST(!contains(manager->err(), "next start"), manager->err());

    milters = refusing;
    start();
    auto const log = dir / "log";
    settings = "group = \"" + std::to_string(::getgid()) + "\"\n[manager]\nworkers = 4\n" +
               "drain = \"1s\"\ndecision_log = \"" + log + "\"\n";
    reload();
    arguments const keys = {"[manager] workers = 4", "[manager] decision_log = \"" + log + "\""};
    for (auto const& key : keys)
        BOOST_TEST(
            contains(manager->err(), "warning: " + key + " takes effect at the next start\n"),
            manager->err());
    BOOST_TEST(count(manager->err(), "next start") == 2);
}

BOOST_AUTO_TEST_CASE(group_of_the_socket_is_a_name_or_a_number_of_this_machine) {
    settings = "group = \"" + std::to_string(::getgid()) + "\"\n";
    filter("x", {});
    start();
    meets({"--expect", "pass"});
    manager->stop();
    settings = "group = \"no-such-group\"\n";
    auto const file = configuration();
    for (std::string const verb : {"check", "run"}) {
        auto const done = support::run_program(program("milter-manager"), {verb, "-c", file}, dir);
        BOOST_TEST(done.exit_code == 78);
        BOOST_TEST(
            contains(done.err, file + ":4:9: group: no group \"no-such-group\" on this machine"),
            done.err);
    }
}

BOOST_AUTO_TEST_CASE(spool_that_takes_no_file_is_found_at_the_start) {
    settings = "[spool]\ndirectory = \"/nodir\"\n";
    milter("x");
    auto const file = configuration();
    std::string const problem = "spool directory /nodir: No such file or directory\n";
    auto const run = support::run_program(program("milter-manager"), {"run", "-c", file}, dir);
    BOOST_TEST(run.exit_code == 73);
    BOOST_TEST(contains(run.err, "\nmilter-manager: " + problem), run.err);
    auto const check = support::run_program(program("milter-manager"), {"check", "-c", file}, dir);
    BOOST_TEST(check.exit_code == 0);
    BOOST_TEST(contains(check.err, file + ":5:13: warning: " + problem), check.err);
    BOOST_TEST(contains(check.out, ": 1 listener, 1 milter, no errors, 1 warning\n"), check.out);
}

BOOST_AUTO_TEST_CASE(missing_directories_are_warned_of) {
    settings = "[manager]\ndecision_log = \"/nodir/log\"\n";
    path = "/nosuch/x.sock";
    milter("x");
    auto const file = configuration();
    auto const check = support::run_program(program("milter-manager"), {"check", "-c", file}, dir);
    BOOST_TEST(check.exit_code == 0);
    for (std::string const part : {":2:10: warning: socket: directory /nosuch: No such file",
                                   ":5:16: warning: decision_log: directory /nodir: No such file"})
        BOOST_TEST(contains(check.err, file + part), check.err);
    auto const run = support::run_program(program("milter-manager"), {"run", "-c", file}, dir);
    BOOST_TEST(run.exit_code == 73);
    BOOST_TEST(contains(run.err, "milter-manager: decision log /nodir/log: No such file"), run.err);
}

BOOST_AUTO_TEST_CASE(start_without_enough_descriptors_says_so_whichever_it_is_that_lacks,
                     *boost::unit_test::enable_if<has_descriptors_to_spare>()) {
    milter("x");
    auto const file = configuration();
    int refused = 0, code = 0;
    for (int descriptors = 4; code != 69; ++descriptors) { // 69: only the listener lacks one
        BOOST_REQUIRE(descriptors < 64);
        auto const script =
            "ulimit -n " + std::to_string(descriptors) + R"(; exec "$0" run -c "$1")";
        auto const done =
            support::run_program("/bin/sh", {"-c", script, program("milter-manager"), file}, dir);
        code = done.exit_code;
        if (code == 127) continue; // not even enough for its libraries
        BOOST_TEST((code == 69 || code == 71), done.err);
        BOOST_TEST(contains(done.err, "Too many open files"), done.err);
        BOOST_TEST(!contains(done.err, "decision log"), done.err);
        if (code == 71) refused += contains(done.err, "milter-manager: cannot serve: ") ? 1 : 0;
    }
    BOOST_TEST(refused > 1);
}

BOOST_AUTO_TEST_CASE(configuration_problem_ends_with_78_and_names_its_place) {
    auto const file = dir.write("bad.toml", "[[listen]]\nsocket = \"unix:/x/y\"\nmod = \"0600\"\n");
    for (std::string const verb : {"check", "run"}) {
        auto const done = support::run_program(program("milter-manager"), {verb, "-c", file}, dir);
        BOOST_TEST(done.exit_code == 78);
        BOOST_TEST(contains(done.err, file + ":3:1: unknown key \"mod\""), done.err);
        BOOST_TEST(contains(done.err, "did you mean \"mode\"?"), done.err);
    }
}

BOOST_AUTO_TEST_CASE(socket_of_another_is_left_to_it) {
    filter("x", {});
    start();
    auto const second =
        support::run_program(program("milter-manager"), {"run", "-c", configuration()}, dir);
    BOOST_TEST(second.exit_code == 69);
    BOOST_TEST(contains(second.err, "cannot listen on unix:" + path), second.err);
    meets({"--expect", "pass"});
}

BOOST_AUTO_TEST_CASE(usage_error_ends_with_64_and_names_the_program) {
    struct {
        arguments args;
        std::string message;
    } const rows[] = {
        {{"bogus"},
         "unknown command \"bogus\"; there are run, check, status, reload, drain, import, rules, "
         "config "
         "and doctor"},
        {{"-c", "/x", "bogus"},
         "unknown command \"bogus\"; there are run, check, status, reload, drain, import, rules, "
         "config "
         "and doctor"},
        {{},
         "no command; there are run, check, status, reload, drain, import, rules, config and "
         "doctor"},
        {{"-c", "/x"},
         "no command; there are run, check, status, reload, drain, import, rules, config and "
         "doctor"},
        {{"check", "--bogus"}, "The following argument was not expected: --bogus"},
        {{"check", "m.toml"},
         "The following argument was not expected: m.toml; did you mean -c m.toml?"},
        {{"check", "status"}, "The following argument was not expected: status"},
        {{"drain", "--timeout", "5"}, "--timeout: cannot read \"5\"; did you mean \"5s\"?"},
    };
    for (auto const& row : rows) {
        auto const done = support::run_program(program("milter-manager"), row.args, dir);
        BOOST_TEST(done.exit_code == 64);
        BOOST_TEST(done.err ==
                   "milter-manager: " + row.message + "\nmilter-manager --help says more\n");
    }
}

BOOST_AUTO_TEST_CASE(configuration_file_is_named_before_or_behind_the_command) {
    milter("x");
    auto const file = configuration();
    ::setenv("MILTER_MANAGER_CONFIG", "/nosuch/from-environment", 1);
    for (auto const& args : {arguments{"-c", file, "check"}, arguments{"check", "-c", file},
                             arguments{"--config=" + file, "check"}}) {
        auto const done = support::run_program(program("milter-manager"), args, dir);
        BOOST_TEST(done.exit_code == 0, done.err);
        BOOST_TEST(contains(done.out, file + ": 1 listener, 1 milter, no errors\n"), done.out);
    }
    auto const done = support::run_program(program("milter-manager"), {"check"}, dir);
    ::unsetenv("MILTER_MANAGER_CONFIG");
    BOOST_TEST(done.exit_code == 78);
    BOOST_TEST(contains(done.err, "/nosuch/from-environment: cannot read the file"), done.err);
}

BOOST_AUTO_TEST_CASE(check_counts_milters_that_are_enabled) {
    milter("x");
    milter("y", "enabled = false");
    auto const done =
        support::run_program(program("milter-manager"), {"check", "-c", configuration()}, dir);
    BOOST_TEST(contains(done.out, ": 1 listener, 1 enabled of 2 milters, no errors\n"), done.out);
}

BOOST_AUTO_TEST_CASE(manual_and_help_list_the_same_flags) {
    auto const manual =
        support::slurp(std::string(MILTER_SOURCE_DIR) + "/docs/man/milter-manager.8");
    auto const compare = [&](arguments verb) {
        verb.push_back("--help");
        auto const help = support::run_program(program("milter-manager"), verb, dir).out;
        for (auto at = help.find("--"); at != help.npos; at = help.find("--", at + 2)) {
            auto const flag = help.substr(at + 1, help.find_first_of(" ,.:'\n", at) - at - 1);
            BOOST_TEST(contains(manual, flag), flag);
        }
    };
    for (std::string const verb :
         {"run", "check", "status", "reload", "drain", "import", "rules", "doctor"}) {
        compare({verb});
        BOOST_TEST(contains(manual, ".It Cm " + verb));
    }
    compare({"config", "show"});
    BOOST_TEST(contains(manual, ".It Cm config show"));
    for (std::string const verb :
         {"facts", "check", "test", "fmt", "explain", "coverage", "simulate"}) {
        compare({"rules", verb});
        BOOST_TEST(contains(manual, ".It Cm " + verb + ' '), verb);
    }
}

BOOST_AUTO_TEST_SUITE_END()
