// SPDX-License-Identifier: BSL-1.0
// tests/manager/doctor_mta.cpp - what the doctor says of Postfix: its milters, times and sizes

#include "doctor_fixture.hpp"
#include "manager/doctor/mta_spelling.hpp"

using namespace doctor_test;

namespace {

std::string text_of(std::string const& more = {}) {
    return std::string(listener_part) + milter_part("a") + more;
}

facts with(postfix_settings const& postfix, std::string const& more = {}) {
    return facts_of(text_of(more), postfix);
}

/// Without what is right.
std::string wrong(std::vector<finding> const& all) {
    auto text = to_text(all, shown::what_matters);
    return text.substr(0, text.rfind('\n', text.size() - 2) + 1);
}

std::string spelled(std::string const& where, postfix_settings const& postfix) {
    return spelling_for(*milter::parse_endpoint(where), postfix).value_or("none");
}

} // namespace

BOOST_AUTO_TEST_SUITE(doctor_mta)

BOOST_AUTO_TEST_CASE(usual_settings_are_right) {
    auto const seen = with(usual_postfix());
    BOOST_TEST(told(examine_mta(seen)) ==
               "ok: mta: Postfix asks the manager: smtpd_milters = inet:127.0.0.1:10025\n");
    BOOST_TEST(wrong(examine(seen)) == "");
}

BOOST_AUTO_TEST_CASE(postfix_that_asks_somebody_else) {
    auto postfix = usual_postfix();
    postfix.smtpd_milters =
        "unix:opendkim/opendkim.sock, { inet:localhost:8891, connect_timeout=1s }";
    BOOST_TEST(
        told(examine_mta(with(postfix))) ==
        "problem: mta: Postfix does not ask the manager: smtpd_milters is "
        "unix:opendkim/opendkim.sock, { inet:localhost:8891, connect_timeout=1s }\n"
        "  mail that comes by SMTP passes without the milters behind the manager\n"
        "    # who stays beside the manager is asked by Postfix alone; as [[milter]]s of the "
        "manager: postconf -n | milter-manager import --from postfix -\n"
        "    postconf -e \"smtpd_milters = inet:127.0.0.1:10025, "
        "unix:opendkim/opendkim.sock, { inet:localhost:8891, connect_timeout=1s }\"\n"
        "    postfix reload\n");
    postfix.smtpd_milters.clear();
    postfix.service_milters = {{"submission", "inet:localhost:10025"}};
    BOOST_TEST(told(examine_mta(with(postfix))) ==
               "ok: mta: service submission of master.cf asks the manager: smtpd_milters = "
               "inet:localhost:10025\n");
    postfix.service_milters.push_back({"10026", "inet:localhost:8891"});
    BOOST_TEST(wrong(examine_mta(with(postfix))) ==
               "note: mta: service 10026 of master.cf has smtpd_milters of its own, without the "
               "manager: inet:localhost:8891\n"
               "  mail that comes there passes without the milters behind the manager\n");
}

BOOST_AUTO_TEST_CASE(manager_takes_the_place_of_its_milters_alone) {
    auto postfix = usual_postfix();
    auto const advised = [&](std::string const& list) {
        postfix.smtpd_milters = list;
        auto const all = examine_mta(with(postfix));
        std::string value;
        for (auto const& line : all.at(0).lines)
            if (line.starts_with("postconf -e")) value = line.substr(line.find(" = ") + 3);
        return value;
    };
    BOOST_TEST(advised("") == "inet:127.0.0.1:10025\"");
    BOOST_TEST(advised("unix:/run/a.sock") == "inet:127.0.0.1:10025\"");
    BOOST_TEST(advised("inet:b:1 unix:/run/a.sock,inet:c:1") ==
               "inet:b:1, inet:127.0.0.1:10025, inet:c:1\"");
    BOOST_TEST(advised("{ unix:/run/a.sock, default_action=accept }, inet:c:1") ==
               "inet:127.0.0.1:10025, inet:c:1\"");
    postfix.smtpd_in_chroot = true; // there it is another path, and the same was meant
    BOOST_TEST(advised("inet:b:1, unix:/run/a.sock") == "inet:b:1, inet:127.0.0.1:10025\"");
}

BOOST_AUTO_TEST_CASE(lines_are_for_the_postfix_that_was_looked_at) {
    auto postfix = usual_postfix();
    postfix.config_directory = "/etc/postfix-out";
    postfix.smtpd_milters = "inet:b:1";
    BOOST_TEST(wrong(examine_mta(with(postfix)))
                   .ends_with("    # who stays beside the manager is asked by Postfix alone; as "
                              "[[milter]]s of the manager: postconf -c /etc/postfix-out -n | "
                              "milter-manager import --from postfix -\n"
                              "    postconf -c /etc/postfix-out -e \"smtpd_milters = "
                              "inet:127.0.0.1:10025, inet:b:1\"\n"
                              "    postfix -c /etc/postfix-out reload\n"));
    postfix.config_directory = "/etc/my postfix";
    BOOST_TEST(postfix_command("postconf", postfix) == "postconf -c '/etc/my postfix'");
}

BOOST_AUTO_TEST_CASE(postfix_knows_no_inet6) {
    auto postfix = usual_postfix();
    postfix.smtpd_milters = "inet6:[::1]:10025, inet:b:1";
    auto const of = [&] {
        return wrong(
            examine_mta(facts_of("[[listen]]\nsocket = \"inet6:10025@[::1]\"\n", postfix)));
    };
    BOOST_TEST(of().find("    postconf -e \"smtpd_milters = inet:[::1]:10025, inet:b:1\"\n") !=
                   std::string::npos,
               of());
    postfix.smtpd_milters = "inet:[::1]:10025, inet:b:1";
    BOOST_TEST(of() == "");
}

BOOST_AUTO_TEST_CASE(other_machines_may_be_the_ones_that_ask) {
    auto postfix = usual_postfix();
    postfix.smtpd_milters.clear();
    auto const seen = facts_of("[[listen]]\nsocket = \"inet:10025@192.0.2.1\"\n", postfix);
    BOOST_TEST(told(examine_mta(seen))
                   .starts_with(
                       "warning: mta: Postfix does not ask the manager: smtpd_milters is empty\n"));
}

BOOST_AUTO_TEST_CASE(milter_that_is_asked_twice) {
    auto postfix = usual_postfix();
    postfix.smtpd_milters = "inet:127.0.0.1:10025 unix:/run/a.sock";
    BOOST_TEST(wrong(examine_mta(with(postfix))) ==
               "problem: mta: milter a is asked twice: by Postfix on unix:/run/a.sock, and by the "
               "manager\n"
               "  it judges, counts and changes each message twice\n"
               "    postconf -e \"smtpd_milters = inet:127.0.0.1:10025\"\n"
               "    postfix reload\n");
    postfix.smtpd_milters =
        "{ inet:localhost:10025, connect_timeout=1s }, unix:/run/a.sock, inet:127.0.0.1:8891";
    BOOST_TEST(wrong(examine_mta(with(postfix)))
                   .ends_with("    postconf -e \"smtpd_milters = { inet:localhost:10025, "
                              "connect_timeout=1s }, inet:127.0.0.1:8891\"\n"
                              "    postfix reload\n"));
}

BOOST_AUTO_TEST_CASE(default_action_version_and_local_mail) {
    auto postfix = usual_postfix();
    postfix.milter_default_action = "accept";
    postfix.milter_protocol = "4";
    postfix.non_smtpd_milters = "inet:127.0.0.1:10025";
    BOOST_TEST(
        wrong(examine_mta(with(postfix))) ==
        "warning: mta: milter_default_action of Postfix is accept\n"
        "  when the manager does not run, all mail passes without any milter\n"
        "    postconf -e \"milter_default_action = tempfail\"\n"
        "    postfix reload\n"
        "warning: mta: milter_protocol of Postfix is 4\n"
        "  it cannot be asked for macros, and milters cannot do all that they may\n"
        "    postconf -e \"milter_protocol = 6\"\n"
        "    postfix reload\n"
        "note: mta: mail of local programs goes through the manager, too (non_smtpd_milters)\n"
        "  there is no client to refuse: a reject makes a bounce, a recipient that is refused "
        "keeps the whole message in the queue\n");
}

BOOST_AUTO_TEST_CASE(local_mail_by_a_cleanup_of_its_own) {
    auto postfix = usual_postfix();
    postfix.cleanup_milters = {{"cleanup", "inet:localhost:8891"}};
    BOOST_TEST(wrong(examine_mta(with(postfix))) == "");
    postfix.cleanup_milters[0].list += ", inet:localhost:10025";
    BOOST_TEST(wrong(examine_mta(with(postfix)))
                   .starts_with("note: mta: mail of local programs goes through the manager, too "
                                "(non_smtpd_milters)\n"));
}

BOOST_AUTO_TEST_CASE(no_postfix_is_a_note) {
    postfix_settings none;
    none.problem = "there is no postconf on this machine";
    BOOST_TEST(told(examine_mta(with(none))) ==
               "note: mta: Postfix cannot be asked: there is no postconf on this machine\n"
               "  whether the MTA asks the manager is not looked at\n");
    BOOST_TEST(examine_sizes(with(none)).empty());
}

BOOST_AUTO_TEST_CASE(budgets_end_before_postfix_gives_up) {
    auto postfix = usual_postfix();
    postfix.milter_command_timeout = 10s;
    postfix.milter_content_timeout = 240s;
    BOOST_TEST(
        wrong(examine_timeouts(with(postfix))) ==
        "problem: timeouts: command_budget 25s is not below milter_command_timeout 10s of Postfix\n"
        "  the MTA gives up first, and takes the manager for failed, whatever on_error says\n"
        "    postconf -e \"milter_command_timeout = 30s\"\n"
        "    postfix reload\n"
        "problem: timeouts: end_of_message_budget 4m is not below milter_content_timeout 240s of "
        "Postfix\n"
        "  the MTA gives up first, and takes the manager for failed, whatever on_error says\n"
        "    postconf -e \"milter_content_timeout = 245s\"\n"
        "    postfix reload\n");
}

BOOST_AUTO_TEST_CASE(budgets_end_before_sendmail_gives_up) {
    auto const seen =
        with({}, "[manager]\ncommand_budget = \"25s\"\nend_of_message_budget = \"6m\"\n");
    BOOST_TEST(
        wrong(examine_timeouts(seen)) ==
        "warning: timeouts: command_budget 25s is not below R:10s, Sendmail's default\n"
        "  the MTA gives up first, and takes the manager for failed, whatever on_error says, "
        "unless sendmail.mc says:\n"
        "    INPUT_MAIL_FILTER(`manager', `S=..., F=T, T=S:30s;R:30s;E:300s')dnl\n"
        "warning: timeouts: end_of_message_budget 6m is not below E:5m, Sendmail's default\n"
        "  the MTA gives up first, and takes the manager for failed, whatever on_error says, "
        "unless sendmail.mc says:\n"
        "    INPUT_MAIL_FILTER(`manager', `S=..., F=T, T=S:10s;R:10s;E:365s')dnl\n");
}

BOOST_AUTO_TEST_CASE(milter_that_may_take_as_long_as_all_together) {
    auto const seen = with(usual_postfix(), "timeout = { command = \"25s\" }\n");
    BOOST_TEST(
        wrong(examine_timeouts(seen)) ==
        "warning: timeouts: milter a: timeout.command 25s is not below command_budget 25s\n"
        "  when it hangs, the time for all milters is over before its own: the client hears 451 "
        "4.3.2, and its on_error never holds\n"
        "    # its [[milter]] in milter-manager.toml:\n"
        "    timeout.command = \"12s\"\n");
}

BOOST_AUTO_TEST_CASE(what_postfix_takes_and_the_manager_does_not) {
    auto postfix = usual_postfix();
    postfix.message_size_limit = 100'000'000;
    postfix.smtpd_recipient_limit = 20;
    postfix.smtpd_process_limit = 300;
    auto const seen =
        with(postfix, "[spool]\nmax = \"50MiB\"\n[limits]\nrecipients = 10\nsessions = 200\n");
    BOOST_TEST(
        wrong(examine_sizes(seen)) ==
        "warning: sizes: message_size_limit of Postfix, 100000000, is above [spool] max 50MiB\n"
        "  what is beyond is refused for now, again and again (on_internal_error)\n"
        "    # [spool] in milter-manager.toml:\n"
        "    max = \"96MiB\"\n"
        "warning: sizes: smtpd_recipient_limit of Postfix, 20, is above [limits] recipients 10\n"
        "  what is beyond is refused for now, again and again (on_internal_error)\n"
        "    # [limits] in milter-manager.toml:\n"
        "    recipients = 20\n"
        "warning: sizes: Postfix may run 300 smtpd, [limits] sessions is 200\n"
        "  those beyond find the manager failed: milter_default_action says what becomes of mail\n"
        "    # [limits] in milter-manager.toml:\n"
        "    sessions = 600\n");
    postfix.message_size_limit = 0;
    BOOST_TEST(wrong(examine_sizes(with(postfix, "[spool]\nmax = \"50MiB\"\n"))) ==
               "warning: sizes: Postfix takes messages of any size, [spool] max is 50MiB\n"
               "  what is beyond is refused for now, again and again (on_internal_error)\n"
               "    postconf -e \"message_size_limit = 52428800\"\n"
               "    postfix reload\n");
}

BOOST_AUTO_TEST_CASE(sockets_are_spelled_as_postfix_does) {
    auto postfix = usual_postfix();
    BOOST_TEST(spelled("unix:/var/spool/postfix/mm/mta.sock", postfix) == "unix:mm/mta.sock");
    BOOST_TEST(spelled("unix:/run/mm.sock", postfix) == "unix:/run/mm.sock");
    BOOST_TEST(spelled("inet:10025", postfix) == "inet:127.0.0.1:10025");
    BOOST_TEST(spelled("inet6:10025@[::1]", postfix) == "inet:[::1]:10025");
    BOOST_TEST(spelled("inet6:10025", postfix) == "inet:[::1]:10025");
    postfix.smtpd_in_chroot = true;
    BOOST_TEST(spelled("unix:/run/mm.sock", postfix) == "none");
    auto const found = sockets_in(" { unix:/a, x=1s }, inet:h:1\tnonsense,unix:b");
    BOOST_TEST_REQUIRE(found.size() == 3U);
    BOOST_TEST(outside_of_chroot(found[0], postfix).path == "/var/spool/postfix/a");
    BOOST_TEST(found[1].host == "h");
    BOOST_TEST(outside_of_chroot(found[2], postfix).path == "/var/spool/postfix/b");
}

BOOST_AUTO_TEST_SUITE_END()
