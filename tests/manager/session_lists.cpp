// SPDX-License-Identifier: BSL-1.0
// tests/manager/session_lists.cpp - when DNS lists are asked for the sake of rules, and what their answers do
#include "ruled_fixture.hpp"

using namespace ruled_test;

BOOST_AUTO_TEST_SUITE(session_lists)

BOOST_AUTO_TEST_CASE(a_list_is_asked_only_when_its_answer_matters) {
    ruled rig;
    rig.block_list("zen.test");
    rig.when(1, R"(not private(client.address) and dnsbl("zen.test"))");
    rig.make();
    rig.connect("host.local", "10.0.0.1");
    BOOST_TEST(rig.looked_up.empty());
    rig.send(wire::quit_new_connection{});
    rig.connect("host.test", "192.0.2.1");
    BOOST_TEST(rig.looked_up.size() == 1U);
    rig.helo();
    BOOST_TEST(rig.looked_up.size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_answer_of_a_list_starts_the_milter_when_it_comes) {
    ruled rig;
    rig.block_list("zen.test");
    rig.allow_list("white.test");
    rig.when(1, R"(dnsbl("zen.test") and not dnswl("white.test"))");
    rig.make();
    rig.begin();
    BOOST_TEST(rig.looked_up == (std::vector<std::size_t>{0, 1}), boost::test_tools::per_element());
    rig.answer_list(0, listing::listed);
    BOOST_TEST(rig.filter(1).connections() == 0U);
    rig.mail();
    rig.answer_list(1, listing::not_listed);
    BOOST_TEST(rig.filter(1).connections() == 1U);
    rig.rcpt("<b@mx.test>");
    rig.data();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(1).judged().size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_end_of_the_message_waits_for_lists_and_nothing_else_does) {
    for (auto const what : {listing::listed, listing::not_listed, listing::failed}) {
        ruled rig;
        rig.block_list("zen.test");
        rig.when(1, R"(or_else(dnsbl("zen.test"), false))");
        rig.make();
        rig.begin();
        BOOST_TEST(rig.envelope() == "continue, continue, continue");
        rig.content();
        rig.mta.say(wire::end_of_message{});
        rig.pass(1s);
        BOOST_TEST(rig.mta.waits());
        BOOST_TEST(rig.answer_list(0, what) == "continue");
        BOOST_TEST(rig.filter(1).judged().size() == (what == listing::listed ? 1U : 0U));
    }
}

BOOST_AUTO_TEST_CASE(a_list_refuses_at_the_command_that_follows_its_answer) {
    ruled rig;
    rig.block_list("zen.test");
    rig.refusal("listed", R"(dnsbl("zen.test"))", "554 5.7.1 listed");
    rig.make();
    rig.begin();
    BOOST_TEST(rig.mail() == "continue");
    rig.answer_list(0, listing::listed);
    BOOST_TEST(rig.rcpt("<b@mx.test>") == "reply \"554 5.7.1 listed\"");
}

BOOST_AUTO_TEST_CASE(an_answer_about_a_client_that_is_gone_is_not_heard) {
    ruled rig;
    rig.block_list("zen.test");
    rig.refusal("listed", R"(dnsbl("zen.test"))", "554 5.7.1 listed");
    rig.make();
    rig.connect("host.test", "192.0.2.1");
    rig.helo();
    rig.send(wire::quit_new_connection{});
    rig.answer_list(0, listing::listed);
    rig.connect("other.test", "10.0.0.1");
    rig.answer_list(0, listing::not_listed);
    rig.helo();
    BOOST_TEST(rig.mail() == "continue");
}

BOOST_AUTO_TEST_CASE(an_answer_about_one_client_is_none_about_the_next_who_is_asked_about_too) {
    ruled rig;
    rig.block_list("zen.test");
    rig.refusal("listed", R"(dnsbl("zen.test"))", "554 5.7.1 listed");
    rig.make();
    rig.connect("host.test", "192.0.2.1");
    auto const first = rig.asked_about;
    rig.send(wire::quit_new_connection{});
    rig.connect("other.test", "192.0.2.2");
    auto const second = rig.asked_about;
    BOOST_TEST(rig.looked_up.size() == 2U);
    rig.helo();
    rig.asked_about = first;
    rig.answer_list(0, listing::listed);
    BOOST_TEST(rig.mail() == "continue");
    rig.asked_about = second;
    rig.answer_list(0, listing::listed);
    BOOST_TEST(rig.rcpt("<b@mx.test>") == "reply \"554 5.7.1 listed\"");
}

BOOST_AUTO_TEST_CASE(an_answer_in_the_middle_of_a_command_starts_nobody_before_the_next) {
    ruled rig;
    rig.block_list("zen.test");
    rig.when(0, R"(dnsbl("zen.test"))");
    rig.make();
    rig.filter(1).on("rcpt", say(wire::proceed{}).after(5s));
    rig.begin();
    rig.mail();
    rig.mta.macros[code::rcpt] = {{"{rcpt_addr}", "<b@mx.test>"}, {"{rcpt_mailer}", "local"}};
    rig.mta.say(wire::rcpt{"<b@mx.test>", {}});
    rig.pass(1s);
    BOOST_TEST(rig.mta.waits());
    rig.answer_list(0, listing::listed);
    BOOST_TEST(rig.filter(0).connections() == 0U);
    rig.pass(5s);
    rig.data();
    BOOST_TEST(rig.filter(0).story() == "connect helo mail rcpt data");
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).judged().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_recipient_that_is_refused_counts_for_no_milter_whenever_the_list_answers) {
    ruled rig;
    rig.block_list("zen.test");
    rig.when(1, R"(any(recipient.domain == "vip.test") and dnsbl("zen.test"))");
    rig.make();
    rig.filter(0).on("rcpt \"<a@vip.test", say(wire::reject{}).after(5s));
    rig.begin();
    rig.mail();
    rig.mta.macros[code::rcpt] = {{"{rcpt_addr}", "<a@vip.test>"}, {"{rcpt_mailer}", "local"}};
    rig.mta.say(wire::rcpt{"<a@vip.test>", {}});
    rig.pass(1s);
    rig.answer_list(0, listing::listed);
    rig.pass(5s);
    BOOST_TEST(rig.rcpt("<b@mx.test>") == "continue");
    rig.data();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(1).connections() == 0U);
}

BOOST_AUTO_TEST_CASE(between_messages_an_answer_starts_nobody) {
    ruled rig(3);
    rig.block_list("zen.test");
    rig.when(0, R"(sender.domain == "other.test")");
    rig.when(2, R"(not milter("a").ran and dnsbl("zen.test"))");
    rig.make();
    rig.begin();
    rig.mail();
    rig.send(wire::abort{});
    rig.answer_list(0, listing::listed);
    BOOST_TEST(rig.filter(2).connections() == 0U);
    rig.mail("<a@other.test>");
    rig.rcpt("<b@mx.test>");
    rig.data();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).judged().size() == 1U);
    BOOST_TEST(rig.filter(2).connections() == 0U);
}

BOOST_AUTO_TEST_CASE(a_rule_that_only_tags_has_its_list_asked_and_nobody_waits_for_it) {
    for (bool const answers : {true, false}) {
        ruled rig(1);
        rig.block_list("zen.test");
        rig.rule("mark", R"(dnsbl("zen.test"))").tag = "listed";
        rig.make();
        rig.begin();
        BOOST_TEST(rig.looked_up.size() == 1U);
        rig.envelope();
        if (answers) rig.answer_list(0, listing::listed);
        BOOST_TEST(rig.message() == "continue");
        BOOST_TEST(rig.decisions().at(0).tags.size() == (answers ? 1U : 0U));
    }
}

BOOST_AUTO_TEST_CASE(no_list_is_asked_for_a_condition_that_only_the_record_names) {
    ruled rig(1);
    rig.block_list("zen.test");
    rig.condition("listed", R"(dnsbl("zen.test"))");
    rig.condition("remote", "not private(client.address)");
    rig.make();
    rig.begin();
    for (int i = 0; i < 2; ++i) {
        rig.envelope();
        rig.message();
        BOOST_TEST(rig.decisions().at(static_cast<std::size_t>(i)).conditions ==
                       std::vector<std::string>{"remote"},
                   boost::test_tools::per_element());
    }
    BOOST_TEST(rig.looked_up.empty());
}

BOOST_AUTO_TEST_SUITE_END()
