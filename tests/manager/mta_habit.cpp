// SPDX-License-Identifier: BSL-1.0
// tests/manager/mta_habit.cpp - ABORT, HELO, QUIT and hanging up as Postfix and Sendmail do it, and as neither does
//
// Source: docs/protocol.md 3.4; tests/field/README.md "Ends"; statements 150, 262-266.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

std::string const whole = "mail rcpt data header header header end_of_headers body end_of_message";

auto aborts(scripted_filter const& filter) {
    return std::count(filter.lines().begin(), filter.lines().end(), "abort");
}

} // namespace

BOOST_AUTO_TEST_SUITE(mta_habit)

BOOST_AUTO_TEST_CASE(sendmail_sends_several_messages_and_quits_136_145_262) {
    manager_rig rig(2);
    rig.mta.like_sendmail();
    rig.begin();
    for (int i = 0; i < 3; ++i) BOOST_TEST(rig.message() == "continue");
    rig.send(wire::quit{});
    std::string story = "connect helo";
    for (int i = 0; i < 3; ++i) story.append(" ").append(whole);
    story += " quit";
    for (std::size_t k = 0; k < 2; ++k) {
        BOOST_TEST(rig.filter(k).story() == story);
        BOOST_TEST(rig.filter(k).connections() == 1U);
    }
    BOOST_TEST(rig.hung_up());
    BOOST_TEST(rig.log().empty());
}

BOOST_AUTO_TEST_CASE(postfix_aborts_after_each_message_and_twice_before_it_quits_150_263) {
    manager_rig rig(2);
    rig.mta.like_postfix();
    rig.begin();
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(rig.message() == "continue");
        rig.send(wire::abort{}); // of a finished message: nobody needs to hear of it
    }
    std::string last;
    wire::encode(last, wire::abort{});
    wire::encode(last, wire::abort{});
    wire::encode(last, wire::quit{});
    BOOST_TEST(rig.send_bytes(last) == "");
    BOOST_TEST(rig.filter(1).story() == "connect helo " + whole + " " + whole + " quit");
    BOOST_TEST(rig.log().empty());
    BOOST_TEST(rig.decisions().size() == 2U);
}

BOOST_AUTO_TEST_CASE(
    sendmail_aborts_before_helo_and_postfix_after_it_and_milters_hear_one_abort_before_helo_134_142_264) {
    for (bool const postfix : {false, true}) {
        manager_rig rig(2);
        rig.begin();
        rig.send(wire::mail{"<a@client.test>", {}});
        rig.send(wire::rcpt{"<b@mx.test>", {}});
        if (!postfix) rig.send(wire::abort{});
        BOOST_TEST(rig.send(wire::helo{"again.test"}) == "continue");
        if (postfix) rig.send(wire::abort{});
        BOOST_TEST(rig.message() == "continue");
        for (std::size_t k = 0; k < 2; ++k)
            BOOST_TEST(rig.filter(k).story() == "connect helo mail rcpt abort helo " + whole);
        BOOST_REQUIRE(rig.decisions().size() == 2U);
        BOOST_TEST(rig.decisions()[0].verdict == "aborted");
        BOOST_TEST(rig.decisions()[1].verdict == "accept");
    }
}

BOOST_AUTO_TEST_CASE(any_number_of_aborts_at_any_time_is_harmless_132_263) {
    manager_rig rig(2);
    rig.negotiate();
    rig.send(wire::abort{});
    rig.send(wire::connect{"client.test", wire::family::unknown, 0, ""});
    rig.send(wire::abort{});
    rig.send(wire::abort{});
    rig.send(wire::helo{"client.test"});
    rig.send(wire::abort{});
    rig.send(wire::mail{"<a@client.test>", {}});
    rig.send(wire::abort{});
    rig.send(wire::abort{});
    BOOST_TEST(rig.message() == "continue");
    rig.send(wire::abort{});
    BOOST_TEST(rig.filter(1).story() == "connect helo mail abort " + whole);
}

BOOST_AUTO_TEST_CASE(reset_at_each_stage_aborts_exactly_who_is_in_the_message_142_147_263) {
    for (std::string const stage : {"mail", "rcpt", "data", "header", "end_of_headers", "body"})
        BOOST_TEST_CONTEXT(stage) {
            manager_rig rig(3);
            rig.filter(2).on("mail", say(wire::accept{}), once); // it is past the message
            rig.begin();
            rig.send(wire::mail{"<a@client.test>", {}});
            if (stage != "mail") rig.send(wire::rcpt{"<b@mx.test>", {}});
            if (stage != "mail" && stage != "rcpt") rig.send(wire::data{});
            if (stage == "header") rig.send(wire::header{"X-A", " 1"});
            if (stage == "end_of_headers") rig.send(wire::end_of_headers{});
            if (stage == "body") rig.content(rig.usual_headers(), std::string(70'000, 'x'));
            for (int i = 0; i < 2; ++i) rig.send(wire::abort{});
            for (std::size_t k = 0; k < 2; ++k) BOOST_TEST(aborts(rig.filter(k)) == 1);
            BOOST_TEST(rig.filter(2).story() == "connect helo mail");
            BOOST_TEST(rig.message() == "continue");
            for (std::size_t k = 0; k < 2; ++k) BOOST_TEST(aborts(rig.filter(k)) == 1);
            BOOST_TEST(rig.filter(0).judged().size() == 1U);
            BOOST_TEST(rig.filter(0).connections() == 1U);
        }
}

BOOST_AUTO_TEST_CASE(mail_within_a_message_breaks_it_off_133) {
    manager_rig rig(2);
    rig.begin();
    rig.send(wire::mail{"<a@client.test>", {}});
    rig.send(wire::rcpt{"<b@mx.test>", {}});
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).story() == "connect helo mail rcpt abort " + whole);
    BOOST_TEST(rig.filter(0).message().recipients.size() == 1U);
}

BOOST_AUTO_TEST_CASE(second_message_starts_clean_135) {
    manager_rig rig(2);
    rig.filter(0).on("end_of_message",
                     say(wire::add_header{"X-A", "1"}, wire::replace_body{"new"},
                         wire::quarantine{"q"}, wire::add_rcpt{"<c@mx.test>"}, wire::proceed{}),
                     once);
    rig.begin();
    BOOST_TEST(rig.message() != "continue");
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(1).judged()[1].headers.size() == 3U);
    BOOST_TEST(rig.filter(1).judged()[1].body == "hello\r\n");
    BOOST_TEST(rig.filter(1).judged()[1].recipients.size() == 1U);
}

BOOST_AUTO_TEST_CASE(milter_still_busy_with_an_aborted_message_is_replaced_for_the_next_266) {
    manager_rig rig(1);
    rig.filter(0).on("header", say(wire::proceed{}).after(5s), once);
    rig.begin();
    rig.envelope();
    rig.mta.say(wire::header{"X-A", " 1"});
    rig.settle();
    rig.send(wire::abort{});
    auto const before = rig.now();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST((rig.now() == before)); // nobody waits for the old one
    BOOST_TEST(rig.filter(0).story() ==
               "connect helo mail rcpt data header abort | connect helo " + whole);
}

BOOST_AUTO_TEST_CASE(answer_to_an_aborted_message_is_swallowed_and_the_connection_goes_on_266) {
    manager_rig rig(1);
    rig.filter(0).on("header", say(wire::reject{}).after(5s), once);
    rig.begin();
    rig.envelope();
    rig.mta.say(wire::header{"X-A", " 1"});
    rig.settle();
    rig.send(wire::abort{});
    rig.pass(6s);
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).connections() == 1U);
}

BOOST_AUTO_TEST_CASE(helo_waits_for_the_answer_to_an_aborted_message_266) {
    manager_rig rig(1);
    rig.filter(0).on("header", say(wire::reject{}).after(5s), once);
    rig.begin();
    rig.envelope();
    rig.mta.say(wire::header{"X-A", " 1"});
    rig.settle();
    BOOST_TEST(rig.send(wire::helo{"again.test"}) == "continue");
    BOOST_TEST(rig.filter(0).story() == "connect helo mail rcpt data header abort helo");
}

BOOST_AUTO_TEST_CASE(end_without_quit_ends_all_milters_at_each_stage_140_265) {
    for (std::string const stage :
         {"negotiate", "connect", "helo", "mail", "rcpt", "data", "content"})
        BOOST_TEST_CONTEXT(stage) {
            manager_rig rig(2);
            rig.negotiate();
            if (stage != "negotiate")
                rig.send(wire::connect{"client.test", wire::family::unknown, 0, ""});
            if (stage == "helo") rig.send(wire::helo{"client.test"});
            bool const of_envelope = stage == "mail" || stage == "rcpt";
            if (of_envelope) rig.send(wire::mail{"<a@client.test>", {}});
            if (stage == "rcpt") rig.send(wire::rcpt{"<b@mx.test>", {}});
            if (stage == "data" || stage == "content") rig.envelope();
            if (stage == "content") rig.content();
            rig.mta_closes();
            BOOST_TEST(rig.hung_up());
            for (std::size_t k = 0; k < 2; ++k) BOOST_TEST(rig.filter(k).last("quit") == "quit");
            bool const in_message = of_envelope || stage == "data" || stage == "content";
            BOOST_TEST(rig.decisions().size() == (in_message ? 1U : 0U));
        }
}

BOOST_AUTO_TEST_CASE(mta_that_goes_while_milters_work_is_not_answered_and_they_hear_of_it_265) {
    for (std::string const stage : {"negotiate", "connect", "mail", "end_of_message"})
        BOOST_TEST_CONTEXT(stage) {
            manager_rig rig(2);
            rig.filter(1).on(stage, silence());
            if (stage == "negotiate") {
                rig.mta.say(rig.mta.offer);
            } else {
                rig.negotiate();
                wire::connect const who{"client.test", wire::family::unknown, 0, ""};
                if (stage == "connect")
                    rig.mta.say(who);
                else
                    rig.send(who);
            }
            if (stage == "mail") rig.mta.say(wire::mail{"<a@client.test>", {}});
            if (stage == "end_of_message") {
                rig.envelope();
                rig.content();
                rig.mta.say(wire::end_of_message{});
            }
            rig.settle();
            rig.mta.heard();
            rig.mta_closes();
            rig.pass(10min);
            BOOST_TEST(rig.mta.heard() == "");
            BOOST_TEST(rig.hung_up());
            BOOST_TEST(rig.filter(0).last("quit") == "quit");
            // who has not answered the offer sees an end only
            BOOST_TEST(rig.filter(1).last("quit") == (stage == "negotiate" ? "" : "quit"));
        }
}

BOOST_AUTO_TEST_CASE(quit_in_mid_message_ends_it) {
    manager_rig rig(2);
    rig.begin();
    rig.envelope();
    rig.content();
    rig.send(wire::quit{});
    BOOST_TEST(rig.hung_up());
    BOOST_TEST(rig.filter(1).story() == "connect helo mail rcpt data quit");
    BOOST_REQUIRE(rig.decisions().size() == 1U);
    BOOST_TEST(rig.decisions()[0].verdict == "aborted");
}

BOOST_AUTO_TEST_CASE(helo_comes_again_after_starttls_73_148) {
    manager_rig rig(2);
    rig.mta.like_postfix();
    rig.begin();
    rig.mta.macros[wire::command_code::helo] = {{"{tls_version}", "TLSv1.3"}};
    BOOST_TEST(rig.send(wire::helo{"client.test"}) == "continue");
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(1).story() == "connect helo helo " + whole);
    BOOST_TEST(rig.filter(1).macros("helo").back() == "\"{tls_version}\"=\"TLSv1.3\"");
}

BOOST_AUTO_TEST_CASE(message_may_come_without_helo_74) {
    manager_rig rig(2);
    rig.negotiate();
    rig.send(wire::connect{"client.test", wire::family::unknown, 0, ""});
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(1).story() == "connect " + whole);
}

BOOST_AUTO_TEST_CASE(new_client_on_the_same_connection_starts_new_milter_connections_97_98) {
    manager_rig rig(2);
    rig.filter(1).on("connect \"bad", say(wire::reject{}));
    rig.begin();
    rig.message();
    rig.send(wire::quit_new_connection{});
    BOOST_TEST(rig.send(wire::connect{"other.test", wire::family::unknown, 0, ""}) == "continue");
    BOOST_TEST(rig.message() == "continue");
    rig.send(wire::quit_new_connection{});
    BOOST_TEST(rig.send(wire::connect{"bad.test", wire::family::unknown, 0, ""}) == "reject");
    BOOST_TEST(rig.filter(0).story() ==
               "connect helo " + whole + " quit | connect " + whole + " quit | connect quit");
}

BOOST_AUTO_TEST_CASE(
    perl_milter_that_answers_abort_works_on_a_fresh_connection) { // Sendmail::PMilter
    manager_rig rig(1);
    rig.filter(0).on("abort", say(wire::proceed{}));
    rig.filter(0).on("quit", say(wire::proceed{}));
    rig.begin();
    rig.send(wire::mail{"<a@client.test>", {}});
    rig.send(wire::abort{});
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).judged().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
