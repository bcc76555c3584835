// SPDX-License-Identifier: BSL-1.0
// tests/manager/fail_closed.cpp - rare ways by which mail might pass without its milters, and must not
//
// Source: protocol.md 1.6, 9.9; statements 195, 255, 269.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

#include <cerrno>

using namespace support;

namespace {

constexpr std::string_view filtering_failed =
    "reply \"451 4.3.0 Mail filtering failed - try again later\"";

} // namespace

BOOST_AUTO_TEST_SUITE(fail_closed)

BOOST_AUTO_TEST_CASE(verdict_and_edits_on_a_message_that_ends_with_body_reach_the_mta) {
    manager_rig rig(2);
    rig.filter(1).on("end_of_message", say(wire::add_header{"X-B", "1"}, wire::proceed{}), once);
    rig.begin();
    rig.envelope();
    rig.content(rig.usual_headers(), "one\r\n");
    BOOST_TEST(rig.send(wire::end_of_message{"two\r\n"}) == "add_header \"X-B\" \" 1\"; continue");

    rig.filter(0).on("end_of_message", say_text("550 5.7.1 spam"));
    rig.envelope();
    rig.content(rig.usual_headers(), "one\r\n");
    BOOST_TEST(rig.send(wire::end_of_message{"two\r\n"}) == "reply \"550 5.7.1 spam\"");
    BOOST_TEST(rig.filter(0).message().body == "one\r\ntwo\r\n");
}

BOOST_AUTO_TEST_CASE(body_in_the_last_packet_beyond_the_spool_refuses_the_message) {
    manager_rig rig(1);
    rig.config.spool.max_bytes = 8;
    rig.begin();
    rig.envelope();
    rig.content(rig.usual_headers(), "one\r\n");
    BOOST_TEST(rig.send(wire::end_of_message{"two\r\n"}) == filtering_failed);
    BOOST_REQUIRE(rig.decisions().size() == 1U);
    BOOST_TEST(rig.decisions()[0].verdict == "tempfail");
}

BOOST_AUTO_TEST_CASE(shortage_of_descriptors_is_not_the_fault_of_a_milter_that_may_be_left_out) {
    for (int const shortage : {EMFILE, ENFILE, ENOMEM, ENOBUFS}) BOOST_TEST_CONTEXT(shortage) {
            manager_rig rig(1);
            rig.connect_error = shortage;
            rig.config.milters[0].on_error = manager::on_error::accept;
            rig.filter(0).arrivals.assign(2, scripted_filter::arrival::refused);
            rig.begin();
            BOOST_TEST(rig.send(wire::mail{"<a@client.test>", {}}) == filtering_failed);
            BOOST_TEST(rig.blamed("a"));
        }
    manager_rig rig(1); // its own fault
    rig.config.milters[0].on_error = manager::on_error::accept;
    rig.filter(0).arrivals.assign(2, scripted_filter::arrival::refused);
    rig.begin();
    BOOST_TEST(rig.send(wire::mail{"<a@client.test>", {}}) == "continue");
}

BOOST_AUTO_TEST_CASE(shortage_of_disk_for_a_new_body_refuses_the_message) {
    manager_rig rig(1);
    rig.config.milters[0].on_error = manager::on_error::accept;
    rig.config.spool.directory = "/nowhere";
    rig.config.spool.memory_bytes = 100;
    rig.filter(0).on("end_of_message",
                     say(wire::replace_body{std::string(1000, 'n')}, wire::proceed{}));
    rig.begin();
    rig.envelope();
    rig.content();
    BOOST_TEST(rig.end() == filtering_failed);
}

BOOST_AUTO_TEST_CASE(skip_to_the_end_of_message_loses_no_edit) {
    auto const answer =
        say(wire::add_header{"X-Virus", "yes"}, wire::quarantine{"virus"}, wire::skip{});
    manager_rig postfix(1);
    postfix.mta.like_postfix();
    postfix.filter(0).on("end_of_message", answer);
    postfix.begin();
    postfix.envelope();
    postfix.content();
    BOOST_TEST(postfix.end() == "add_header \"X-Virus\" \" yes\"; quarantine \"virus\"; continue");

    manager_rig sendmail(1);
    sendmail.mta.like_sendmail();
    sendmail.filter(0).on("end_of_message", answer);
    sendmail.begin();
    sendmail.envelope();
    sendmail.content();
    BOOST_TEST(sendmail.end() == "reply \"451 4.7.1 Service unavailable - try again later\"");
    BOOST_TEST(sendmail.blamed("a"));
}

BOOST_AUTO_TEST_CASE(session_that_is_too_many_stays_so_for_its_next_client) {
    manager_rig rig(1);
    rig.session().overloaded();
    rig.begin();
    BOOST_TEST(rig.send(wire::mail{"<a@client.test>", {}}) == filtering_failed);
    rig.send(wire::quit_new_connection{});
    rig.send(wire::connect{"next.test", wire::family::inet, 1025, "192.0.2.2"});
    BOOST_TEST(rig.send(wire::mail{"<a@client.test>", {}}) == filtering_failed);
}

BOOST_AUTO_TEST_CASE(mta_that_waits_for_the_verdict_is_not_idle) {
    manager_rig rig(1);
    rig.config.idle_timeout = 20s;
    rig.filter(0).on("end_of_message", say(wire::reject{}).after(30s));
    rig.begin();
    rig.envelope();
    rig.content();
    BOOST_TEST(rig.end().find("reject") != std::string::npos);
    rig.pass(19s);
    BOOST_TEST(!rig.hung_up());
    rig.pass(2s);
    BOOST_TEST(rig.hung_up());
}

BOOST_AUTO_TEST_CASE(mta_that_waits_for_a_recipient_is_not_idle) { // no PROGRESS goes out meanwhile
    manager_rig rig(1);
    rig.config.idle_timeout = 20s;
    rig.config.command_budget = 60s;
    rig.config.milters[0].timeouts.command = 60s;
    rig.filter(0).on("rcpt", say(wire::reject{}).after(30s));
    rig.begin();
    rig.send(wire::mail{"<a@client.test>", {}});
    BOOST_TEST(rig.send(wire::rcpt{"<b@mx.test>", {}}) == "reject");
    BOOST_TEST(!rig.hung_up());
}

BOOST_AUTO_TEST_CASE(macros_that_do_not_fit_a_packet_are_left_out_singly_195) {
    manager_rig rig(1);
    rig.mta.like_postfix();
    rig.filter(0).wants.lists[static_cast<std::size_t>(wire::macro_stage::rcpt)] =
        "i {large} {another} {rcpt_addr}";
    rig.filter(0).wants.actions |= wire::action::set_macro_list;
    std::string const large(40'000, 'x');
    rig.begin();
    rig.mta.macros[wire::command_code::mail] = {{"i", "4711"}, {"{large}", large}};
    rig.mta.macros[wire::command_code::rcpt] = {{"{another}", large}, {"{rcpt_addr}", "b"}};
    rig.send(wire::mail{"<a@client.test>", {}});
    rig.send(wire::rcpt{"<b@mx.test>", {}});
    auto const macros = rig.filter(0).last("macros rcpt");
    BOOST_TEST(macros.find("\"i\"=\"4711\"") != std::string::npos);
    BOOST_TEST(macros.find("{large}") != std::string::npos);
    BOOST_TEST(macros.find("{another}") == std::string::npos);
    BOOST_TEST(macros.find("\"{rcpt_addr}\"=\"b\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(header_changed_to_one_blank_is_not_deleted_246) {
    manager_rig rig(1);
    rig.mta.offer = {2, static_cast<wire::action>(0x1f), static_cast<wire::step>(0x7f)};
    rig.filter(0).wants.steps = wire::step::leading_space;
    rig.filter(0).on("end_of_message",
                     say(wire::change_header{1, "Subject", " "}, wire::proceed{}));
    rig.begin();
    rig.envelope();
    rig.content();
    BOOST_TEST(rig.end() == "change_header 1 \"Subject\" \" \"; continue");
}

BOOST_AUTO_TEST_CASE(budget_of_a_command_is_that_of_the_mta_whatever_the_header_rules) {
    struct row {
        macro_pairs macros; ///< of CONNECT
        proto::duration budget;
    };
    row const rows[] = {
        {{{"v", "Postfix 3.7.11"}}, manager::postfix_command_budget},
        {{{"v", "8.17.1.9"}, {"{daemon_addr}", "127.0.0.1"}}, manager::sendmail_command_budget},
        {{{"v", "Mailer"}, {"{daemon_addr}", "127.0.0.1"}}, manager::postfix_command_budget},
        {{{"{daemon_addr}", "127.0.0.1"}}, manager::postfix_command_budget},
        {{{"{if_addr}", "127.0.0.1"}}, manager::sendmail_command_budget},
    };
    for (auto const rules :
         {manager::header_rules_setting::automatic, manager::header_rules_setting::postfix,
          manager::header_rules_setting::sendmail})
        for (auto const& [macros, budget] : rows) {
            manager_rig rig(1);
            rig.config.header_rules = rules;
            rig.config.milters[0].timeouts.command = 1h;
            rig.mta.macros[wire::command_code::connect] = macros;
            rig.filter(0).on("mail", silence());
            rig.begin();
            auto const before = rig.now();
            rig.send(wire::mail{"<a@client.test>", {}});
            BOOST_TEST((rig.now() - before == budget));
        }
}

BOOST_AUTO_TEST_SUITE_END()
