// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_program_output.cpp - programs that print, that do not end, and that print without end

#include "manager/program_output.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <support/temp_dir.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

using namespace milter::manager;
using namespace std::chrono_literals;

namespace {

struct fixture {
    support::temp_dir dir;
    program_limits limits{60s, 1 << 20};

    std::string script(std::string const& text, std::string const& name = "program") const {
        auto const file = dir.write(name, "#!/bin/sh\n" + text + "\n");
        ::chmod(file.c_str(), 0755);
        return file;
    }
    program_output run(std::string const& text, std::vector<std::string> arguments = {}) const {
        arguments.insert(arguments.begin(), script(text));
        return output_of(arguments, limits);
    }
};

/// Whether a process that wrote its number there is gone; waits for the system to bury it.
bool is_gone(std::string const& file) {
    pid_t id = 0;
    std::ifstream(file) >> id;
    if (id <= 0) return false;
    while (::kill(id, 0) == 0) {
        std::string state;
        std::ifstream stat("/proc/" + std::to_string(id) + "/stat");
        if (stat >> state >> state >> state && state == "Z") break; // of whoever is its parent now
    }
    return true;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(manager_program_output, fixture)

BOOST_AUTO_TEST_CASE(output_is_what_a_program_prints) {
    auto const made = run("echo one; echo lost >&2; echo \"$1\"; cat", {"$HOME `id` *"});
    BOOST_TEST(made.text == "one\n$HOME `id` *\n");
    BOOST_TEST(made.problem == "");
}

BOOST_AUTO_TEST_CASE(program_that_fails_has_a_problem) {
    BOOST_TEST(run("echo one; exit 3").problem == "it ended with 3");
    BOOST_TEST(run("kill -9 $$").problem == "signal 9 ended it");
    BOOST_TEST(output_of({dir / "none"}, limits).problem == "No such file or directory");
}

BOOST_AUTO_TEST_CASE(program_gets_nothing_of_ours) {
    int const left_open = ::open("/dev/null", O_RDONLY);
    ::setenv("MILTER_TEST_SECRET", "x", 1);                        // NOLINT(concurrency-mt-unsafe)
    auto const made = run("env | sort; ls /proc/self/fd | wc -l"); // ls has its own
    ::close(left_open);
    BOOST_TEST(made.text.find("SECRET") == std::string::npos);
    BOOST_TEST(made.text.find("LC_ALL=C\n") != std::string::npos);
    BOOST_TEST(made.text.substr(made.text.find_last_of('\n', made.text.size() - 2) + 1) == "4\n");
}

BOOST_AUTO_TEST_CASE(program_that_does_not_end_is_killed_with_what_it_started) {
    limits.time = 300ms;
    auto const made = run("sleep 1000 & echo $! > '" + (dir / "id") + "'; echo one; wait");
    BOOST_TEST(made.problem == "it did not end within 300ms");
    BOOST_TEST(is_gone(dir / "id"));
}

BOOST_AUTO_TEST_CASE(program_that_closes_its_output_is_not_waited_for_without_end) {
    limits.time = 300ms;
    BOOST_TEST(run("exec >&-; sleep 1000").problem == "it did not end within 300ms");
}

BOOST_AUTO_TEST_CASE(what_it_left_behind_is_not_waited_for) {
    auto const made = run("sleep 1000 & echo $! > '" + (dir / "id") + "'; echo one");
    BOOST_TEST(made.problem == "");
    BOOST_TEST(made.text == "one\n");
    BOOST_TEST(is_gone(dir / "id"));
}

BOOST_AUTO_TEST_CASE(output_without_end_is_cut_off) {
    limits.output = 100'000;
    auto const made = run("yes");
    BOOST_TEST(made.problem == "it printed more than 100000B");
    BOOST_TEST(made.text.size() < 200'000u);
}

BOOST_AUTO_TEST_CASE(large_output_is_read_whole) {
    auto const made = run("yes | head -c 1000000");
    BOOST_TEST(made.problem == "");
    BOOST_TEST(made.text.size() == 1'000'000u);
}

BOOST_AUTO_TEST_CASE(programs_are_found_in_folders_alone) {
    BOOST_TEST(find_program("env") == "/usr/bin/env");
    BOOST_TEST(find_program("no-such-program") == "");
    script("true", "milter-test-found-by-path");
    std::string const before = std::getenv("PATH"); // NOLINT(concurrency-mt-unsafe)
    auto const folder = dir / "";
    ::setenv("PATH", (".::relative:" + folder).c_str(), 1); // NOLINT(concurrency-mt-unsafe)
    auto const found = find_program("milter-test-found-by-path");
    dir.write("no-program", "");
    auto const not_found = find_program("no-program");
    ::setenv("PATH", before.c_str(), 1); // NOLINT(concurrency-mt-unsafe)
    BOOST_TEST(found == folder + "/milter-test-found-by-path");
    BOOST_TEST(not_found == "");
}

BOOST_AUTO_TEST_SUITE_END()
