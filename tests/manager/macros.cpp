// SPDX-License-Identifier: BSL-1.0
// tests/manager/macros.cpp - each milter gets the macros it asked for, as it spelled them
//
// Source: protocol.md 9.4; statements 226, 227.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

using code = wire::command_code;
using list = std::vector<std::string>;
constexpr auto per_element = boost::test_tools::per_element();

void own_list(scripted_filter& filter, wire::macro_stage stage, std::string names) {
    filter.wants.lists[static_cast<std::size_t>(stage)] = std::move(names);
}

} // namespace

BOOST_AUTO_TEST_SUITE(macros)

BOOST_AUTO_TEST_CASE(without_any_list_each_milter_gets_what_the_mta_sent_53_226) {
    manager_rig rig(2);
    rig.mta.like_postfix();
    rig.begin();
    rig.message();
    for (std::size_t k = 0; k < 2; ++k) {
        auto& filter = rig.filter(k);
        BOOST_TEST(
            filter.macros("connect") ==
                list{"\"j\"=\"mx.test\" \"{daemon_addr}\"=\"127.0.0.1\" \"v\"=\"Postfix 3.7.11\""},
            per_element);
        BOOST_TEST(filter.macros("helo") == list{""}, per_element); // empty, and sent
        BOOST_TEST(filter.macros("mail") ==
                       list{"\"{mail_addr}\"=\"a@client.test\" \"{auth_authen}\"=\"alice\""},
                   per_element);
        BOOST_TEST(filter.macros("data") == list{"\"i\"=\"4711\""}, per_element);
        BOOST_TEST(filter.macros("end_of_headers") == list{"\"i\"=\"4711\""}, per_element);
        BOOST_TEST(filter.macros("end_of_message") == list{"\"i\"=\"4711\""}, per_element);
        BOOST_TEST(filter.macros("header").empty()); // carry nothing new
        BOOST_TEST(filter.macros("body").empty());
    }
}

BOOST_AUTO_TEST_CASE(what_the_mta_does_not_send_is_not_made_up) {
    manager_rig rig(1);
    rig.mta.like_sendmail();
    rig.begin();
    rig.message();
    BOOST_TEST(rig.filter(0).macros("helo").empty());
    BOOST_TEST(rig.filter(0).macros("data").empty());
    BOOST_TEST(rig.filter(0).macros("end_of_headers").empty());
    BOOST_TEST(rig.filter(0).macros("end_of_message") == list{"\"{msg_id}\"=\"<1@client.test>\""},
               per_element);
}

BOOST_AUTO_TEST_CASE(own_list_is_answered_exactly_and_as_spelled_51_193_226) {
    manager_rig rig(3);
    rig.mta.like_postfix();
    own_list(rig.filter(0), wire::macro_stage::connect, "{v} {client_addr} {nothing}");
    own_list(rig.filter(1), wire::macro_stage::mail, "{mail_addr},{j}");
    rig.mta.macros[code::connect].push_back({"{client_addr}", "192.0.2.1"});
    rig.begin();
    rig.envelope();
    BOOST_TEST(rig.filter(0).macros("connect") ==
                   list{"\"{v}\"=\"Postfix 3.7.11\" \"{client_addr}\"=\"192.0.2.1\""},
               per_element);
    // no list of its own: the default set, without what only another asked for
    BOOST_TEST(
        rig.filter(2).macros("connect") ==
            list{"\"j\"=\"mx.test\" \"v\"=\"Postfix 3.7.11\" \"{daemon_addr}\"=\"127.0.0.1\""},
        per_element);
    // j came at CONNECT
    BOOST_TEST(rig.filter(1).macros("mail") ==
                   list{"\"{mail_addr}\"=\"a@client.test\" \"{j}\"=\"mx.test\""},
               per_element);
    BOOST_TEST(rig.filter(0).macros("mail") ==
                   list{"\"{auth_authen}\"=\"alice\" \"{mail_addr}\"=\"a@client.test\""},
               per_element);
}

BOOST_AUTO_TEST_CASE(administrators_list_is_asked_for_though_no_milter_has_one) {
    manager_rig rig(1);
    rig.mta.like_postfix();
    rig.config.macros[static_cast<std::size_t>(wire::macro_stage::connect)] = "j {client_addr}";
    rig.mta.macros[code::connect].push_back({"{client_addr}", "192.0.2.1"});
    rig.begin();
    rig.envelope();
    BOOST_TEST(rig.mta.agreed().lists[0].value_or("(none)") == "j {client_addr} v");
    BOOST_TEST(!rig.mta.agreed().lists[2].has_value());
    BOOST_TEST(rig.filter(0).macros("connect") ==
                   list{"\"j\"=\"mx.test\" \"{client_addr}\"=\"192.0.2.1\""},
               per_element);
}

BOOST_AUTO_TEST_CASE(empty_list_means_none_with_sendmail_and_the_default_with_postfix_52_226) {
    for (bool const postfix : {false, true}) {
        manager_rig rig(2);
        if (postfix)
            rig.mta.like_postfix();
        else
            rig.mta.like_sendmail();
        own_list(rig.filter(0), wire::macro_stage::mail, "");
        own_list(rig.filter(1), wire::macro_stage::mail, "{x_own}");
        rig.begin();
        rig.envelope();
        BOOST_TEST(rig.filter(0).macros("mail") ==
                       list{postfix
                                ? "\"{auth_authen}\"=\"alice\" \"{mail_addr}\"=\"a@client.test\""
                                : ""},
                   per_element);
    }
}

BOOST_AUTO_TEST_CASE(of_a_suppressed_command_are_sent_all_the_same_57_227) {
    manager_rig rig(2);
    rig.mta.like_postfix();
    rig.filter(0).wants.steps = wire::step::no_connect | wire::step::no_helo | wire::step::no_mail |
                                wire::step::no_rcpt | wire::step::no_data |
                                wire::step::no_end_of_headers;
    rig.begin();
    rig.message();
    for (auto const* stage : {"connect", "helo", "mail", "rcpt", "data"}) {
        BOOST_TEST(rig.filter(0).macros(stage).size() == 1U);
        BOOST_TEST(rig.filter(0).macros(stage) == rig.filter(1).macros(stage), per_element);
    }
    BOOST_TEST(rig.filter(0).macros("end_of_headers").empty()); // as both MTAs do it
}

BOOST_AUTO_TEST_CASE(of_suppressed_commands_go_out_with_the_next_command) {
    manager_rig rig(1);
    rig.mta.like_postfix();
    rig.filter(0).wants.steps =
        wire::step::no_helo | wire::step::no_mail | wire::step::no_rcpt | wire::step::no_data;
    rig.begin();
    rig.envelope();
    BOOST_TEST(rig.writes_to(0) == 2u); // the offer, CONNECT
    BOOST_TEST(rig.filter(0).macros("mail").empty());
    rig.send(wire::header{"From", " a"});
    BOOST_TEST(rig.writes_to(0) == 3u);
    BOOST_TEST(rig.filter(0).story() == "connect header");
    for (auto const* stage : {"helo", "mail", "rcpt", "data"})
        BOOST_TEST(rig.filter(0).macros(stage).size() == 1u, stage);
}

BOOST_AUTO_TEST_CASE(of_each_recipient_are_its_own) {
    manager_rig rig(2);
    rig.mta.like_postfix();
    rig.begin();
    rig.send(wire::mail{"<a@client.test>", {}});
    rig.mta.macros[code::rcpt] = {{"{rcpt_addr}", "one"}};
    rig.send(wire::rcpt{"<one@mx.test>", {}});
    rig.mta.macros[code::rcpt] = {{"i", "4711"}, {"{rcpt_addr}", "two"}};
    rig.send(wire::rcpt{"<two@mx.test>", {}});
    BOOST_TEST(rig.filter(1).macros("rcpt") ==
                   (list{"\"{rcpt_addr}\"=\"one\"", "\"i\"=\"4711\" \"{rcpt_addr}\"=\"two\""}),
               per_element);
}

BOOST_AUTO_TEST_CASE(that_are_told_again_hold_nothing_of_later_stages) {
    manager_rig rig(1);
    rig.mta.like_sendmail();
    own_list(rig.filter(0), wire::macro_stage::connect, "j i {mail_addr}");
    rig.filter(0).on("helo", then_close(), once);
    rig.begin();
    rig.send(wire::mail{"<a@client.test>", {}});
    BOOST_TEST(rig.filter(0).story() == "connect helo | connect helo mail");
    BOOST_TEST(rig.filter(0).macros("connect") == (list{"\"j\"=\"mx.test\"", "\"j\"=\"mx.test\""}),
               per_element);
}

BOOST_AUTO_TEST_CASE(of_the_message_before_do_not_return_in_the_next) {
    manager_rig rig(1);
    rig.mta.like_postfix();
    own_list(rig.filter(0), wire::macro_stage::mail, "i {mail_addr}");
    rig.begin();
    rig.message();
    rig.send(wire::abort{});
    rig.message();
    BOOST_TEST(rig.filter(0).macros("mail") ==
                   (list{"\"{mail_addr}\"=\"a@client.test\"", "\"{mail_addr}\"=\"a@client.test\""}),
               per_element);
}

BOOST_AUTO_TEST_SUITE_END()
