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

bool contains(std::string const& whole, std::string const& part) {
    return whole.find(part) != std::string::npos;
}

std::string const control = "[control]\nsocket = '/run/c'\n";

milter::endpoint at(std::string const& socket) { return *milter::parse_endpoint(socket); }

/// Somebody listens everywhere, and this user may do nothing.
struct in_use : fixture {
    in_use() {
        on.user = "user joe";
        on.directory_error = [](std::string const& path) {
            return path == "/var/log/x" ? 0 : EACCES;
        };
        on.may_give_to = [](std::string const&) { return false; };
        on.listen_error = [](milter::endpoint const&) {
            return milter::error_code(EADDRINUSE, boost::system::system_category());
        };
    }

    void manager_has(std::vector<manager_found::listener> const& listeners) {
        on.find_manager = [listeners](milter::endpoint const&) {
            return manager_found{manager_found::kind::manager, {}, listeners};
        };
    }

    /// Of a configuration with `more`: weight, line, message and hint of each problem.
    std::string said(std::string const& more) const {
        std::string out;
        for (auto const& one :
             load_config(dir.write("m.toml", std::string(text) + more), &on).problems) {
            out += one.weight == problem_weight::note ? "note " : "warning ";
            out += std::to_string(one.line) + ": " + one.message + "; " + one.hint + "\n";
        }
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

BOOST_AUTO_TEST_CASE(a_port_by_a_name_that_is_unknown_is_warned_of) {
    on.has_service = [](std::string const& name) { return name == "smtp"; };
    auto const loaded = load_config(dir.write("m.toml", std::string(text) + R"([[milter]]
name = "b"
socket = ["inet:smtp@127.0.0.1", "inet:x@127.0.0.1", "inet:25@127.0.0.1"]
[[milter]]
name = "c"
socket = "inet:y@127.0.0.1"
)"),
                                    &on);
    BOOST_TEST_REQUIRE(loaded.problems.size() == 2u);
    BOOST_TEST(loaded.problems[0].message == R"(socket: this machine knows no port called "x")");
    BOOST_TEST(loaded.problems[0].hint == "write its number");
    BOOST_TEST(loaded.problems[0].column == 34u);
    BOOST_TEST(loaded.problems[1].message == R"(socket: this machine knows no port called "y")");
    BOOST_TEST(loaded.problems[1].line == 16u);
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

BOOST_FIXTURE_TEST_CASE(who_listens_already_is_a_note_and_needs_no_directory_and_no_group, in_use) {
    BOOST_TEST(bool(load().config));
    BOOST_TEST(findings() == R"(:2:10: note: socket: unix:/run/x/mta.sock is listened on already
    socket = "unix:/run/x/mta.sock"
             ^~~~~~~~~~~~~~~~~~~~~~
  by systemd for the manager, by a manager that runs, or by another program
)");
    on.has_group = [](std::string const&) { return false; };
    BOOST_TEST(!load().config); // nobody has it, so it is misspelled
}

BOOST_FIXTURE_TEST_CASE(nothing_is_said_of_what_a_manager_that_runs_has_inherited, in_use) {
    manager_has({{at("/run//x/./mta.sock"), true}});
    BOOST_TEST(said(control) == "");
}

BOOST_FIXTURE_TEST_CASE(a_group_is_looked_at_where_the_manager_that_runs_sets_it, in_use) {
    manager_has({{at("/run/x/mta.sock"), false}});
    BOOST_TEST(said(control) == "warning 3: group: user joe is not a member of \"mail\" and cannot "
                                "give it a socket; \n");
}

BOOST_FIXTURE_TEST_CASE(what_the_manager_that_runs_does_not_have_is_of_another, in_use) {
    manager_has({{at("inet:25@127.0.0.1"), false}});
    BOOST_TEST(said(control + "[[listen]]\nsocket = 'inet:25@127.0.0.1'\n"
                              "[[listen]]\nsocket = 'inet:26@127.0.0.1'\n") ==
               "warning 2: socket: unix:/run/x/mta.sock: Address already in use; by another "
               "program than the manager that answers on the control socket\n"
               "warning 16: socket: inet:26@[127.0.0.1]: Address already in use; by another "
               "program than the manager that answers on the control socket\n");
}

BOOST_FIXTURE_TEST_CASE(a_port_of_the_manager_can_be_in_its_own_way, in_use) {
    manager_has({{at("/run/x/mta.sock"), true}, {at("inet:25@127.0.0.1"), false}});
    BOOST_TEST(contains(said(control + "[[listen]]\nsocket = 'inet:25'\n"),
                        "socket: inet:25: Address already in use; inet:25@[127.0.0.1] of the "
                        "manager that runs is in its way until a restart\n"));
}

BOOST_FIXTURE_TEST_CASE(listeners_are_compared_in_digits, in_use) {
    manager_has({{at("/run/x/mta.sock"), true},
                 {at("inet:25@127.0.0.2"), false},
                 {at("inet:smtp@b"), false}});
    on.addresses_of = [](milter::endpoint const& where, milter::error_code&) {
        if (where.host == "a") return std::vector{at("inet:25@127.0.0.2"), at("inet:25@127.0.0.3")};
        if (where.host == "b") return std::vector{at("inet:25@127.0.0.3")};
        return std::vector{where};
    };
    BOOST_TEST(said(control + "[[listen]]\nsocket = 'inet:smtp@a'\n") == "");
}

BOOST_FIXTURE_TEST_CASE(a_control_socket_of_another_program_hides_nothing, in_use) {
    on.find_manager = [](milter::endpoint const&) {
        return manager_found{manager_found::kind::stranger, {}, {}};
    };
    BOOST_TEST(said(control) == "note 2: socket: unix:/run/x/mta.sock is listened on already; by "
                                "systemd for the manager, by a manager that runs, or by another "
                                "program\n"
                                "warning 12: socket: unix:/run/c: Address already in use; who "
                                "listens there does not answer as a manager does\n");
}

BOOST_FIXTURE_TEST_CASE(who_does_not_tell_on_the_control_socket_is_named_in_the_notes, in_use) {
    on.find_manager = [](milter::endpoint const& where) {
        BOOST_TEST(where.path == "/run/c");
        return manager_found{manager_found::kind::untold, "Permission denied", {}};
    };
    auto const all = said(control);
    for (auto const* part : {"note 2: socket: unix:/run/x/mta.sock is listened on already",
                             "note 12: socket: unix:/run/c is listened on already"})
        BOOST_TEST(contains(all, part), all);
    BOOST_TEST(contains(all, "program; who listens on the control socket does not tell: Permission "
                             "denied; checked as user joe\n"),
               all);
    BOOST_TEST(!contains(all, "warning"), all);
}

BOOST_AUTO_TEST_CASE(a_check_as_root_says_what_it_does_not_see) {
    on.as_root = true;
    auto const problems = load().problems;
    BOOST_TEST_REQUIRE(problems.size() == 1u);
    BOOST_TEST(bool(problems[0].weight == problem_weight::note));
    BOOST_TEST(problems[0].line == 0u);
    BOOST_TEST(contains(problems[0].hint, "runuser -u USER -- milter-manager check"));
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
