// SPDX-License-Identifier: BSL-1.0
// tests/manager/evaluate.cpp - a milter in mode evaluate: it sees everything, changes nothing, and is compared
//
// Source: "Evaluation" of docs/configuration.md and docs/architecture.md.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

/// Milter "a" counts, milter "b" is evaluated.
struct evaluating_rig : manager_rig {
    explicit evaluating_rig(std::size_t filters = 2) : manager_rig(filters) {
        config.milters.back().mode = manager::milter_mode::evaluate;
    }
    scripted_filter& a() { return filter(0); }
    scripted_filter& b() { return filter(config.milters.size() - 1); }
    manager::evaluation const& only_evaluation() {
        BOOST_TEST_REQUIRE(evaluations().size() == 1u);
        return evaluations().front();
    }
    void quit() {
        mta.say(wire::quit{});
        settle();
    }
};

/// What the MTA hears of a usual session with one message.
std::string heard_of(manager_rig& rig) {
    auto all = rig.begin();
    all += ", " + rig.envelope();
    rig.content();
    all += ", " + rig.end();
    return all;
}

std::string outcome_of(manager::evaluation const& one) {
    return one.milter + ": " + one.would.verdict + " at " + one.would.stage + ", enforced " +
           one.enforced.verdict;
}

constexpr auto all_continue = "continue, continue, continue, continue, continue, continue";

} // namespace

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
        in += asked;
    }
    BOOST_TEST(in > 8u);
    BOOST_TEST(in < 32u);
}

BOOST_AUTO_TEST_SUITE_END()
