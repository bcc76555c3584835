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
}

BOOST_AUTO_TEST_CASE(a_socket_is_listened_on_once) {
    auto const rest = filter("a", "/a");
    BOOST_TEST(findings(listen("/l") + listen("local:/l") + rest) ==
               "m:4:10: socket is listened on already\n");
    BOOST_TEST(findings(listen("inet:25@127.0.0.1") + listen("inet:25") + rest) ==
               "m:4:10: socket is listened on already\n");
    BOOST_TEST(findings(listen("inet:25@127.0.0.1") + listen("inet:25@127.0.0.2") + rest) == "");
    BOOST_TEST(findings(listen("inet:0@127.0.0.1") + listen("inet:0@127.0.0.1") + rest) == "");
}

BOOST_AUTO_TEST_CASE(a_milter_on_a_socket_of_ours_is_a_loop) {
    BOOST_TEST(findings(listen("/run//l") + filter("a", "unix:/run/./l")) ==
               "m:5:10: loop: the manager itself listens on this socket\n");
    BOOST_TEST(findings(listen("inet:25") + filter("a", "inet:localhost:25")) ==
               "m:5:10: loop: the manager itself listens on this socket\n");
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

BOOST_AUTO_TEST_CASE(mode_and_group_need_a_unix_socket) {
    BOOST_TEST(
        findings(listen("inet:25") + "mode = '0660'\ngroup = 'mail'\n" + filter("a", "/a")) ==
        "m:3:8: mode is for unix sockets only\nm:4:9: group is for unix sockets only\n");
    BOOST_TEST(findings(listen("/l") + "mode = '0660'\ngroup = 'mail'\n" + filter("a", "/a")) ==
               "");
}

BOOST_AUTO_TEST_CASE(what_was_refused_is_not_checked_again) {
    BOOST_TEST(findings("[[listen]]\nsocket = 'x'\nmode = '0660'\n[[listen]]\nsocket = 'y'\n" +
                        filter("a", "z")) ==
               "m:2:10: socket: cannot read \"x\"\nm:5:10: socket: cannot read \"y\"\nm:8:10: "
               "socket: cannot read \"z\"\n");
}

BOOST_AUTO_TEST_SUITE_END()
