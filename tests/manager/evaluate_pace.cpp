// SPDX-License-Identifier: BSL-1.0
// tests/manager/evaluate_pace.cpp - a milter in mode evaluate that is slower than the MTA: time, memory, places, the end
//
// Source: "Evaluation" of docs/configuration.md and docs/architecture.md.

#include "evaluate_fixture.hpp"

using namespace evaluate_test;

BOOST_AUTO_TEST_SUITE(evaluate_pace)

BOOST_AUTO_TEST_CASE(session_that_is_cut_off_is_recorded) {
    evaluating_rig rig;
    rig.a().on("end_of_message", silence());
    rig.b().on("data", silence());
    rig.begin();
    rig.envelope();
    rig.content();
    rig.mta.say(wire::end_of_message{});
    rig.settle();
    rig.cut_off();
    BOOST_TEST(rig.session().over());
    BOOST_TEST(rig.decisions().at(0).verdict == "aborted");
    BOOST_TEST(rig.decisions().at(0).decided_by == "manager");
    BOOST_TEST(rig.decisions().at(0).reason == "the manager ended");
    BOOST_TEST(rig.only_evaluation().dropped == "the manager ended");
}

BOOST_AUTO_TEST_CASE(nobody_waits_for_it) {
    for (std::string const stage : {"negotiate", "connect", "helo", "mail", "rcpt", "data",
                                    "header", "end_of_headers", "body", "end_of_message"})
        BOOST_TEST_CONTEXT(stage) {
            evaluating_rig rig;
            rig.b().on(stage, silence());
            auto const start = rig.now();
            BOOST_TEST(heard_of(rig) == all_continue);
            rig.quit();
            BOOST_TEST((rig.now() == start)); // no time has passed
            BOOST_TEST(rig.hung_up());
            rig.pass(10min);
            BOOST_TEST(rig.session().over());
            BOOST_TEST(!rig.only_evaluation().agrees);
            BOOST_TEST(rig.only_evaluation().would.verdict == "error");
            BOOST_TEST(rig.only_evaluation().would.text == "");
            BOOST_TEST(rig.blamed("b"));
        }
}

BOOST_AUTO_TEST_CASE(slow_one_judges_when_the_mta_has_long_gone) {
    evaluating_rig rig;
    for (auto const* const stage : {"connect", "helo", "mail", "rcpt", "data", "header",
                                    "end_of_headers", "body", "end_of_message"})
        rig.b().on(stage, say(wire::proceed{}).after(3s));
    auto const start = rig.now();
    heard_of(rig);
    rig.message();
    rig.quit();
    BOOST_TEST((rig.now() == start));
    BOOST_TEST(rig.decisions().size() == 2u);
    BOOST_TEST(rig.evaluations().empty());
    rig.pass(10min);
    BOOST_TEST_REQUIRE(rig.evaluations().size() == 2u);
    for (auto const& one : rig.evaluations()) {
        BOOST_TEST((one.agrees == true));
        BOOST_TEST((one.would.time > 20s));
        BOOST_TEST((one.enforced.time == 0s));
    }
    BOOST_TEST(rig.b().judged().size() == 2u);
    BOOST_TEST(rig.b().story().ends_with("quit"));
    BOOST_TEST(rig.session().over());
}

BOOST_AUTO_TEST_CASE(message_that_it_has_nothing_to_do_with_is_not_kept) {
    evaluating_rig rig;
    rig.config.milters[1].sample = {1, manager::sample_key::client_address};
    rig.settings = manager::with_endpoints(rig.config);
    rig.begin();
    rig.envelope();
    rig.content(manager_rig::usual_headers(), std::string(1 << 20, 'x'));
    BOOST_TEST(rig.settings->evaluated.at(0).alone->spool.budget->taken() == 0u);
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST(rig.evaluations().empty());
    BOOST_TEST(rig.b().connections() == 0u);
}

BOOST_AUTO_TEST_CASE(steady_backlog_costs_no_more_than_it_is) {
    evaluating_rig rig;
    rig.config.limits.evaluation_memory = 1 << 20;
    rig.settings = manager::with_endpoints(rig.config);
    rig.b().on("mail", say(wire::proceed{}).after(1s));
    rig.begin();
    for (int i = 0; i < 40; ++i) {
        rig.envelope();
        rig.content(manager_rig::usual_headers(), std::string(60'000, 'x'));
        rig.end();
        if (i > 1) rig.pass(1s);
    }
    rig.quit();
    rig.pass(10min);
    BOOST_TEST(rig.evaluations().size() == 40u);
    for (auto const& one : rig.evaluations()) BOOST_TEST(one.dropped == "");
}

BOOST_AUTO_TEST_CASE(every_message_that_it_did_not_come_to_has_a_line) {
    evaluating_rig rig;
    rig.b().on("mail", silence());
    rig.config.milters[1].timeouts.command = 1h;
    rig.begin();
    for (int i = 0; i < 5; ++i) BOOST_TEST(rig.message() == "continue");
    rig.mta_closes();
    BOOST_TEST(rig.evaluations().size() == 5u);
    for (auto const& one : rig.evaluations()) {
        BOOST_TEST(one.dropped == "the MTA's connection ended before");
        BOOST_TEST(one.enforced.verdict == "accept");
    }
}

BOOST_AUTO_TEST_CASE(shadow_is_as_patient_with_the_mta_as_its_session) {
    evaluating_rig rig;
    rig.config.idle_timeout = 60s;
    rig.config.milters[0].timeouts.end_of_message = 200s;
    rig.a().on("end_of_message", say(wire::proceed{}).after(100s), once);
    rig.begin();
    rig.message();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.evaluations().size() == 2u);
}

BOOST_AUTO_TEST_CASE(places_at_it_are_not_those_of_the_milter_that_counts) {
    evaluating_rig before;
    before.config.milters[1].max_sessions = 1;
    before.settings = manager::with_endpoints(before.config);
    before.begin();
    manager_rig after(2);
    after.config.milters[1].max_sessions = 1;
    after.settings = manager::with_endpoints(after.config, before.settings.get());
    after.begin();
    BOOST_TEST(after.message() == "continue");
    BOOST_TEST(after.filter(1).connections() == 1u);
}

BOOST_AUTO_TEST_CASE(one_that_is_too_far_behind_is_given_up) {
    evaluating_rig rig;
    rig.b().on("mail", silence());
    rig.begin();
    rig.envelope();
    rig.content(manager_rig::usual_headers(), std::string(9 << 20, 'x'));
    BOOST_TEST(rig.end() == "continue");
    auto const& one = rig.only_evaluation();
    BOOST_TEST(one.dropped == "it is too far behind the MTA");
    BOOST_TEST(one.enforced.verdict == "accept");
    BOOST_TEST(!one.agrees);
    BOOST_TEST(rig.message() == "continue");
    rig.quit();
    BOOST_TEST(rig.evaluations().size() == 1u); // nothing more of it in this session
    BOOST_TEST(rig.session().over());
}

BOOST_AUTO_TEST_CASE(message_at_which_one_is_given_up_has_a_line_also_when_it_has_not_come_to_it) {
    evaluating_rig rig;
    rig.config.milters[1].timeouts.negotiate = 1h;
    rig.b().on("negotiate", silence());
    rig.begin();
    rig.envelope();
    rig.content(manager_rig::usual_headers(), std::string(9 << 20, 'x'));
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST(rig.only_evaluation().dropped == "it is too far behind the MTA");
    BOOST_TEST(rig.only_evaluation().enforced.verdict == "accept");
    BOOST_TEST(rig.message() == "continue");
    rig.quit();
    BOOST_TEST(rig.evaluations().size() == 1u);
}

BOOST_AUTO_TEST_CASE(copies_have_memory_of_their_own) {
    evaluating_rig rig;
    rig.config.limits.evaluation_memory = 1 << 20;
    rig.settings = manager::with_endpoints(rig.config);
    rig.b().on("mail", silence());
    rig.begin();
    rig.envelope();
    rig.content(manager_rig::usual_headers(), std::string(2 << 20, 'x'));
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST(rig.only_evaluation().dropped == "[limits] evaluation_memory is used up");
    BOOST_TEST(rig.settings->evaluated.at(0).alone->spool.budget->taken() == 0u);
}

BOOST_AUTO_TEST_CASE(mta_that_goes_without_farewell_ends_it) {
    evaluating_rig rig;
    rig.b().on("end_of_message", silence());
    rig.begin();
    rig.message();
    rig.mta_closes();
    BOOST_TEST(rig.session().over());
    BOOST_TEST(rig.only_evaluation().dropped == "the MTA's connection ended before");
    BOOST_TEST(rig.only_evaluation().enforced.verdict == "accept");
}

BOOST_AUTO_TEST_CASE(no_more_than_so_many_at_once) {
    evaluating_rig first, second;
    first.config.milters[1].max_sessions = 1;
    first.settings = second.settings = manager::with_endpoints(first.config);
    first.begin();
    BOOST_TEST(first.message() == "continue");
    BOOST_TEST(heard_of(second) == all_continue);
    BOOST_TEST(second.b().connections() == 0u);
    BOOST_TEST(second.only_evaluation().dropped == "max_sessions = 1 reached");
    BOOST_TEST(!second.only_evaluation().failed());
    BOOST_TEST((first.only_evaluation().agrees == true));
}

BOOST_AUTO_TEST_CASE(session_that_is_refused_for_lack_of_room_evaluates_nothing) {
    evaluating_rig rig;
    rig.session().overloaded();
    rig.begin();
    BOOST_TEST(rig.send(wire::mail{"<a@client.test>", {}}).starts_with("reply \"451"));
    BOOST_TEST(rig.b().connections() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
