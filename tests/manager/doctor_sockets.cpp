// SPDX-License-Identifier: BSL-1.0
// tests/manager/doctor_sockets.cpp - what the doctor says of sockets, of the manager's and of the milters'

#include "doctor_fixture.hpp"
#include "manager/doctor/finding_json.hpp"

#include <support/temp_dir.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

using namespace doctor_test;

namespace {

obstacle closed_folder() { return {"/run/a", false, 0, "a", "agroup", 0700, false}; }
obstacle closed_socket() { return {"/run/a.sock", true, 0, "a", "agroup", 0755, false}; }
obstacle folder_of_root() {
    return {"/var/spool/postfix/private", false, 0, "postfix", "root", 0700, true};
}
obstacle nothing_there() { return {"/run/a.sock", true, ENOENT, {}, {}, 0, false}; }

facts one_milter(std::string const& more = {}) {
    return facts_of(std::string(listener_part) + milter_part("a", more));
}

milter::error_code refused() { return make_error_code(boost::system::errc::connection_refused); }

} // namespace

BOOST_AUTO_TEST_SUITE(doctor_sockets)

BOOST_AUTO_TEST_CASE(folder_that_the_manager_may_not_pass) {
    auto seen = one_milter();
    seen.milters[0][0].barred = closed_folder();
    BOOST_TEST(
        told(examine_sockets(seen)) ==
        "problem: sockets: milter a on unix:/run/a.sock: user milter-manager may not pass /run/a "
        "(a:agroup, 0700)\n"
        "  mail that it applies to is refused for now\n"
        "    chmod g+x /run/a\n"
        "    usermod -a -G agroup milter-manager\n"
        "    systemctl restart milter-manager\n");
}

BOOST_AUTO_TEST_CASE(folder_of_the_system_is_left_alone) {
    auto seen = one_milter();
    seen.milters[0][0].barred = folder_of_root();
    BOOST_TEST(
        told(examine_sockets(seen)) ==
        "problem: sockets: milter a on unix:/run/a.sock: user milter-manager may not pass "
        "/var/spool/postfix/private (postfix:root, 0700)\n"
        "  mail that it applies to is refused for now; the folder is not to be opened: move the "
        "socket\n"
        "    # let a listen in a folder and with a group of its own, and write to its [[milter]] "
        "in "
        "milter-manager.toml:\n"
        "    socket = \"unix:/run/a/a.sock\"\n");
    seen.milters[0][0].barred = obstacle{"/run/a.sock", true, 0, "root", "root", 0755, true};
    auto const said = told(examine_sockets(seen));
    BOOST_TEST(said.find("; the socket is not to be opened: move the socket\n") != said.npos, said);
    BOOST_TEST(said.find("usermod") == said.npos, said);
    BOOST_TEST(said.find("chmod") == said.npos, said);
}

BOOST_AUTO_TEST_CASE(other_place_is_another_one) {
    auto seen = facts_of(std::string(listener_part) +
                         "[[milter]]\nname = \"a\"\nsocket = \"/run/a/a.sock\"\n");
    seen.milters = {{{obstacle{"/run/a/a.sock", true, 0, "root", "root", 0755, true}, {}}}};
    auto const said = told(examine_sockets(seen));
    BOOST_TEST(said.ends_with("    socket = \"unix:/run/a-socket/a.sock\"\n"), said);
}

BOOST_AUTO_TEST_CASE(who_looks_as_root_is_told_to_ask_the_same_as_another) {
    auto seen = one_milter();
    seen.is_roots_view = true;
    seen.arguments = " -c new.toml --postfix-config /etc/postfix-out";
    auto const said = told(examine_sockets(seen));
    BOOST_TEST(said.find("    sudo -u milter-manager milter-manager doctor -c new.toml "
                         "--postfix-config /etc/postfix-out\n") != said.npos,
               said);
}

BOOST_AUTO_TEST_CASE(folder_that_is_not_the_managers_is_not_given_to_the_mta) {
    auto const way = [](obstacle const& at) {
        auto seen = facts_of("[[listen]]\nsocket = \"/root/mm/mta.sock\"\n");
        seen.listeners[0].barred = at;
        return told(examine_listeners(seen));
    };
    for (auto const& at : {obstacle{"/root", false, 0, "milter-manager", "root", 0700, true},
                           obstacle{"/run/x", false, 0, "x", "x", 0750, false}}) {
        auto const said = way(at);
        BOOST_TEST(said.find("chgrp") == said.npos, said);
        BOOST_TEST(said.find("    install -d -o milter-manager -g postfix -m 0750 "
                             "/var/spool/postfix/milter-manager\n") != said.npos,
                   said);
    }
}

BOOST_AUTO_TEST_CASE(socket_that_the_manager_may_not_write_to) {
    auto seen = one_milter("on_error = \"accept\"\n");
    seen.milters[0][0].barred = closed_socket();
    BOOST_TEST(
        told(examine_sockets(seen)) ==
        "problem: sockets: milter a on unix:/run/a.sock: user milter-manager may not write to "
        "/run/a.sock (a:agroup, 0755)\n"
        "  mail that it applies to passes without it; the milter makes the socket at each "
        "start, so its umask is to let the group write: UMask=0007\n"
        "    chmod g+w /run/a.sock\n"
        "    usermod -a -G agroup milter-manager\n"
        "    systemctl restart milter-manager\n");
}

BOOST_AUTO_TEST_CASE(socket_that_is_not_there_or_deserted) {
    auto seen = one_milter();
    seen.milters[0][0].barred = nothing_there();
    BOOST_TEST(
        told(examine_sockets(seen)) ==
        "problem: sockets: milter a on unix:/run/a.sock: /run/a.sock (No such file or directory)\n"
        "  mail that it applies to is refused for now\n"
        "    systemctl status a\n");
    seen.milters[0][0] = {{}, probe_result{refused(), {}, {}}};
    BOOST_TEST(told(examine_sockets(seen)) ==
               "problem: sockets: milter a on unix:/run/a.sock: Connection refused\n"
               "  nobody listens there; mail that it applies to is refused for now\n"
               "    systemctl status a\n");
}

BOOST_AUTO_TEST_CASE(milter_that_answers_on_one_of_its_sockets_is_a_warning) {
    auto seen = facts_of(std::string(listener_part) +
                         "[[milter]]\nname = \"a\"\nsocket = [\"/run/a.sock\", \"/run/b.sock\"]\n");
    seen.milters[0][0].heard = probe_result{{}, "no answer", {}};
    proto::agreement const plain;
    seen.milters[0][1].heard = probe_result{{}, {}, plain};
    BOOST_TEST(told(examine_sockets(seen)) ==
               "warning: sockets: milter a on unix:/run/a.sock does not negotiate: no answer\n"
               "  it answers on another of its sockets\n"
               "ok: sockets: milter a on unix:/run/b.sock answers: version 6\n"
               "  actions none, steps none, macros as the MTA sends them\n");
}

BOOST_AUTO_TEST_CASE(what_a_milter_negotiates) {
    auto seen = one_milter();
    proto::macro_lists lists;
    lists[2] = "i {auth_type}";
    answers(seen, 0, wire::action::add_header | wire::action::set_macro_list, lists);
    BOOST_TEST(told(examine_sockets(seen)) ==
               "ok: sockets: milter a on unix:/run/a.sock answers: version 6\n"
               "  actions add_header|set_macro_list, steps none, macros mail i {auth_type}\n");
}

BOOST_AUTO_TEST_CASE(milters_that_are_not_asked_are_not_looked_at) {
    auto seen = one_milter("enabled = false\n");
    seen.milters[0][0].barred = nothing_there();
    BOOST_TEST(examine_sockets(seen).empty());
    BOOST_TEST(examine_sockets(one_milter()).empty());
}

BOOST_AUTO_TEST_CASE(listener_outside_of_the_chroot) {
    auto postfix = usual_postfix();
    postfix.smtpd_in_chroot = true;
    postfix.smtpd_milters = "inet:127.0.0.1:8891, unix:/run/mm/mta.sock";
    auto const seen = facts_of("[[listen]]\nsocket = \"/run/mm/mta.sock\"\n", postfix);
    BOOST_TEST(
        told(examine_listeners(seen)) ==
        "problem: listeners: listener unix:/run/mm/mta.sock: smtpd runs in a chroot and sees "
        "nothing outside of /var/spool/postfix/\n"
        "  it takes the manager for failed: milter_default_action says what becomes of mail\n"
        "    install -d -o milter-manager -g postfix -m 0750 /var/spool/postfix/milter-manager\n"
        "    # [[listen]] in milter-manager.toml:\n"
        "    socket = \"unix:/var/spool/postfix/milter-manager/mta.sock\"\n"
        "    mode = \"0660\"\n"
        "    group = \"postfix\"\n"
        "    systemctl restart milter-manager\n"
        "    # who stays beside the manager is asked by Postfix alone; as [[milter]]s of the "
        "manager: postconf -n | milter-manager import --from postfix -\n"
        "    postconf -e \"smtpd_milters = inet:127.0.0.1:8891, unix:milter-manager/mta.sock\"\n"
        "    postfix reload\n");
}

BOOST_AUTO_TEST_CASE(listener_that_the_mta_does_not_get_to) {
    auto seen = facts_of("[[listen]]\nsocket = \"/run/mm/mta.sock\"\n");
    BOOST_TEST(told(examine_listeners(seen)) ==
               "ok: listeners: listener unix:/run/mm/mta.sock: user postfix gets there\n");
    seen.listeners[0].barred =
        obstacle{"/run/mm", false, 0, "milter-manager", "milter-manager", 0750, false};
    BOOST_TEST(
        told(examine_listeners(seen)) ==
        "problem: listeners: listener unix:/run/mm/mta.sock: user postfix may not pass /run/mm "
        "(milter-manager:milter-manager, 0750)\n"
        "  it takes the manager for failed: milter_default_action says what becomes of mail\n"
        "    chgrp postfix /run/mm\n");
    seen.listeners[0].barred =
        obstacle{"/run/mm/mta.sock", true, 0, "milter-manager", "milter-manager", 0600, false};
    BOOST_TEST(
        told(examine_listeners(seen)) ==
        "problem: listeners: listener unix:/run/mm/mta.sock: user postfix may not write to "
        "/run/mm/mta.sock (milter-manager:milter-manager, 0600)\n"
        "  it takes the manager for failed: milter_default_action says what becomes of mail\n"
        "    # its [[listen]] in milter-manager.toml:\n"
        "    mode = \"0660\"\n"
        "    group = \"postfix\"\n");
    seen.listeners[0].barred = obstacle{"/run/mm/mta.sock", true, ENOENT, {}, {}, 0, false};
    BOOST_TEST(told(examine_listeners(seen)) ==
               "warning: listeners: listener unix:/run/mm/mta.sock is not there: /run/mm/mta.sock "
               "(No such "
               "file or directory)\n"
               "  the manager does not run, or listens elsewhere\n"
               "    systemctl status milter-manager\n");
}

BOOST_AUTO_TEST_CASE(folder_of_the_listener_that_is_not_there) {
    auto seen = facts_of("[[listen]]\nsocket = \"/var/spool/postfix/mm/mta.sock\"\n");
    seen.listeners[0].barred = obstacle{"/var/spool/postfix/mm", false, ENOENT, {}, {}, 0, false};
    auto const advice = "    install -d -o milter-manager -g postfix -m 0750 "
                        "/var/spool/postfix/mm\n    systemctl restart milter-manager\n";
    BOOST_TEST(told(examine_listeners(seen)).ends_with(advice));
    seen.user = "root"; // who looks, not who will own it
    seen.is_roots_view = true;
    BOOST_TEST(told(examine_listeners(seen)).ends_with(advice));
}

BOOST_AUTO_TEST_CASE(way_is_walked_with_the_rights_of_the_user) {
    support::temp_dir const dir;
    ::chmod((dir / "").c_str(), 0755);
    auto const folder = dir / "closed";
    ::mkdir(folder.c_str(), 0755);
    auto const file = dir.write("closed/socket", "");
    struct stat found {};
    BOOST_REQUIRE(::stat(file.c_str(), &found) == 0);
    user const stranger{"stranger", found.st_uid + 1, {found.st_gid + 1}};
    user const member{"member", found.st_uid + 2, {found.st_gid + 2, found.st_gid}};
    user const owner{"owner", found.st_uid, {}};

    ::chmod(file.c_str(), 0620);
    auto barred = obstacle_to(file, stranger);
    BOOST_TEST_REQUIRE((barred && barred->is_socket));
    BOOST_TEST(barred->path == file);
    BOOST_TEST(barred->mode == 0620U);
    BOOST_TEST(!obstacle_to(file, member));
    BOOST_TEST(!obstacle_to(file, owner));

    ::chmod(folder.c_str(), 0700);
    barred = obstacle_to(file, member);
    BOOST_TEST_REQUIRE((barred && !barred->is_socket));
    BOOST_TEST(barred->path == folder);
    BOOST_TEST(!obstacle_to(file, owner));

    BOOST_TEST(barred->is_off_limits == (found.st_gid == 0));
    if (::getuid() == 0) {
        BOOST_TEST_REQUIRE(::chown(folder.c_str(), 0, 12'345) == 0);
        BOOST_TEST(!obstacle_to(file, stranger)->is_off_limits);
        BOOST_TEST_REQUIRE(::chown(folder.c_str(), 12'345, 0) == 0);
        BOOST_TEST(obstacle_to(file, stranger)->is_off_limits);
        BOOST_TEST_REQUIRE(::chown(folder.c_str(), found.st_uid, found.st_gid) == 0);
    }

    barred = obstacle_to(dir / "closed/none", owner);
    BOOST_TEST_REQUIRE(barred.has_value());
    BOOST_TEST(barred->error == ENOENT);
    ::chmod(folder.c_str(), 0755);
}

BOOST_AUTO_TEST_CASE(findings_are_counted_and_hidden_and_escaped) {
    std::vector<finding> const all{{weight::right, "a", "good", {}, {}},
                                   {weight::problem, "a", "bad\n\x1b", "as it is", {"do this"}}};
    BOOST_TEST(to_text(all, shown::what_matters) ==
               "problem: a: bad\\n\\x1b\n  as it is\n    do this\n1 problem, no warnings\n");
    BOOST_TEST(to_text({}, shown::everything) == "no problems, no warnings\n");
    BOOST_TEST(to_json(std::span(all).subspan(1)) == R"({
  "problems": 1,
  "warnings": 0,
  "findings": [
    {
      "weight": "problem",
      "area": "a",
      "what": "bad\n\u001b",
      "why": "as it is",
      "lines": [
        "do this"
      ]
    }
  ]
}
)");
}

BOOST_AUTO_TEST_SUITE_END()
