// SPDX-License-Identifier: BSL-1.0
// tests/manager/import_show_config.cpp - configurations of the older manager, as --show-config prints them

#include "import_fixture.hpp"

#include <chrono>

using namespace import_test;
using namespace milter::manager;
using namespace std::chrono_literals;

namespace {

import_result show(std::string_view text) { return imported(text, import_source::milter_manager); }

/// One milter of that body.
import_result one_milter(std::string const& body) {
    return show("manager.connection_spec = 'inet:10025@[127.0.0.1]'\n"
                "define_milter(\"a\") do |milter|\n  milter.connection_spec = \"unix:/run/a\"\n" +
                body + "\nend\n");
}

constexpr std::string_view debian = R"(# default
package.platform = "debian"
# default
package.options = nil

# /etc/milter-manager/defaults/debian.conf:19
security.privilege_mode = true
# default
security.effective_user = nil

# default
log.level = "default"
# /etc/milter-manager/milter-manager.local.conf:2
log.path = "/var/log/milter-manager.log"
# default
log.use_syslog = true

# default
manager.connection_spec = "unix:/run/milter-manager/milter-manager.sock"
# default
manager.unix_socket_mode = 0660
# /etc/milter-manager/milter-manager.local.conf:3
manager.unix_socket_group = "postfix"
# default
manager.daemon = true
# /etc/milter-manager/milter-manager.local.conf:4
manager.max_connections = 500
# default
manager.fallback_status = "accept"
# /etc/milter-manager/milter-manager.local.conf:5
manager.n_workers = 2

# /etc/milter-manager/milter-manager.local.conf:6
controller.connection_spec = "unix:/run/milter-manager/control.sock"
# default
controller.unix_socket_mode = 0660

define_applicable_condition("S25R") do |condition|
  condition.description = "Selective SMTP Rejection"
end

define_applicable_condition("Night") do |condition|
  condition.description = "Apply a milter only at night"
end

define_milter("milter-greylist") do |milter|
  # /etc/milter-manager/defaults/debian.conf:27
  milter.connection_spec = "unix:/run/milter-greylist/milter-greylist.sock"
  # /etc/milter-manager/defaults/debian.conf:28
  milter.description = "greylists \"suspects\""
  # default
  milter.enabled = true
  # /etc/milter-manager/milter-manager.local.conf:9
  milter.fallback_status = "temporary-failure"
  # default
  milter.evaluation_mode = false
  # /etc/milter-manager/defaults/debian.conf:30
  milter.applicable_conditions = ["Sendmail Compatible", "Remote Network", "S25R", "Unauthenticated"]
  # /etc/milter-manager/defaults/debian.conf:31
  milter.command = "/usr/bin/systemctl"
  # /etc/milter-manager/defaults/debian.conf:31
  milter.command_options = "start milter-greylist"
  # default
  milter.user_name = nil
  # default
  milter.connection_timeout = 297.0
  # /etc/milter-manager/defaults/debian.conf:32
  milter.writing_timeout = 37.0
  # /etc/milter-manager/defaults/debian.conf:32
  milter.reading_timeout = 37.0
  # default
  milter.end_of_message_timeout = 297.0
end

define_milter("opendkim") do |milter|
  # /etc/milter-manager/defaults/debian.conf:40
  milter.connection_spec = "inet:8891@localhost"
  # default
  milter.fallback_status = "accept"
  # default
  milter.applicable_conditions = []
end
)";

constexpr std::string_view debian_toml =
    R"(# Made by milter-manager import --from milter-manager, from F
# Look through it, then: milter-manager check -c FILE
#
# Copy these from rules/ to rules.d/ beside this file:
#   authenticated.toml   for milter-greylist
#   remote-network.toml   for milter-greylist
#   s25r.toml   for milter-greylist
#   sendmail-compatible.toml   for milter-greylist
#
# F:7: note: "security.privilege_mode = true"; the manager needs no privileges, and starts no milters as yet
# F:14: note: "log.path = "/var/log/milter-manager.log""; messages go to standard error, and what became of mail to [manager] decision_log
# F:42: condition "Night" is written in Ruby; write it as a condition in a file of rules.d/
# F:43: note: condition "Night": "Apply a milter only at night"; that is what it is to tell

[[listen]]
socket = "unix:/run/milter-manager/milter-manager.sock"
mode = "0660"
group = "postfix"

# F:70: note: writing_timeout and reading_timeout became timeout.command and timeout.content; each is for the answer, and both got the longer one
# F:62: the manager starts no milters as yet: command "/usr/bin/systemctl", command_options "start milter-greylist"; have systemd start it, such as by a unit of its own
[[milter]]
name = "milter-greylist"
description = "greylists \"suspects\""
socket = "unix:/run/milter-greylist/milter-greylist.sock"
when = "remote_network and s25r_suspicious and unauthenticated"
on_error = "tempfail"
timeout = { command = "37s", content = "37s" }

[[milter]]
name = "opendkim"
socket = "inet:8891@localhost"
on_error = "accept"

# F:31: note: manager.n_workers: workers are threads of one process here; one for each processor is enough
# F:29: note: manager.fallback_status "accept"; when the manager itself fails mail is refused for now, never let through: [manager] on_internal_error
[manager]
workers = 2

[control]
socket = "unix:/run/milter-manager/control.sock"
mode = "0660"

[limits]
sessions = 500
)";

} // namespace

BOOST_AUTO_TEST_SUITE(import_show_config)

BOOST_AUTO_TEST_CASE(dump_of_debian_becomes_a_configuration) {
    auto const made = show(debian);
    BOOST_TEST(made.toml == debian_toml);
    BOOST_TEST(!made.complete);
    BOOST_TEST(made.remarks.size() == 8u);
}

BOOST_AUTO_TEST_CASE(what_is_printed_loads_with_the_values_that_were_there) {
    auto const made = show(R"(
security.privilege_mode = false
manager.connection_spec = "inet:10025@[127.0.0.1]"
manager.max_connections = 0
manager.n_workers = 0
manager.fallback_status = "reject"
controller.connection_spec = nil
define_milter("a") do |milter|
  milter.connection_spec = "inet:8891@localhost"
  milter.description = 'signs "all"'
  milter.enabled = false
  milter.fallback_status = "reject"
  milter.connection_timeout = 10
  milter.end_of_message_timeout = 100.5
end
define_milter("b") do |milter|
  milter.connection_spec = "unix:/run/b.sock"
  milter.evaluation_mode = true
end
)");
    BOOST_TEST(made.complete, joined(made.remarks));
    BOOST_TEST(made.remarks.empty(), joined(made.remarks));
    auto const read = loaded(made.toml);
    BOOST_TEST(to_string(read->listens.at(0).socket) == "inet:10025@[127.0.0.1]");
    BOOST_TEST((read->on_internal_error == on_internal_error::reject));
    BOOST_TEST(read->workers == 1u);
    BOOST_TEST_REQUIRE(read->milters.size() == 2u);
    auto const& a = read->milters[0];
    BOOST_TEST(a.name == "a");
    BOOST_TEST(a.description == R"(signs "all")");
    BOOST_TEST(!a.enabled);
    BOOST_TEST((a.on_error == on_error::reject));
    BOOST_TEST((a.timeouts.connect == 10s));
    BOOST_TEST((a.timeouts.end_of_message == 100500ms));
    BOOST_TEST((a.timeouts.command == milter_timeouts{}.command));
    BOOST_TEST((read->milters[1].mode == milter_mode::evaluate));
}

BOOST_AUTO_TEST_CASE(settings_that_have_no_counterpart_are_told) {
    struct {
        char const* body;
        char const* says;
        bool complete;
    } const rows[] = {
        {"milter.fallback_status = 'discard'", "F:4: fallback_status \"discard\": nothing is",
         false},
        {"milter.fallback_status = :shrug", "F:4: fallback_status \"shrug\" is not known; ", false},
        {"milter.enabled = ENV['X']", "F:4: \"milter.enabled = ENV['X']\" is computed, and", false},
        {"milter.target_hosts = ['x']", "F:4: not understood: \"milter.target_hosts = ['x']\"",
         false},
        {"milter.enabled = 7", "F:4: enabled is neither true nor false; ", false},
        {"if x\nmilter.enabled = false\nend", "F:4: not understood: \"if x\"; ", false},
        {"milter.reading_timeout = 'x'", "F:4: reading_timeout is no number; ", false},
        {"milter.reading_timeout = 0", "F:4: reading_timeout: no time; ", false},
        {"milter.connection_timeout = 7200", "F:4: connection_timeout: more than an hour; ", false},
        {"milter.applicable_conditions = ['Mine']",
         "F:4: condition \"Mine\" is not known; without it the milter applies to more mail", false},
        {"milter.command = '/etc/init.d/a'\nmilter.command_options = ['start', 'now']",
         "F:5: note: the manager starts no milters as yet: command \"/etc/init.d/a\", "
         "command_options \"start now\"; ",
         true},
        {"milter.end_of_message_timeout = 1200",
         "F:4: note: end_of_message_timeout: 20m is longer than [manager] end_of_message_budget",
         true},
    };
    for (auto const& row : rows) {
        BOOST_TEST_CONTEXT(row.body) {
            auto const made = one_milter(row.body);
            auto const said = joined(made.remarks);
            BOOST_TEST(contains(said, row.says), said);
            BOOST_TEST(made.complete == row.complete);
            loaded(made.toml);
        }
    }
}

BOOST_AUTO_TEST_CASE(conditions_may_be_added_one_by_one_or_replaced) {
    struct {
        char const* body;
        char const* when;
    } const rows[] = {
        {"milter.add_applicable_condition('S25R')\nmilter.add_applicable_condition \"No Stress\"",
         "when = \"s25r_suspicious and not stressed\"\n"},
        {"milter.applicable_conditions = ['S25R']\nmilter.applicable_conditions += ['Trust', "
         "'Authenticated']",
         "when = \"s25r_suspicious and authenticated\"\n"},
        {"milter.applicable_conditions = ['S25R']\nmilter.applicable_conditions = ['DNSBL Listed']",
         "when = \"dnsbl_listed\"\n"},
        {"milter.applicable_conditions = ['S25R', 'S25R']", "when = \"s25r_suspicious\"\n"},
        {"milter.applicable_conditions = [\n'Not DNSBL Listed',\n'Unauthenticated'\n]",
         "when = \"not dnsbl_listed and unauthenticated\"\n"},
    };
    for (auto const& row : rows) {
        auto const made = one_milter(row.body);
        BOOST_TEST(made.complete, joined(made.remarks));
        BOOST_TEST(contains(made.toml, row.when), made.toml);
    }
    BOOST_TEST(!contains(one_milter("milter.applicable_conditions = ['Trust']").toml, "when ="));
}

BOOST_AUTO_TEST_CASE(
    settings_of_the_whole_that_are_not_default_are_told_with_what_takes_their_place) {
    auto const said = [](std::string const& line) {
        return joined(show("manager.connection_spec = 'inet:1@[::1]'\n" + line).remarks);
    };
    BOOST_TEST(said("# default\nsecurity.effective_user = \"x\"") == "");
    BOOST_TEST(said("log.syslog_facility = 'mail'\nmanager.chunk_size = 65535") == "");
    BOOST_TEST(contains(said("security.effective_user = 'x'"), "F:2: note: "));
    BOOST_TEST(contains(said("database.type = 'mysql2'"), "F:2: \"database.type = 'mysql2'\"; "));
    BOOST_TEST(!contains(said("database.password = 'secret'"), "secret"));
    BOOST_TEST(contains(said("manager.wonder = 1"), "F:2: not understood: "));
    BOOST_TEST(contains(said("s25r.add_whitelist('x')"), "rules/s25r.toml"));
    BOOST_TEST(contains(said("load_if_exist('x.conf')"), "--show-config"));
    BOOST_TEST(contains(said("restrict_accounts_by_list('a@b')"), "accounts_some_listed"));
    BOOST_TEST(contains(said("database.setup"), "[set.NAME] with sqlite and query"));
    BOOST_TEST(contains(said("controller.connection_spec = 'inet:1@localhost'"),
                        "F:2: controller.connection_spec \"inet:1@localhost\"; "));
    BOOST_TEST(
        contains(said("manager.n_workers = 1000"), "F:2: manager.n_workers is more than 256"));
    BOOST_TEST(
        contains(said("manager.fallback_status = 'discard'"), "F:2: manager.fallback_status"));
    BOOST_TEST(contains(said("end"), "F:2: an end of nothing"));
    BOOST_TEST(contains(said("define_milter('a') do |m|"), "F: a block has no end"));
}

BOOST_AUTO_TEST_CASE(time_that_is_not_set_is_as_usual_and_may_be_the_longer_one) {
    struct {
        char const* body;
        milter::proto::duration command;
    } const rows[] = {
        {"milter.writing_timeout = 3\nmilter.reading_timeout = 7", 7s},
        {"milter.writing_timeout = 3", 7s},
        {"milter.reading_timeout = 2.5", 7s},
        {"milter.reading_timeout = 2.5\nmilter.writing_timeout = 4", 4s},
        {"milter.writing_timeout = 9", 9s},
        {"milter.writing_timeout = 7", milter_timeouts{}.command},
        {"milter.writing_timeout = 9\nmilter.reading_timeout = 0", milter_timeouts{}.command},
    };
    for (auto const& row : rows)
        BOOST_TEST((loaded(one_milter(row.body).toml)->milters[0].timeouts.command == row.command),
                   row.body);
}

BOOST_AUTO_TEST_CASE(modes_are_numbers_or_texts) {
    for (auto const* mode : {"0660", "432", "'0660'", "\"660\""}) {
        auto const made = show("manager.connection_spec = \"unix:/run/m.sock\"\n"
                               "manager.unix_socket_mode = " +
                               std::string(mode));
        BOOST_TEST(contains(made.toml, "mode = \"0660\"\n"), made.toml);
    }
    BOOST_TEST(
        !show("manager.connection_spec = '/run/m'\nmanager.unix_socket_mode = 'u=rw'").complete);
}

BOOST_AUTO_TEST_CASE(milter_without_a_usable_socket_is_a_comment) {
    auto const made =
        show("manager.connection_spec = 'inet:10025@[127.0.0.1]'\n"
             "define_milter('a') do |m|\nm.description = 'x'\nend\n"
             "define_milter('me') do |m|\nm.connection_spec = 'inet:10025@localhost'\nend\n");
    BOOST_TEST(contains(made.toml, "# [[milter]]\n# name = \"a\"\n"), made.toml);
    BOOST_TEST(contains(made.toml, "# [[milter]]\n# name = \"me\"\n"), made.toml);
    BOOST_TEST(contains(joined(made.remarks), "it would ask itself"));
    BOOST_TEST(loaded(made.toml)->milters.empty());
}

BOOST_AUTO_TEST_CASE(milter_that_is_defined_twice_stands_where_it_did_last) {
    auto const made = show("define_milter('a') do |m|\nm.connection_spec = '/a'\nend\n"
                           "define_milter('b') do |m|\nm.connection_spec = '/b'\nend\n"
                           "define_milter('a') do |m|\nm.enabled = false\nend\n"
                           "define_milter('c') do |m|\nend\nremove_milter('c')\n");
    auto const read = loaded(made.toml);
    BOOST_TEST_REQUIRE(read->milters.size() == 2u);
    BOOST_TEST(read->milters[0].name == "b");
    BOOST_TEST(read->milters[1].name == "a");
    BOOST_TEST(!read->milters[1].enabled);
    BOOST_TEST(made.complete);
}

BOOST_AUTO_TEST_CASE(more_milters_than_are_taken_are_told_one_by_one) {
    std::string text;
    for (int i = 0; i < 1003; ++i)
        text += "define_milter('m" + std::to_string(i) + "') do |m|\nm.connection_spec = '/m" +
                std::to_string(i) + "'\nend\n";
    auto const made = show(text);
    BOOST_TEST(loaded(made.toml)->milters.size() == 1000u);
    BOOST_TEST(contains(joined(made.remarks), "F:3001: milter \"m1000\" is one too many; "));
    BOOST_TEST(!made.complete);
}

BOOST_AUTO_TEST_CASE(remarks_are_counted_where_there_are_too_many) {
    std::string text = "manager.connection_spec = '/m'\n";
    for (int i = 0; i < 1100; ++i) text += "?\n";
    auto const made = import_setup(text, "F", import_source::milter_manager);
    BOOST_TEST(made.remarks.size() == 1001u);
    BOOST_TEST(contains(made.toml, "# F: 100 more of these; "));
}

BOOST_AUTO_TEST_CASE(text_of_something_else_is_not_understood) {
    for (std::string_view const text : {"", "x", "\0\xff\n", "myhostname = x\n", "end\nend\n"})
        BOOST_TEST(!import_setup(text, "F", import_source::milter_manager).understood, text);
    BOOST_TEST(!import_setup("manager.daemon = true\n" + std::string(1 << 20, ' '), "F",
                             import_source::milter_manager)
                    .understood);
}

BOOST_AUTO_TEST_SUITE_END()
