// SPDX-License-Identifier: BSL-1.0
// tests/manager/config_machine.cpp - a configuration and a machine that lacks this or that

#include "manager/config/config_machine.hpp"

#include "manager/config/config_restart.hpp"
#include "manager/config/config_toml.hpp"

#include <boost/test/unit_test.hpp>

#include <support/temp_dir.hpp>

#include <cerrno>

using namespace milter::manager;

namespace {

constexpr std::string_view text = R"([[listen]]
socket = "unix:/run/x/mta.sock"
group = "mail"
[[milter]]
name = "a"
socket = "/run/none/a.sock"
[manager]
decision_log = "/var/log/x/decisions"
[spool]
directory = "/spool"
)";

struct fixture {
    support::temp_dir dir;
    machine on{[](std::string const&) { return true; },
               [](std::string const&) { return 0; },
               [](milter::message::spool_options const&) { return 0; },
               {},
               {},
               {},
               {}};

    loaded_config load() const { return load_config(dir.write("m.toml", text), &on); }

    std::string findings() const {
        std::string out;
        for (auto const& problem : load().problems)
            out += to_string(problem).substr(problem.file.size()) + "\n";
        return out;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(config_machine, fixture)

BOOST_AUTO_TEST_CASE(a_machine_that_has_everything_is_no_problem) { BOOST_TEST(findings() == ""); }

BOOST_AUTO_TEST_CASE(an_unknown_group_is_an_error) {
    on.has_group = [](std::string const& name) { return name != "mail"; };
    BOOST_TEST(!load().config);
    BOOST_TEST(findings() == R"(:3:9: group: no group "mail" on this machine
    group = "mail"
            ^~~~~~
  expected the name or the number of a group
)");
}

BOOST_AUTO_TEST_CASE(missing_directories_are_warned_of_where_the_manager_makes_files) {
    std::string asked;
    on.directory_error = [&](std::string const& path) {
        asked += path + " ";
        return path == "/run/x" ? ENOENT : ENOTDIR;
    };
    BOOST_TEST(bool(load().config));
    BOOST_TEST(asked == "/run/x /var/log/x ");
    BOOST_TEST(findings() == R"(:2:10: warning: socket: directory /run/x: No such file or directory
    socket = "unix:/run/x/mta.sock"
             ^~~~~~~~~~~~~~~~~~~~~~
  the manager does not make it
:8:16: warning: decision_log: directory /var/log/x: Not a directory
    decision_log = "/var/log/x/decisions"
                   ^~~~~~~~~~~~~~~~~~~~~~
  the manager does not make it
)");
}

BOOST_AUTO_TEST_CASE(a_spool_that_takes_no_file_is_warned_of) {
    on.spool_error = [](milter::message::spool_options const& spool) {
        return spool.directory == "/spool" ? EROFS : 0;
    };
    BOOST_TEST(bool(load().config));
    BOOST_TEST(findings() == R"(:10:13: warning: spool directory /spool: Read-only file system
    directory = "/spool"
                ^~~~~~~~
  the manager does not start without one
)");
}

BOOST_AUTO_TEST_CASE(what_this_user_may_not_do_is_warned_of_before_a_start) {
    on.user = "user joe";
    on.directory_error = [](std::string const&) { return EACCES; };
    on.file_error = [](std::string const&) { return EACCES; };
    on.may_give_to = [](std::string const& name) { return name != "mail"; };
    BOOST_TEST(bool(load().config));
    BOOST_TEST(findings() == R"(:2:10: warning: socket: directory /run/x: Permission denied
    socket = "unix:/run/x/mta.sock"
             ^~~~~~~~~~~~~~~~~~~~~~
  the manager makes a file in it; checked as user joe
:3:9: warning: group: user joe is not a member of "mail" and cannot give it a socket
    group = "mail"
            ^~~~~~
:8:16: warning: decision_log: /var/log/x/decisions: Permission denied
    decision_log = "/var/log/x/decisions"
                   ^~~~~~~~~~~~~~~~~~~~~~
  the manager does not start without it; checked as user joe
)");
}

BOOST_AUTO_TEST_CASE(a_log_that_is_there_needs_no_directory_to_make_it_in) {
    on.file_error = [](std::string const&) { return 0; };
    on.directory_error = [](std::string const& path) { return path == "/run/x" ? 0 : EACCES; };
    BOOST_TEST(findings() == "");
}

BOOST_AUTO_TEST_CASE(a_socket_that_cannot_be_listened_on_is_warned_of_before_a_start) {
    struct {
        int error;
        std::string says;
    } const rows[] = {
        {0, ""},
        {EADDRINUSE, "Address already in use, somebody listens there: a manager that runs, or "
                     "another program"},
        {EEXIST, "File exists, it is no socket: the manager leaves it alone"},
        {EADDRNOTAVAIL, "Cannot assign requested address, no interface of this machine has it"},
        {EACCES, "Permission denied, the manager does not start without it; checked as user joe"},
    };
    on.user = "user joe";
    for (auto const& row : rows) {
        on.listen_error = [&](milter::endpoint const& where) {
            BOOST_TEST(where.path == "/run/x/mta.sock"); // milters are not asked
            return milter::error_code(row.error, boost::system::system_category());
        };
        auto const problems = load().problems;
        BOOST_TEST(problems.size() == (row.says.empty() ? 0u : 1u));
        for (auto const& one : problems)
            BOOST_TEST(one.message + ", " + one.hint ==
                       "socket: unix:/run/x/mta.sock: " + row.says);
    }
}

BOOST_AUTO_TEST_CASE(sockets_of_a_manager_that_runs_are_no_problem) {
    on.listen_error = [](milter::endpoint const&) {
        return milter::error_code(EADDRINUSE, boost::system::system_category());
    };
    auto const with_control =
        load_config(dir.write("m.toml", std::string(text) + "[control]\nsocket = '/run/c'\n"), &on);
    BOOST_TEST(with_control.problems.empty());
    BOOST_TEST(load().problems.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_a_running_manager_cannot_take_over_is_named) {
    auto const started = *load().config;
    BOOST_TEST(changed_for_restart(started, started).empty());
    auto other = started;
    other.drain = std::chrono::seconds(1);
    other.milters.clear();
    BOOST_TEST(changed_for_restart(started, other).empty());
    other.workers = 4;
    other.decision_log.clear();
    other.listens.push_back(other.listens[0]);
    other.control.socket.path = "/run/x/control.sock";
    BOOST_TEST(
        changed_for_restart(started, other) ==
            (std::vector<std::string>{"[manager] workers = 4", "[manager] decision_log = \"-\""}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
