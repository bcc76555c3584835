// SPDX-License-Identifier: BSL-1.0
// tests/manager/evaluate.cpp - a milter in mode evaluate: it sees everything, changes nothing, and is compared
//
// Source: "Evaluation" of docs/configuration.md and docs/architecture.md.

#include "evaluate_fixture.hpp"

using namespace evaluate_test;

BOOST_AUTO_TEST_SUITE(evaluate)

BOOST_AUTO_TEST_CASE(verdict_at_any_stage_is_recorded_and_not_heard) {
    struct row {
        std::string stage, would;
    };
    row const rows[] = {{"connect", "b: reject at mail, enforced accept"},
                        {"helo", "b: reject at mail, enforced accept"},
                        {"mail", "b: reject at mail, enforced accept"},
                        {"data", "b: reject at data, enforced accept"},
                        {"header", "b: reject at content, enforced accept"},
                        {"end_of_headers", "b: reject at content, enforced accept"},
                        {"body", "b: reject at end_of_message, enforced accept"},
                        {"end_of_message", "b: reject at end_of_message, enforced accept"}};
    for (auto const& [stage, would] : rows) BOOST_TEST_CONTEXT(stage) {
            evaluating_rig rig;
            rig.b().on(stage, say(wire::reject{}));
            BOOST_TEST(heard_of(rig) == all_continue);
            rig.quit();
            BOOST_TEST(outcome_of(rig.only_evaluation()) == would);
            BOOST_TEST((rig.only_evaluation().agrees == false));
            BOOST_TEST_REQUIRE(rig.decisions().size() == 1u);
            BOOST_TEST(rig.decisions()[0].verdict == "accept");
            BOOST_TEST_REQUIRE(rig.decisions()[0].milters.size() == 1u);
            BOOST_TEST(rig.decisions()[0].milters[0].name == "a");
            BOOST_TEST(rig.a().story().ends_with("end_of_message quit"));
        }
}

BOOST_AUTO_TEST_CASE(same_verdict_agrees) {
    for (bool const refuse : {false, true}) {
        evaluating_rig rig;
        if (refuse) {
            rig.a().on("end_of_message", say(wire::reject{}));
            rig.b().on("data", say(wire::reject{}));
        }
        rig.begin();
        BOOST_TEST(rig.message() == (refuse ? "reject" : "continue"));
        BOOST_TEST((rig.only_evaluation().agrees == true));
    }
}

BOOST_AUTO_TEST_CASE(refused_recipient_makes_a_difference) {
    for (bool const same : {false, true}) {
        evaluating_rig rig;
        rig.b().on("rcpt \"<y@", say(wire::reject{}));
        if (same) rig.a().on("rcpt \"<y@", say(wire::tempfail{}));
        rig.begin();
        rig.send(wire::mail{"<a@client.test>", {}});
        rig.send(wire::rcpt{"<x@mx.test>", {}});
        BOOST_TEST(rig.send(wire::rcpt{"<y@mx.test>", {}}) == (same ? "tempfail" : "continue"));
        rig.send(wire::data{});
        rig.content();
        BOOST_TEST(rig.end() == "continue");
        BOOST_TEST((rig.only_evaluation().agrees == same));
        BOOST_TEST(rig.only_evaluation().would.recipients.at(1).verdict == "reject");
    }
}

BOOST_AUTO_TEST_CASE(who_refuses_every_recipient_is_not_told_of_the_message) {
    evaluating_rig rig;
    rig.b().on("rcpt", say(wire::reject{}));
    BOOST_TEST(heard_of(rig) == all_continue);
    BOOST_TEST(rig.b().story() == "connect helo mail rcpt abort");
    BOOST_TEST(outcome_of(rig.only_evaluation()) == "b: no_recipients at , enforced accept");
    BOOST_TEST((rig.only_evaluation().agrees == false));
    rig.b().forget_rules();
    BOOST_TEST(rig.message() == "continue"); // and of the next it is
    BOOST_TEST_REQUIRE(rig.evaluations().size() == 2u);
    BOOST_TEST((rig.evaluations()[1].agrees == true));
}

BOOST_AUTO_TEST_CASE(recipients_are_compared_also_when_none_is_left) {
    for (bool const same : {false, true}) {
        evaluating_rig rig;
        rig.a().on("rcpt", say(wire::reject{}));
        if (same) rig.b().on("rcpt", say(wire::tempfail{}));
        rig.begin();
        rig.send(wire::mail{"<a@client.test>", {}});
        BOOST_TEST(rig.send(wire::rcpt{"<x@mx.test>", {}}) == "reject");
        rig.send(wire::abort{});
        BOOST_TEST(rig.only_evaluation().enforced.verdict == "no_recipients");
        BOOST_TEST((rig.only_evaluation().agrees == same));
    }
}

BOOST_AUTO_TEST_CASE(who_edits_need_not_ask_the_mta) {
    evaluating_rig rig;
    rig.a().wants.actions = wire::action::none;
    rig.b().on("end_of_message", say(wire::add_header{"X-B", "b"}, wire::proceed{}));
    rig.begin();
    BOOST_TEST((rig.mta.agreed().actions == wire::action::none));
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.only_evaluation().would.verdict == "accept");
    BOOST_TEST(rig.only_evaluation().would.edit_count == 1u);
    BOOST_TEST(
        (rig.only_evaluation().agrees == true)); // in the verdict; edits are for people to compare
}

BOOST_AUTO_TEST_CASE(edits_are_recorded_and_not_made) {
    evaluating_rig rig;
    rig.a().on("end_of_message", say(wire::add_header{"X-A", "a"}, wire::proceed{}));
    rig.b().on("end_of_message",
               say(wire::add_header{"X-B", "b"}, wire::replace_body{"other\r\n"},
                   wire::quarantine{"odd"}, wire::delete_rcpt{"<b@mx.test>"}, wire::accept{}));
    rig.begin();
    BOOST_TEST(rig.message() == "add_header \"X-A\" \" a\"; continue");
    auto const& one = rig.only_evaluation();
    BOOST_TEST(one.would.verdict == "quarantine");
    BOOST_TEST(one.would.edit_count == 4u);
    BOOST_TEST(one.enforced.edit_count == 1u);
    BOOST_TEST((one.agrees == false));
    BOOST_TEST(rig.b().message().headers.back() == "To:b@mx.test"); // as the MTA sent it
}

BOOST_AUTO_TEST_CASE(one_that_is_down_is_not_missed) {
    evaluating_rig rig;
    rig.config.milters[1].on_error = manager::on_error::shutdown;
    rig.b().arrivals.assign(20, scripted_filter::arrival::refused);
    BOOST_TEST(heard_of(rig) == all_continue);
    BOOST_TEST(!rig.only_evaluation().agrees);
    BOOST_TEST(rig.only_evaluation().failed());
    BOOST_TEST(rig.logged("b: (evaluated) cannot connect"));
}

BOOST_AUTO_TEST_CASE(mta_is_asked_for_no_more_than_the_other_milters_want) {
    evaluating_rig rig;
    rig.mta.like_postfix();
    rig.a().wants.actions = wire::action::add_header;
    rig.negotiate();
    manager_rig without(1);
    without.mta.like_postfix();
    without.filter(0).wants.actions = wire::action::add_header;
    without.negotiate();
    auto const& agreed = rig.mta.agreed();
    BOOST_TEST((agreed.actions == without.mta.agreed().actions));
    BOOST_TEST((agreed.steps ==
                (without.mta.agreed().steps | wire::step::rejected_rcpt))); // which changes nothing
}

BOOST_AUTO_TEST_CASE(macros_that_it_wants_are_asked_for_from_its_second_session_on) {
    auto const mail = static_cast<std::size_t>(wire::macro_stage::mail);
    std::shared_ptr<manager::config const> settings;
    for (bool const second : {false, true}) {
        evaluating_rig rig;
        if (!settings) settings = manager::with_endpoints(rig.config);
        rig.settings = settings;
        rig.b().wants.actions |= wire::action::set_macro_list;
        rig.b().wants.lists[mail] = "{client_ptr}";
        rig.a().wants.actions |= wire::action::set_macro_list;
        rig.a().wants.lists[mail] = "{mail_addr}";
        rig.negotiate();
        auto const& list = rig.mta.agreed().lists[mail];
        BOOST_TEST_REQUIRE(list.has_value());
        BOOST_TEST((list->find("{client_ptr}") != list->npos) == second);
    }
}

BOOST_AUTO_TEST_CASE(macros_that_it_wants_are_no_reason_to_send_others_a_list) {
    std::shared_ptr<manager::config const> settings;
    for (bool const second : {false, true}) BOOST_TEST_CONTEXT(second) {
            evaluating_rig rig;
            if (!settings) settings = manager::with_endpoints(rig.config);
            rig.settings = settings;
            rig.mta.like_postfix();
            rig.b().wants.actions |= wire::action::set_macro_list;
            rig.b().wants.lists[static_cast<std::size_t>(wire::macro_stage::mail)] = "{x}";
            rig.negotiate();
            for (auto const& list : rig.mta.agreed().lists) BOOST_TEST(!list.has_value());
        }
}

BOOST_AUTO_TEST_CASE(client_that_it_accepts_is_compared) {
    evaluating_rig rig;
    rig.a().on("end_of_message", say(wire::reject{}));
    rig.b().on("connect", say(wire::accept{}));
    rig.begin();
    rig.message();
    BOOST_TEST(outcome_of(rig.only_evaluation()) == "b: accept at end_of_message, enforced reject");
    BOOST_TEST((rig.only_evaluation().agrees == false));
}

BOOST_AUTO_TEST_CASE(failure_of_those_that_count_is_no_difference) {
    evaluating_rig rig;
    rig.a().on("end_of_message", then_close());
    rig.begin();
    rig.message();
    BOOST_TEST(rig.only_evaluation().enforced.verdict == "tempfail");
    BOOST_TEST(!rig.only_evaluation().agrees);
}

BOOST_AUTO_TEST_CASE(only_milters_of_the_profile_are_evaluated) {
    for (std::string const profile : {"with", "without"}) {
        evaluating_rig rig;
        rig.config.profiles = {{"with", {"a", "b"}, {}, {}}, {"without", {"a"}, {}, {}}};
        rig.profile = profile;
        rig.begin();
        rig.message();
        BOOST_TEST(rig.evaluations().size() == (profile == "with" ? 1u : 0u));
        BOOST_TEST(rig.b().connections() == (profile == "with" ? 1u : 0u));
        if (profile == "with") BOOST_TEST(rig.only_evaluation().would.profile == "with");
    }
}

BOOST_AUTO_TEST_CASE(several_are_evaluated_without_knowing_of_each_other) {
    evaluating_rig rig(3);
    rig.config.milters[1].mode = manager::milter_mode::evaluate;
    rig.filter(1).on("mail", silence());
    rig.filter(2).on("end_of_message", say(wire::tempfail{}));
    rig.begin();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(outcome_of(rig.only_evaluation()) ==
               "c: tempfail at end_of_message, enforced accept");
    rig.quit();
    rig.pass(10min);
    BOOST_TEST_REQUIRE(rig.evaluations().size() == 2u);
    BOOST_TEST(rig.evaluations()[1].milter == "b");
}

BOOST_AUTO_TEST_CASE(share_of_it_holds) {
    unsigned in = 0;
    for (unsigned i = 0; i < 40; ++i) {
        evaluating_rig rig;
        rig.config.milters[1].sample = {5'000, manager::sample_key::client_address};
        rig.negotiate();
        rig.send(
            wire::connect{"client.test", wire::family::inet, 1025, "192.0.2." + std::to_string(i)});
        rig.message();
        auto const asked = rig.evaluations().size() == 1; // no line about what is left out
        BOOST_TEST(asked == (rig.b().connections() > 0));
        auto const& records = rig.decisions().at(0).milters;
        BOOST_TEST_REQUIRE(records.size() == (asked ? 1u : 2u)); // else nothing would tell of it
        if (!asked) BOOST_TEST(records[1].name == "b");
        if (!asked) BOOST_TEST(records[1].verdict == "not asked");
        if (!asked) BOOST_TEST(records[1].reason == "not in its share");
        in += asked;
    }
    BOOST_TEST(in > 8u);
    BOOST_TEST(in < 32u);
}

BOOST_AUTO_TEST_SUITE_END()
