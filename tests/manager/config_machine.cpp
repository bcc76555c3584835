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
    machine on{[](std::string const&) { return true; }, [](std::string const&) { return 0; },
               [](milter::message::spool_options const&) { return 0; }};

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
