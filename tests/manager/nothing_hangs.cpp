// SPDX-License-Identifier: BSL-1.0
// tests/manager/nothing_hangs.cpp - whatever a milter does, the MTA is answered, and in time
//
// Ends of names: the defect of milter manager 2.3.2 that kept the MTA waiting there (docs/operations.md, "Moving from
// milter manager"). The rig faults by itself when no answer comes.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;
using manager::on_error;

namespace {

std::string const tempfail = "reply \"451 4.7.1 Service unavailable - try again later\"";

/// How long `say` keeps the MTA waiting.
template <class Say> proto::duration waiting(manager_rig& rig, Say say) {
    auto const before = rig.now();
    say();
    return rig.now() - before;
}

std::string send_stage(manager_rig& rig, std::string const& stage) {
    if (stage == "helo") return rig.send(wire::helo{"client.test"});
    if (stage == "mail") return rig.send(wire::mail{"<a@client.test>", {}});
    if (stage == "rcpt") return rig.send(wire::rcpt{"<b@mx.test>", {}});
    if (stage == "data") return rig.send(wire::data{});
    rig.content();
    return rig.end();
}

std::string const stages[] = {"helo", "mail", "rcpt", "data", "end_of_message"};

/// What the MTA hears at `stage` when the first of two milters says `what` there.
std::string heard_at(std::string const& stage, reaction what) {
    manager_rig rig(2);
    rig.filter(0).on(stage, std::move(what));
    rig.negotiate();
    rig.send(wire::connect{"client.test", wire::family::inet, 1025, "192.0.2.1"});
    for (auto const& one : stages) {
        auto answer = send_stage(rig, one);
        if (one == stage) return answer;
    }
    return "no such stage";
}

} // namespace

BOOST_AUTO_TEST_SUITE(nothing_hangs)

BOOST_AUTO_TEST_CASE(milter_that_goes_in_the_middle_of_the_body_is_judged_at_once_E4c) {
    for (auto const policy : {on_error::tempfail, on_error::accept}) {
        manager_rig rig(2);
        rig.config.milters[0].on_error = policy;
        rig.filter(0).on("body", then_close());
        rig.begin();
        rig.envelope();
        auto const waited = waiting(rig, [&] {
            rig.content(manager_rig::usual_headers(), std::string(200'000, 'b'));
            BOOST_TEST(rig.end() == (policy == on_error::accept ? "continue" : tempfail));
        });
        BOOST_TEST((waited == 0s));
    }
}

BOOST_AUTO_TEST_CASE(milter_that_is_not_there_costs_no_time_E5) {
    for (int const error : {ENOENT, ECONNREFUSED}) {
        manager_rig rig(2);
        rig.connect_error = error;
        rig.config.milters[0].on_error = on_error::accept;
        rig.filter(0).arrivals.assign(20, scripted_filter::arrival::refused);
        auto const waited = waiting(rig, [&] {
            rig.begin();
            BOOST_TEST(rig.message() == "continue");
        });
        BOOST_TEST((waited == 0s));
    }
}

BOOST_AUTO_TEST_CASE(
    milter_that_never_answers_the_offer_delays_it_two_seconds_and_no_message_for_ever_E5) {
    manager_rig rig(2);
    rig.config.milters[0].on_error = on_error::accept;
    rig.filter(0).on("negotiate", silence());
    BOOST_TEST((waiting(rig, [&] { rig.negotiate(); }) == rig.config.negotiation_wait));
    auto const client = waiting(rig, [&] {
        rig.send(wire::connect{"client.test", wire::family::inet, 1025, "192.0.2.1"});
    });
    BOOST_TEST((client <= rig.config.milters[0].timeouts.negotiate));
    BOOST_TEST((waiting(rig, [&] { rig.send(wire::helo{"client.test"}); }) == 0s));
    auto const tried_again = waiting(rig, [&] { BOOST_TEST(rig.message() == "continue"); });
    BOOST_TEST((tried_again <= rig.config.milters[0].timeouts.negotiate));
    BOOST_TEST(rig.filter(1).judged().size() == 1U);
}

BOOST_AUTO_TEST_CASE(session_beyond_the_limit_is_answered_at_once_and_holds_up_nobody_E7) {
    manager_rig rig(1);
    rig.session().overloaded();
    auto const waited = waiting(rig, [&] {
        BOOST_TEST(rig.begin() == "continue, continue");
        BOOST_TEST(rig.send(wire::mail{"<a@client.test>", {}}) ==
                   "reply \"451 4.3.0 Mail filtering failed - try again later\"");
    });
    BOOST_TEST((waited == 0s));
}

BOOST_AUTO_TEST_CASE(connection_failed_is_answered_as_a_failure_E22) {
    for (auto const& stage : stages) BOOST_TEST_CONTEXT(stage) {
            bool const client = stage == "helo"; // tried again at MAIL
            BOOST_TEST(heard_at(stage, say(wire::connection_failed{})) ==
                       (client ? "continue" : tempfail));
        }
}

BOOST_AUTO_TEST_CASE(shutdown_is_answered_with_421_E22) {
    for (auto const& stage : stages)
        BOOST_TEST(heard_at(stage, say(wire::shutdown{})) ==
                   "reply \"421 4.7.0 Service unavailable, closing connection\"");
}

BOOST_AUTO_TEST_CASE(reply_of_several_lines_is_passed_on_E23) {
    std::string const text = "550-5.7.1 first\r\n550-5.7.1 second\r\n550 5.7.1 last";
    for (auto const& stage : stages) BOOST_TEST_CONTEXT(stage) {
            BOOST_TEST(heard_at(stage, say_text(text)) ==
                       wire::describe(wire::any_reply{wire::reply_text{text}}));
        }
}

BOOST_AUTO_TEST_CASE(reply_without_an_enhanced_code_is_passed_on_E23) {
    for (auto const& stage : stages) BOOST_TEST_CONTEXT(stage) {
            BOOST_TEST(heard_at(stage, say_text("550 no")) == "reply \"550 no\"");
            BOOST_TEST(heard_at(stage, say_text("451 later")) == "reply \"451 later\"");
        }
}

BOOST_AUTO_TEST_CASE(next_client_on_a_connection_that_sendmail_uses_again_is_served_E22) {
    manager_rig rig(2);
    rig.mta.like_sendmail();
    rig.begin();
    BOOST_TEST(rig.message() == "continue");
    rig.send(wire::quit_new_connection{});
    BOOST_TEST(rig.send(wire::connect{"next.test", wire::family::inet, 25, "192.0.2.2"}) ==
               "continue");
    BOOST_TEST(rig.send(wire::helo{"next.test"}) == "continue");
    BOOST_TEST(rig.message() == "continue");
    for (std::size_t k = 0; k < 2; ++k) {
        BOOST_TEST(rig.filter(k).judged().size() == 2U);
        BOOST_TEST(rig.filter(k).last("connect").find("192.0.2.2") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(without_any_milter_everything_is_answered_at_once) {
    manager_rig rig(0);
    auto const waited = waiting(rig, [&] {
        BOOST_TEST(rig.begin() == "continue, continue");
        BOOST_TEST(rig.message() == "continue");
    });
    BOOST_TEST((waited == 0s));
}

BOOST_AUTO_TEST_CASE(many_sessions_after_one_another_find_a_milter_that_came_back_issue23) {
    for (int session = 0; session < 3; ++session) {
        manager_rig rig(1);
        if (session < 2) rig.filter(0).arrivals.assign(20, scripted_filter::arrival::refused);
        rig.begin();
        auto const answer = rig.send(wire::mail{"<a@client.test>", {}});
        BOOST_TEST(answer == (session < 2 ? tempfail : "continue"));
    }
}

BOOST_AUTO_TEST_SUITE_END()
