// SPDX-License-Identifier: BSL-1.0
// tests/manager/late_verdict.cpp - what a milter that joins late says to what it is told again
//
// Of two milters or three the second joins late. Source: protocol.md 9.8; statements 260, 261.

#include "late_join_fixture.hpp"

using namespace late_join_test;

namespace {

/// A milter that joins at the first recipient has none to be told again.
list refused_from_after_a_recipient(code stage, std::string const& verdict) {
    auto heard = refused_from(stage, verdict);
    if (stage == code::rcpt) heard[1] = "continue";
    return heard;
}

/// At RCPT it joins with the second recipient.
void join_with_the_second_recipient(joining& rig, code stage) {
    if (stage != code::rcpt) return;
    rig.choose([](std::size_t milter, manager::facts const& known) {
        bool const second = !known.recipients.empty() || known.stage == code::data;
        return milter != 1 || second ? yes : applicability::undecided;
    });
}

} // namespace

BOOST_AUTO_TEST_SUITE(late_verdict)

BOOST_AUTO_TEST_CASE(accepting_the_client_lets_it_off_for_the_session) {
    for (auto const stage : late_stages)
        for (std::string const told : {"connect", "helo"})
            BOOST_TEST_CONTEXT(wire::name_of(stage) << ", " << told) {
                joining rig(stage);
                rig.second().on(told, say(wire::accept{}));
                rig.begin();
                for (int i = 0; i < 2; ++i)
                    BOOST_TEST(rig.whole_message() == list(5, "continue"), per_element);
                BOOST_TEST(rig.second().story() ==
                           (told == "connect" ? "connect quit" : "connect helo quit"));
                BOOST_TEST(rig.second().connections() == 1U);
                BOOST_TEST(rig.filter(2).judged().size() == 2U);
            }
}

BOOST_AUTO_TEST_CASE(accepting_the_message_lets_it_off_for_the_message) {
    for (auto const stage : late_stages)
        for (std::string const told : {"mail", "rcpt", "data"})
            BOOST_TEST_CONTEXT(wire::name_of(stage) << ", " << told) {
                joining rig(stage);
                join_with_the_second_recipient(rig, stage);
                rig.second().on(told, say(wire::accept{}), once);
                rig.begin();
                BOOST_TEST(rig.whole_message() == list(5, "continue"), per_element);
                BOOST_TEST(rig.second().judged().empty());
                BOOST_TEST(rig.second().story().ends_with(told));
                BOOST_TEST(rig.whole_message() == list(5, "continue"), per_element);
                BOOST_TEST(rig.second().judged().size() == 1U);
                BOOST_TEST(rig.second().connections() == 1U);
            }
}

BOOST_AUTO_TEST_CASE(refusal_of_the_client_answers_this_command_and_the_rest_of_the_session_260) {
    for (auto const stage : late_stages)
        for (std::string const told : {"connect", "helo"})
            for (auto const& [what, heard] :
                 {std::pair{say(wire::reject{}), std::string("reject")},
                  std::pair{say(wire::tempfail{}), std::string("tempfail")},
                  std::pair{say_text("550 5.7.1 no"), std::string("reply \"550 5.7.1 no\"")}})
                BOOST_TEST_CONTEXT(wire::name_of(stage) << ", " << told << ", " << heard) {
                    joining rig(stage);
                    rig.second().on(told, what);
                    rig.begin();
                    BOOST_TEST(rig.whole_message() == refused_from(stage, heard), per_element);
                    BOOST_TEST(rig.decisions().back().decided_by == "b");
                    rig.send(wire::abort{});
                    BOOST_TEST(rig.mail() == heard);
                    BOOST_TEST(rig.send(wire::helo{"again.test"}) == "continue");
                    BOOST_TEST(rig.filter(0).story().ends_with("quit"));
                }
}

BOOST_AUTO_TEST_CASE(refusal_of_the_sender_answers_this_command_and_the_rest_of_the_message_260) {
    for (auto const stage : late_stages) BOOST_TEST_CONTEXT(wire::name_of(stage)) {
            joining rig(stage);
            rig.second().on("mail", say_text("550 5.7.1 no"), once);
            rig.begin();
            BOOST_TEST(rig.whole_message() == refused_from(stage, "reply \"550 5.7.1 no\""),
                       per_element);
            BOOST_TEST(rig.decisions().back().decided_by == "b");
            BOOST_TEST(rig.decisions().back().text == "550 5.7.1 no");
            rig.send(wire::abort{});
            BOOST_TEST(rig.filter(0).judged().size() <= 1U);
            BOOST_TEST(rig.whole_message() == list(5, "continue"), per_element);
            BOOST_TEST(rig.second().judged().size() == 1U);
        }
}

BOOST_AUTO_TEST_CASE(refusal_of_a_recipient_accepted_before_refuses_the_message_261) {
    for (auto const stage : late_stages) BOOST_TEST_CONTEXT(wire::name_of(stage)) {
            joining rig(stage);
            join_with_the_second_recipient(rig, stage);
            rig.second().on("rcpt \"<one", say_text("550 5.7.1 not one"), once);
            rig.begin();
            auto expected = refused_from_after_a_recipient(stage, "reply \"550 5.7.1 not one\"");
            BOOST_TEST(rig.whole_message() == expected, per_element);
            BOOST_TEST(rig.decisions().back().decided_by == "b");
            rig.send(wire::abort{});
            // as libmilter is still in the message that it refused a recipient of
            BOOST_TEST(rig.second().story().ends_with("rcpt abort"));
            BOOST_TEST(rig.whole_message() == list(5, "continue"), per_element);
        }
}

BOOST_AUTO_TEST_CASE(refused_recipient_is_deleted_where_that_is_asked_for_261) {
    for (auto const stage : late_stages) BOOST_TEST_CONTEXT(wire::name_of(stage)) {
            joining rig(stage);
            join_with_the_second_recipient(rig, stage);
            rig.settings_of_second().late_rcpt_reject = manager::late_rcpt_reject::delete_recipient;
            rig.second().on("rcpt \"<one", say_text("550 5.7.1 not one"), once);
            rig.begin();
            auto heard = rig.whole_message();
            BOOST_TEST(heard.back() == "delete_rcpt \"<one@mx.test>\"; continue");
            heard.pop_back();
            BOOST_TEST(heard == list(4, "continue"), per_element);
            BOOST_TEST(rig.second().judged().size() == 1U);
            auto const& record = rig.decisions().back();
            BOOST_TEST(record.recipients[0].verdict == "550 5.7.1 not one");
            BOOST_TEST(record.recipients[0].decided_by == "b");
            BOOST_TEST(record.recipients[1].verdict == "continue");
            BOOST_TEST(rig.whole_message() == list(5, "continue"), per_element);
        }
}

BOOST_AUTO_TEST_CASE(where_the_mta_deletes_no_recipients_the_message_is_refused_261) {
    joining rig(code::data);
    rig.settings_of_second().late_rcpt_reject = manager::late_rcpt_reject::delete_recipient;
    rig.mta.offer.actions &= ~wire::action::delete_rcpt;
    for (std::size_t k = 0; k < 3; ++k) rig.filter(k).wants.actions &= ~wire::action::delete_rcpt;
    rig.second().on("rcpt \"<one", say(wire::reject{}));
    rig.begin();
    BOOST_TEST(rig.whole_message() == refused_from(code::data, "reject"), per_element);
}

BOOST_AUTO_TEST_CASE(message_is_not_lost_by_deleting_its_last_recipient_261) {
    joining rig(code::data);
    rig.settings_of_second().late_rcpt_reject = manager::late_rcpt_reject::delete_recipient;
    rig.second().on("rcpt", say_text("550 5.7.1 nobody"));
    rig.begin();
    BOOST_TEST(rig.whole_message() ==
                   refused_from(code::end_of_message, "reply \"550 5.7.1 nobody\""),
               per_element);
    BOOST_TEST(rig.decisions().back().decided_by == "b");

    joining redirected(code::data);
    redirected.settings_of_second().late_rcpt_reject = manager::late_rcpt_reject::delete_recipient;
    redirected.second().on("rcpt", say(wire::reject{}));
    redirected.filter(2).on("end_of_message",
                            say(wire::add_rcpt{"<trap@mx.test>"}, wire::proceed{}));
    redirected.begin();
    BOOST_TEST(redirected.whole_message().back() ==
               "delete_rcpt \"<one@mx.test>\"; delete_rcpt \"<two@mx.test>\"; "
               "add_rcpt \"<trap@mx.test>\"; continue");
}

BOOST_AUTO_TEST_CASE(refused_recipient_is_kept_where_that_is_asked_for_261) {
    for (auto const stage : late_stages) BOOST_TEST_CONTEXT(wire::name_of(stage)) {
            joining rig(stage);
            join_with_the_second_recipient(rig, stage);
            rig.settings_of_second().late_rcpt_reject = manager::late_rcpt_reject::ignore;
            rig.second().on("rcpt \"<one", say(wire::reject{}));
            rig.begin();
            BOOST_TEST(rig.whole_message() == list(5, "continue"), per_element);
            BOOST_TEST(rig.second().judged().size() == 1U);
        }
}

BOOST_AUTO_TEST_CASE(hanging_up_on_a_recipient_told_again_is_never_about_it_alone) {
    for (auto const policy : {manager::late_rcpt_reject::message, manager::late_rcpt_reject::ignore,
                              manager::late_rcpt_reject::delete_recipient}) {
        joining rig(code::data);
        rig.settings_of_second().late_rcpt_reject = policy;
        rig.second().on("rcpt", say_text("421 4.7.0 go away"));
        rig.begin();
        BOOST_TEST(rig.whole_message() == refused_from(code::data, "reply \"421 4.7.0 go away\""),
                   per_element);
    }
}

BOOST_AUTO_TEST_CASE(refusal_of_the_recipient_at_hand_is_that_of_a_recipient) {
    joining rig(code::rcpt);
    join_with_the_second_recipient(rig, code::rcpt);
    rig.second().on("rcpt \"<two", say_text("550 5.7.1 not two"));
    rig.begin();
    BOOST_TEST(rig.whole_message() == (list{"continue", "continue", "reply \"550 5.7.1 not two\"",
                                            "continue", "continue"}),
               per_element);
    BOOST_TEST(rig.filter(2).message().recipients == list{"<one@mx.test>"}, per_element);
    BOOST_TEST(rig.second().judged().size() == 1U);
}

BOOST_AUTO_TEST_CASE(refusal_of_data_and_discarding_end_the_message_for_all_260) {
    for (auto const stage : {code::end_of_headers, code::end_of_message})
        for (auto const& [what, heard] : {std::pair{say(wire::reject{}), std::string("reject")},
                                          std::pair{say(wire::discard{}), std::string("discard")}})
            BOOST_TEST_CONTEXT(wire::name_of(stage) << ", " << heard) {
                joining rig(stage);
                rig.second().on("data", what, once);
                rig.begin();
                BOOST_TEST(rig.whole_message() == refused_from(stage, heard), per_element);
                BOOST_TEST(rig.whole_message() == list(5, "continue"), per_element);
            }
    for (auto const stage : late_stages)
        for (std::string const told : {"mail", "rcpt"})
            BOOST_TEST_CONTEXT(wire::name_of(stage) << ", discard at " << told) {
                joining rig(stage);
                join_with_the_second_recipient(rig, stage);
                rig.second().on(told, say(wire::discard{}), once);
                rig.begin();
                BOOST_TEST(rig.whole_message() == refused_from_after_a_recipient(stage, "discard"),
                           per_element);
            }
}

BOOST_AUTO_TEST_CASE(first_in_order_decides_also_against_one_that_joins_in_the_content) {
    joining rig(code::end_of_headers);
    rig.filter(0).on("end_of_message", say_text("550 5.7.1 first").after(1s));
    rig.second().on("mail", say_text("550 5.7.1 second"));
    rig.begin();
    BOOST_TEST(rig.whole_message().back() == "reply \"550 5.7.1 first\"");
    BOOST_TEST(rig.decisions().back().decided_by == "a");
}

BOOST_AUTO_TEST_SUITE_END()
