// SPDX-License-Identifier: BSL-1.0
// tests/manager/doctor_macros.cpp - what the doctor says of macros that the MTA does not send

#include "doctor_fixture.hpp"

using namespace doctor_test;

namespace {

constexpr auto good =
    "ok: macros: Postfix sends the macros that rules and milters need\n"
    "  what it does not send by itself it is asked for when a connection begins\n";

constexpr auto rule_part =
    "[[rule]]\nname = \"r\"\nwhen = 'client.ptr == \"a.example\"'\nskip = [\"a\"]\n";

std::string with_rule() { return std::string(listener_part) + milter_part("a") + rule_part; }

postfix_settings old_protocol() {
    auto postfix = usual_postfix();
    postfix.milter_protocol = "4";
    return postfix;
}

postfix_settings no_postfix() { return {}; }

} // namespace

BOOST_AUTO_TEST_SUITE(doctor_macros)

BOOST_AUTO_TEST_CASE(what_is_asked_for_need_not_be_set) {
    BOOST_TEST(told(examine_macros(facts_of(with_rule()))) == good);
    auto seen = facts_of(std::string(listener_part) + milter_part("a"));
    proto::macro_lists lists;
    lists[0] = "j {client_port}";
    answers(seen, 0, wire::action::set_macro_list, lists);
    BOOST_TEST(told(examine_macros(seen)) == good);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_asked_for_has_exact_lines) {
    BOOST_TEST(told(examine_macros(facts_of(with_rule(), old_protocol()))) ==
               "warning: macros: Postfix does not send {client_ptr} by its milter_connect_macros\n"
               "  with milter_protocol below 6 it cannot be asked for them\n"
               "    postconf -e \"milter_connect_macros = j {daemon_name} {daemon_addr} v _ "
               "{client_ptr}\"\n"
               "    postfix reload\n"
               "    milter-manager reload\n");
}

BOOST_AUTO_TEST_CASE(what_is_sent_at_an_earlier_stage_is_sent) {
    auto postfix = old_protocol();
    postfix.milter_macros[1] += " {client_port}";
    auto seen = facts_of(std::string(listener_part) + milter_part("a"), postfix);
    proto::macro_lists lists;
    lists[3] = "{client_port}";
    answers(seen, 0, wire::action::set_macro_list, lists);
    BOOST_TEST(told(examine_macros(seen)) == good);
}

BOOST_AUTO_TEST_CASE(what_postfix_does_not_have) {
    auto seen = facts_of(
        std::string(listener_part) + milter_part("a") +
        "[[rule]]\nname = \"r\"\nwhen = 'macro(\"{verify}\") == \"OK\"'\nskip = [\"a\"]\n");
    proto::macro_lists lists;
    lists[0] = "{if_name}";
    answers(seen, 0, wire::action::set_macro_list, lists);
    BOOST_TEST(
        told(examine_macros(seen)) ==
        "warning: macros: rules ask for macros that Postfix does not have: {verify}\n"
        "  to them each is an empty text; milter_macro_defaults can give them a fixed value\n"
        "note: macros: milters ask for macros that Postfix does not have: {if_name}\n"
        "  they do without; milter_macro_defaults can give them a fixed value\n" +
            std::string(good));
}

BOOST_AUTO_TEST_CASE(what_mtas_send_by_themselves_is_not_asked_for_by_rules_alone) {
    auto postfix = usual_postfix();
    postfix.milter_macros[2] = "i {auth_authen}";
    auto const with_when = [&](std::string const& when) {
        return facts_of(std::string(listener_part) + milter_part("a", "when = '" + when + "'\n"),
                        postfix);
    };
    BOOST_TEST(
        told(examine_macros(with_when("auth.present"))) ==
        "warning: macros: Postfix does not send {auth_type} by its milter_mail_macros\n"
        "  nobody asks for them when a connection begins: milters do not, and rules count on "
        "what MTAs send by themselves\n"
        "    postconf -e \"milter_mail_macros = i {auth_authen} {auth_type}\"\n"
        "    postfix reload\n"
        "    milter-manager reload\n");
    auto seen = with_when("auth.present");
    proto::macro_lists lists;
    lists[2] = "{client_port}"; // then there is a list, and what MTAs send is in it
    answers(seen, 0, wire::action::set_macro_list, lists);
    BOOST_TEST(told(examine_macros(seen)) == good);
}

BOOST_AUTO_TEST_CASE(milter_that_wants_what_facts_come_from_gets_no_default_for_it) {
    auto const seen = facts_of(std::string(listener_part) + milter_part("spamass-milter"));
    BOOST_TEST(told(examine_macros(seen)) ==
               "note: macros: milters ask for macros that Postfix does not have: b {if_name} "
               "{if_addr} s r Z\n"
               "  they do without; milter_macro_defaults can give them a fixed value\n"
               "note: macros: milters ask for macros that Postfix does not have: {auth_ssf}\n"
               "  they do without\n" +
                   std::string(good));
}

BOOST_AUTO_TEST_CASE(fact_that_is_told_in_another_way_is_known_without_its_macro) {
    auto const of = [](std::string const& when) {
        return told(examine_macros(facts_of(std::string(listener_part) + milter_part("a") +
                                            "[[rule]]\nname = \"r\"\nwhen = '" + when +
                                            "'\nskip = [\"a\"]\n")));
    };
    BOOST_TEST(of("client.resolved") == good);
    BOOST_TEST(of("auth.ssf > 0 and client.resolved") ==
               "warning: macros: rules ask for auth.ssf, which Postfix does not tell: it has no "
               "{auth_ssf}\n"
               "  auth.ssf is always 0\n" +
                   std::string(good));
    BOOST_TEST(of("client.resolved or macro(\"{client_resolve}\") == \"FAIL\"") == good);
    BOOST_TEST(of("macro(\"{auth_ssf}\") == \"256\"") ==
               "warning: macros: rules ask for macros that Postfix does not have: {auth_ssf}\n"
               "  to them each is an empty text\n" +
                   std::string(good));
}

BOOST_AUTO_TEST_CASE(fact_that_the_command_tells_needs_no_line_for_its_macro) {
    auto const text = std::string(listener_part) + milter_part("a", "when = 'client.resolved'\n");
    BOOST_TEST(told(examine_macros(facts_of(text, old_protocol()))) == good);
}

BOOST_AUTO_TEST_CASE(what_has_a_default_is_sent_to_who_asks_for_it) {
    auto postfix = usual_postfix();
    postfix.macro_defaults = {{"{verify}", "NONE"}, {"{if_name}", "mx"}, {"{if_addr}", ""}};
    auto seen = facts_of(
        std::string(listener_part) + milter_part("a") +
            "[[rule]]\nname = \"r\"\nwhen = 'macro(\"{verify}\") == \"OK\"'\nskip = [\"a\"]\n",
        postfix);
    proto::macro_lists lists;
    lists[0] = "{if_name} {if_addr} s";
    answers(seen, 0, wire::action::set_macro_list, lists);
    BOOST_TEST(told(examine_macros(seen)) ==
               "note: macros: milters ask for macros that Postfix does not have: s\n"
               "  they do without; milter_macro_defaults can give them a fixed value\n" +
                   std::string(good));
}

BOOST_AUTO_TEST_CASE(default_of_what_nobody_asks_for_has_to_be_listed) {
    auto postfix = usual_postfix();
    postfix.macro_defaults = {{"b", "now"}, {"{if_name}", "mx"}, {"{if_addr}", "192.0.2.1"}};
    auto const text = std::string(listener_part) + milter_part("spamass-milter");
    auto const expected = std::string(
        "warning: macros: Postfix does not send b {if_name} {if_addr} by its "
        "milter_connect_macros\n"
        "  nobody asks for them when a connection begins: milters do not, and rules count on what "
        "MTAs send by themselves\n"
        "    postconf -e \"milter_connect_macros = j {daemon_name} {daemon_addr} v _ b {if_name} "
        "{if_addr}\"\n"
        "    postfix reload\n"
        "    milter-manager reload\n");
    auto const unknown =
        std::string("note: macros: milters ask for macros that Postfix does not have: s r Z\n"
                    "  they do without; milter_macro_defaults can give them a fixed value\n"
                    "note: macros: milters ask for macros that Postfix does not have: {auth_ssf}\n"
                    "  they do without\n");
    BOOST_TEST(told(examine_macros(facts_of(text, postfix))) == expected + unknown);
    postfix.milter_macros[0] += " b {if_name} {if_addr}";
    BOOST_TEST(told(examine_macros(facts_of(text, postfix))) == unknown + good);
}

BOOST_AUTO_TEST_CASE(default_that_a_fact_believes_is_to_be_taken_back) {
    auto postfix = usual_postfix();
    postfix.macro_defaults = {
        {"{auth_type}", "NONE"}, {"{if_name}", "mx.example"}, {"{auth_ssf}", "256"}};
    auto const of = [&](std::string const& when) {
        return told(examine_macros(facts_of(
            std::string(listener_part) + milter_part("a", "when = '" + when + "'\n"), postfix)));
    };
    postfix.milter_macros[2] += " {auth_ssf}";
    BOOST_TEST(of("auth.present or auth.ssf > 128") ==
               "warning: macros: milter_macro_defaults of Postfix gives values to mail that has "
               "none: {auth_type} {auth_ssf}\n"
               "  rules take them for what is known of the mail: auth.present, auth.ssf\n"
               "    # take out of milter_macro_defaults in main.cf: {auth_type}, {auth_ssf}\n"
               "    postfix reload\n" +
                   std::string(good));
    BOOST_TEST(of("auth.user == \"\"") == good);
    postfix.milter_macros[2] = "i {auth_authen}"; // what is not sent is not believed
    BOOST_TEST(
        of("auth.type == \"\"")
            .starts_with(
                "warning: macros: Postfix does not send {auth_type} by its milter_mail_macros\n"));
    postfix.macro_defaults = {{"{client_ptr}", "never.example"}, {"{auth_ssf}", ""}};
    BOOST_TEST(of("client.ptr == \"\"") == good);
    BOOST_TEST(of("auth.ssf == 0") ==
               "warning: macros: rules ask for auth.ssf, which Postfix does not tell: it has no "
               "{auth_ssf}\n"
               "  auth.ssf is always 0\n" +
                   std::string(good));
}

BOOST_AUTO_TEST_CASE(sendmail_gets_lines_of_m4) {
    auto const text = std::string(listener_part) + milter_part("spamass-milter");
    auto const told_of = told(examine_macros(facts_of(text, no_postfix())));
    BOOST_TEST(
        (told_of.find("note: macros: Sendmail does not send r v Z by default\n"
                      "  the milter does not ask for them when it negotiates; in sendmail.mc:\n"
                      "    define(`confMILTER_MACROS_ENVRCPT', `{rcpt_mailer}, {rcpt_host}, "
                      "{rcpt_addr}, r, v, Z')dnl\n") != told_of.npos),
        told_of);
    BOOST_TEST(examine_macros(facts_of(with_rule(), no_postfix())).empty());
}

BOOST_AUTO_TEST_SUITE_END()
