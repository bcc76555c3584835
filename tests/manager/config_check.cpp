// SPDX-License-Identifier: BSL-1.0
// tests/manager/config_check.cpp - what is checked between the values of a configuration

#include "manager/config/config_check.hpp"

#include "manager/config/config_toml.hpp"

#include <boost/test/unit_test.hpp>

using namespace milter::manager;

namespace {

std::string listen(std::string const& socket) {
    return "[[listen]]\nsocket = \"" + socket + "\"\n";
}
std::string filter(std::string const& name, std::string const& socket) {
    return "[[milter]]\nname = \"" + name + "\"\nsocket = \"" + socket + "\"\n";
}

/// First lines of all problems.
std::string findings(std::string const& text) {
    std::string out;
    for (auto const& problem : parse_config(text, "m").problems) {
        auto const whole = to_string(problem);
        out += whole.substr(0, whole.find('\n')) + "\n";
    }
    return out;
}

std::string const open_to_all =
    "m:2:10: warning: socket: open to all who reach this machine, as the milter protocol has no "
    "authentication\n";

} // namespace

BOOST_AUTO_TEST_SUITE(config_check)

BOOST_AUTO_TEST_CASE(somebody_must_be_listened_to) {
    BOOST_TEST(findings(filter("a", "/a")) == "m: no [[listen]]: the MTA could not connect\n");
    BOOST_TEST(findings("listen = []\n" + filter("a", "/a")) ==
               "m: no [[listen]]: the MTA could not connect\n");
}

BOOST_AUTO_TEST_CASE(no_milter_is_a_warning) {
    auto const none = parse_config(listen("/l"), "m");
    BOOST_TEST(bool(none.config));
    BOOST_TEST_REQUIRE(none.problems.size() == 1u);
    BOOST_TEST(to_string(none.problems[0]) ==
               "m: warning: no [[milter]]: all mail passes unfiltered");
    BOOST_TEST(findings(listen("/l") + filter("a", "/a") + "enabled = false\n") ==
               "m: warning: no milter is enabled: all mail passes unfiltered\n");
    BOOST_TEST(findings(listen("/l") + filter("a", "/a") + "mode = \"evaluate\"\n") ==
               "m: warning: milters are only evaluated: all mail passes unfiltered\n");
}

BOOST_AUTO_TEST_CASE(profile_of_evaluated_milters_lets_mail_pass_and_says_so) {
    BOOST_TEST(findings(listen("/k") + listen("/l") + "profile = 'x'\n" + filter("a", "/a") +
                        "mode = 'evaluate'\n" + filter("b", "/b") +
                        "[profile.x]\nmilters = ['a']\n") ==
               "m:14:11: warning: milters of the profile are only evaluated: its mail passes "
               "unfiltered\n");
}

BOOST_AUTO_TEST_CASE(by_without_share_is_a_warning) {
    auto const with = [](std::string const& keys) {
        return findings(listen("/l") + filter("a", "/a") + keys);
    };
    BOOST_TEST(with("by = \"session\"\n") ==
               "m:6:6: warning: by without share: the milter applies to all mail\n");
    BOOST_TEST(with("by = \"session\"\nshare = \"5%\"\n") == "");
}

BOOST_AUTO_TEST_CASE(keys_without_effect_in_mode_evaluate_are_warned_of) {
    std::string const keys = "on_error = \"accept\"\nconcurrent = true\nparallel_rcpt = true\n"
                             "late_rcpt_reject = \"ignore\"\n";
    auto const with = [&](std::string const& mode) {
        return findings(listen("/l") + filter("a", "/a") + "mode = \"" + mode + "\"\n" + keys +
                        filter("b", "/b"));
    };
    BOOST_TEST(with("enforce") == "");
    BOOST_TEST(with("evaluate") ==
               "m:7:12: warning: on_error has no effect in mode \"evaluate\"\n"
               "m:8:14: warning: concurrent has no effect in mode \"evaluate\"\n"
               "m:9:17: warning: parallel_rcpt has no effect in mode \"evaluate\"\n"
               "m:10:20: warning: late_rcpt_reject has no effect in mode \"evaluate\"\n");
}

BOOST_AUTO_TEST_CASE(the_control_socket_is_a_unix_socket_of_its_own) {
    auto const with = [](std::string const& socket) {
        return findings(listen("/l") + filter("a", "/a") + "[control]\nsocket = \"" + socket +
                        "\"\n");
    };
    BOOST_TEST(with("/c") == "");
    BOOST_TEST(with("inet:1@127.0.0.1") == "m:7:10: the control socket is a unix socket\n");
    BOOST_TEST(with("/./l") == "m:7:10: socket is listened on already\n");
    BOOST_TEST(with("unix:/a") == "m:7:10: a milter has this socket\n");
}

BOOST_AUTO_TEST_CASE(the_control_socket_is_known_also_of_a_file_with_errors) {
    auto const loaded = parse_config("bad = 1\n[control]\nsocket = \"/c\"\n", "m");
    BOOST_TEST(!loaded.config);
    BOOST_TEST(loaded.control.path == "/c");
    BOOST_TEST(parse_config("[control]\nsocket = = 1\n", "m").control.path == "");
}

BOOST_AUTO_TEST_CASE(a_socket_is_listened_on_once) {
    auto const rest = filter("a", "/a");
    BOOST_TEST(findings(listen("/l") + listen("local:/l") + rest) ==
               "m:4:10: socket is listened on already\n");
    BOOST_TEST(findings(listen("inet:25@127.0.0.1") + listen("inet:25") + rest) ==
               "m:4:10: socket is listened on already\n"); // the first that is wrong with it
    BOOST_TEST(findings(listen("inet:25@127.0.0.1") + listen("inet:25@127.0.0.2") + rest) == "");
    BOOST_TEST(findings(listen("inet:0@127.0.0.1") + listen("inet:0@127.0.0.1") + rest) == "");
}

BOOST_AUTO_TEST_CASE(a_port_on_all_addresses_is_warned_of_and_the_loopback_one_is_named) {
    struct {
        std::string socket, here;
    } const rows[] = {{"inet:25", "inet:25@127.0.0.1"},
                      {"inet:25@0.0.0.0", "inet:25@127.0.0.1"},
                      {"inet6:25", "inet6:25@[::1]"},
                      {"inet6:25@[::]", "inet6:25@[::1]"}};
    for (auto const& row : rows) {
        auto const loaded = parse_config(listen(row.socket) + filter("a", "/a"), "m");
        BOOST_TEST(bool(loaded.config));
        BOOST_TEST_REQUIRE(loaded.problems.size() == 1u, row.socket);
        BOOST_TEST(to_string(loaded.problems[0]).starts_with(open_to_all.substr(0, 60)));
        BOOST_TEST(loaded.problems[0].hint == "for an MTA on this machine: \"" + row.here +
                                                  "\"; else the address of an interface that only "
                                                  "MTAs reach");
    }
    for (std::string const socket :
         {"/l", "inet:25@127.0.0.1", "inet6:25@[::1]", "inet:25@mx.test"})
        BOOST_TEST(findings(listen(socket) + filter("a", "/a")) == "", socket);
}

BOOST_AUTO_TEST_CASE(a_milter_on_a_socket_of_ours_is_a_loop) {
    BOOST_TEST(findings(listen("/run//l") + filter("a", "unix:/run/./l")) ==
               "m:5:10: loop: the manager itself listens on this socket\n");
    BOOST_TEST(findings(listen("inet:25") + filter("a", "inet:localhost:25")) ==
               open_to_all + "m:5:10: loop: the manager itself listens on this socket\n");
    BOOST_TEST(findings(listen("inet:25@192.0.2.1") + filter("a", "inet:localhost:25")) == "");
}

BOOST_AUTO_TEST_CASE(names_of_milters_are_unique) {
    BOOST_TEST(findings(listen("/l") + filter("a", "/a") + filter("b", "/b") + filter("a", "/c")) ==
               "m:10:8: second milter of this name\n");
}

BOOST_AUTO_TEST_CASE(two_milters_on_one_socket_are_a_warning) {
    BOOST_TEST(findings(listen("/l") + filter("a", "/a") + filter("b", "/a")) ==
               "m:8:10: warning: milter \"a\" has the same socket: it is asked twice\n");
}

BOOST_AUTO_TEST_CASE(each_socket_of_a_list_is_checked_at_its_place) {
    auto const filter_at = [](std::string const& sockets) {
        return "[[milter]]\nname = \"a\"\nsocket = " + sockets + "\n"; // lines 3 to 5
    };
    auto const with = [&](std::string const& sockets) {
        return findings(listen("/l") + filter_at(sockets));
    };
    BOOST_TEST(with("['/a', '/b', 'inet:1@localhost']") == "");
    BOOST_TEST(with("['/a']") == "");
    BOOST_TEST(with("['/a', 'b']") == "m:5:17: socket: cannot read \"b\"\n");
    BOOST_TEST(with("['/a', '']") == "m:5:17: socket: expected a socket, not an empty text\n");
    BOOST_TEST(with("['/a', '/b', 'unix://a']") ==
               "m:5:23: socket: \"unix://a\" is in the list already\n");
    BOOST_TEST(with("['inet:1@localhost', 'inet:127.0.0.1:1']") ==
               "m:5:31: socket: \"inet:127.0.0.1:1\" is in the list already\n");
    BOOST_TEST(with("['/a', '/l']") == "m:5:17: loop: the manager itself listens on this socket\n");
    BOOST_TEST(with("[]") == "m:5:10: socket: no socket is named\n");
    BOOST_TEST(with("['/a', 1]") ==
               "m:5:10: socket: expected a socket or a list of them, not a list\n");
    BOOST_TEST(findings(listen("/l") + filter_at("['/a', '/b']") + filter("b", "/b")) ==
               "m:8:10: warning: milter \"a\" has the same socket: it is asked twice\n");
    std::string many;
    for (int i = 0; i < 16; ++i) many += "'/" + std::to_string(i) + "', ";
    BOOST_TEST(with("[" + many + "]") == "");
    BOOST_TEST(with("[" + many + "'/16']") ==
               "m:5:10: socket: 17 sockets: a milter has at most 16\n");
}

BOOST_AUTO_TEST_CASE(first_pause_of_a_breaker_beyond_the_longest_is_a_warning) {
    auto const with = [](std::string const& keys) {
        return findings(listen("/l") + filter("a", "/a") + "breaker = { " + keys + " }\n");
    };
    BOOST_TEST(with("first_pause = '2m'") ==
               "m:6:27: warning: first_pause is longer than longest_pause, which is 1m: that is "
               "the first one, too\n");
    BOOST_TEST(with("longest_pause = '999ms'") ==
               "m:6:29: warning: first_pause is longer than longest_pause, which is 999ms: that "
               "is the first one, too\n");
    BOOST_TEST(with("first_pause = '1m'") == "");
}

BOOST_AUTO_TEST_CASE(mode_and_group_need_a_unix_socket) {
    BOOST_TEST(findings(listen("inet:25@127.0.0.1") + "mode = '0660'\ngroup = 'mail'\n" +
                        filter("a", "/a")) ==
               "m:3:8: mode is for unix sockets only\nm:4:9: group is for unix sockets only\n");
    BOOST_TEST(findings(listen("/l") + "mode = '0660'\ngroup = 'mail'\n" + filter("a", "/a")) ==
               "");
}

BOOST_AUTO_TEST_CASE(times_that_come_to_nothing_are_warned_of) {
    auto const front = listen("/l") + filter("a", "/a"); // lines 1 to 5
    auto const timeout = [&](std::string const& key, std::string const& value) {
        return front + "timeout = { " + key + " = '" + value + "' }\n"; // line 6
    };
    auto const manager = [](std::string const& line) { return "[manager]\n" + line + "\n"; };
    BOOST_TEST(
        findings(timeout("command", "11s") + manager("command_budget = '10s'")) ==
        "m:6:23: warning: command: 11s is longer than [manager] command_budget, which is 10s: "
        "the budget ends first\n");
    BOOST_TEST(findings(timeout("command", "10s") + manager("command_budget = '10s'")) == "");
    BOOST_TEST(findings(timeout("command", "1m") + manager("command_budget = 'auto'")) == "");
    BOOST_TEST(findings(front + manager("command_budget = '10s'")) == ""); // nobody wrote the 20s
    BOOST_TEST(
        findings(timeout("end_of_message", "5m")) ==
        "m:6:30: warning: end_of_message: 5m is longer than [manager] end_of_message_budget, "
        "which is 4m: the budget ends first\n");
    BOOST_TEST(findings(front + manager("command_budget = '31s'")) ==
               "m:7:18: warning: command_budget: Postfix gives up after 30s, Sendmail after 10s\n");
    BOOST_TEST(findings(front + manager("command_budget = '30s'")) == "");
    BOOST_TEST(findings(front + manager("end_of_message_budget = '301s'")) ==
               "m:7:25: warning: end_of_message_budget: MTAs give up after 5m\n");
    BOOST_TEST(findings(front + manager("end_of_message_budget = '5m'")) == "");
    BOOST_TEST(findings(front + manager("idle_timeout = '239s'")) ==
               "m:7:16: warning: idle_timeout is less than end_of_message_budget, which is 4m\n");
    BOOST_TEST(findings(front + manager("idle_timeout = '4m'")) == "");
}

BOOST_AUTO_TEST_CASE(more_memory_than_a_body_may_have_is_a_warning) {
    auto const front = listen("/l") + filter("a", "/a") + "[spool]\n"; // lines 1 to 6
    BOOST_TEST(
        findings(front + "memory = '257MiB'\n") ==
        "m:7:10: warning: [spool] memory is more than max: a body that large is not taken\n");
    BOOST_TEST(findings(front + "max = '1023KiB'\n") ==
               "m:7:7: warning: [spool] memory is more than max: a body that large is not taken\n");
    BOOST_TEST(findings(front + "max = '1MiB'\n") == "");
}

BOOST_AUTO_TEST_CASE(what_was_refused_is_not_checked_again) {
    BOOST_TEST(findings("[[listen]]\nsocket = 'x'\nmode = '0660'\n[[listen]]\nsocket = 'y'\n" +
                        filter("a", "z")) ==
               "m:2:10: socket: cannot read \"x\"\nm:5:10: socket: cannot read \"y\"\nm:8:10: "
               "socket: cannot read \"z\"\n");
}

BOOST_AUTO_TEST_CASE(profiles_name_milters_that_are_there_each_once) {
    auto const with = [](std::string const& milters) {
        return parse_config(listen("/l") + "profile = 'x'\n" + filter("spf", "/a") +
                                filter("dkim", "/b") + "[profile.x]\nmilters = [" + milters + "]\n",
                            "m")
            .problems;
    };
    BOOST_TEST(with("'dkim', 'spf'").empty());
    auto const unknown = with("'spf', 'dkin'");
    BOOST_TEST_REQUIRE(unknown.size() == 2U);
    BOOST_TEST(
        to_string(unknown[0])
            .starts_with("m:8:8: warning: milter \"dkim\" is in no profile: it is not asked\n"));
    BOOST_TEST(to_string(unknown[1]) == R"(m:11:19: unknown milter "dkin"
    milters = ['spf', 'dkin']
                      ^~~~~~
  did you mean "dkim"?)");
    auto const twice = with("'spf', 'dkim', 'spf'");
    BOOST_TEST_REQUIRE(twice.size() == 1U);
    BOOST_TEST(twice[0].message == "milter \"spf\" stands in the profile twice");
    BOOST_TEST((twice[0].line == 11 && twice[0].column == 27));
}

BOOST_AUTO_TEST_CASE(listeners_name_profiles_that_are_there) {
    auto const problems = parse_config(listen("/l") + "profile = 'inbund'\n" + filter("a", "/a") +
                                           "[profile.inbound]\nmilters = ['a']\n",
                                       "m")
                              .problems;
    BOOST_TEST_REQUIRE(problems.size() == 2U);
    BOOST_TEST(to_string(problems[0]) == R"(m:3:11: unknown profile "inbund"
    profile = 'inbund'
              ^~~~~~~~
  did you mean "inbound"?)");
    BOOST_TEST(to_string(problems[1])
                   .starts_with("m:7:10: warning: no [[listen]] has the profile \"inbound\"\n"));
}

BOOST_AUTO_TEST_CASE(listener_without_profile_uses_all_milters) {
    auto const text = listen("/l") + "profile = 'x'\n" + filter("a", "/a") + filter("b", "/b") +
                      "[profile.x]\nmilters = ['a']\n";
    BOOST_TEST(findings(text) ==
               "m:8:8: warning: milter \"b\" is in no profile: it is not asked\n");
    BOOST_TEST(findings(text + listen("/m")) == "");
}

BOOST_AUTO_TEST_CASE(profile_without_milters_lets_mail_pass_and_says_so) {
    BOOST_TEST(
        findings(listen("/k") + listen("/l") + "profile = 'x'\n" + filter("a", "/a") +
                 "[profile.x]\nmilters = []\n") ==
        "m:10:11: warning: no milter of the profile is enabled: its mail passes unfiltered\n");
}

BOOST_AUTO_TEST_CASE(profile_needs_a_name_and_milters) {
    BOOST_TEST(
        findings(listen("/l") + filter("a", "/a") + "[profile.x]\n[profile.In]\nmilters=[]\n")
            .find("m:6:1: [profile.x] without milters\n") != std::string::npos);
    BOOST_TEST(findings(listen("/l") + filter("a", "/a") + "[profile.In]\nmilters = ['a']\n")
                   .find("profile: \"In\" cannot be a name\n") != std::string::npos);
    BOOST_TEST(findings(listen("/l") + filter("a", "/a") + "[profile]\nmilters = ['a']\n") ==
               "m:7:1: profile is a table with a name\n");
}

BOOST_AUTO_TEST_CASE(milters_of_a_profile_are_a_list_of_names) {
    auto const with = [](std::string const& milters) {
        auto const found = findings(listen("/l") + "profile = 'x'\n" + filter("a", "/a") +
                                    "[profile.x]\nmilters = " + milters + "\n");
        return found.substr(found.find("m:8:"));
    };
    BOOST_TEST(with("'a'") == "m:8:11: milters: expected a list of names, not the text \"a\"\n");
    BOOST_TEST(with("['a', 1]") == "m:8:11: milters: expected a list of texts\n");
    BOOST_TEST(with("['a', 'A b']") == "m:8:17: milters: \"A b\" cannot be a name\n");
    BOOST_TEST(with("['a', '']") == "m:8:17: milters: expected a name, not an empty text\n");
    std::string many;
    for (int i = 0; i < 1001; ++i) many += "'a',\n";
    BOOST_TEST(with("[" + many + "]") == "m:8:11: milters: 1001 names: at most 1000\n");
}

BOOST_AUTO_TEST_CASE(memory_has_room_for_the_headers_of_one_message) {
    auto const with = [](std::string const& lines) {
        return findings(listen("/l") + filter("a", "/a") + "[limits]\n" + lines);
    };
    BOOST_TEST(with("memory = '16MiB'\n") == "");
    BOOST_TEST(with("memory = '15MiB'\n") ==
               "m:7:10: warning: [limits] memory is less than header_bytes: a message with so many "
               "headers is not taken\n");
    BOOST_TEST(with("header_bytes = '512MiB'\n").starts_with("m:7:16: warning: "));
}

BOOST_AUTO_TEST_SUITE_END()
