// SPDX-License-Identifier: BSL-1.0
// tests/manager/evaluate_given_up.cpp - a copy that is given up: which messages its records tell of, and what it holds
//
// Source: "Evaluation" of docs/configuration.md, docs/decision-log.md.

#include <boost/test/unit_test.hpp>

#include <support/evaluating_rig.hpp>

using namespace support;

namespace {

constexpr std::string_view used_up = "[limits] evaluation_memory is used up";

/// Of the evaluated milter, whose share nobody is in.
void give_nobody_to(evaluating_rig& rig) {
    rig.config.milters[1].sample = {1, manager::sample_key::client_address};
    rig.config.limits.evaluation_memory = 5'000; // bytes
    rig.settings = manager::with_endpoints(rig.config);
}

bool is_left_out(manager::decision const& of) {
    return of.milters.size() == 2 && of.milters[1].reason == "not in its share";
}

/// In two parts, of which the first must be kept until the second is there.
void send_in_halves(evaluating_rig& rig, std::string_view bytes) {
    for (auto const half : {bytes.substr(0, bytes.size() / 2), bytes.substr(bytes.size() / 2)}) {
        rig.mta.out += half;
        rig.settle();
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(evaluate_given_up)

BOOST_AUTO_TEST_CASE(message_outside_its_share_is_not_recorded_as_dropped) {
    evaluating_rig rig;
    give_nobody_to(rig);
    auto const& alone = rig.settings->evaluated.at(0).alone;
    auto const holders = alone.use_count();
    rig.begin();
    rig.envelope();
    std::string header;
    wire::encode(header, wire::header{"X-Large", std::string(20'000, 'x')});
    send_in_halves(rig, header);
    BOOST_TEST(alone.use_count() == holders); // it was given up
    rig.content();
    BOOST_TEST(rig.end() == "continue");
    rig.message();
    rig.quit();
    BOOST_TEST_REQUIRE(rig.decisions().size() == 2u);
    for (auto const& one : rig.decisions()) BOOST_TEST(is_left_out(one));
    BOOST_TEST(rig.evaluations().empty());
}

BOOST_AUTO_TEST_CASE(content_that_it_has_nothing_to_do_with_costs_no_memory) {
    evaluating_rig rig;
    give_nobody_to(rig);
    auto const& alone = rig.settings->evaluated.at(0).alone;
    auto const holders = alone.use_count();
    rig.begin();
    rig.envelope();
    rig.content(manager_rig::usual_headers(), std::string(200'000, 'x'));
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST(is_left_out(rig.decisions().at(0)));
    BOOST_TEST(alone.use_count() > holders); // it was not given up
    BOOST_TEST(rig.settings->evaluation_budget->taken() == 0u);
}

BOOST_AUTO_TEST_CASE(milter_that_was_not_back_yet_has_not_seen_the_message) {
    evaluating_rig rig;
    rig.config.limits.evaluation_memory = 50'000;
    rig.settings = manager::with_endpoints(rig.config);
    using arrival = scripted_filter::arrival;
    rig.b().arrivals = {arrival::accepted, arrival::silent};
    rig.b().on("end_of_message", then_close());
    rig.begin();
    rig.message();
    rig.envelope();
    rig.content(manager_rig::usual_headers(), std::string(100'000, 'x'));
    BOOST_TEST(rig.end() == "continue");
    rig.quit();
    BOOST_TEST_REQUIRE(rig.evaluations().size() == 2u);
    BOOST_TEST(rig.evaluations()[0].failed());
    BOOST_TEST(rig.evaluations()[0].dropped == "");
    BOOST_TEST(rig.evaluations()[1].would.transaction == 2u);
    BOOST_TEST(rig.evaluations()[1].dropped == used_up);
    BOOST_TEST(rig.evaluations()[1].enforced.verdict == "accept");
}

BOOST_AUTO_TEST_CASE(what_it_still_holds_is_counted_when_the_limit_is_lower_meanwhile) {
    evaluating_rig rig;
    rig.settings = manager::with_endpoints(rig.config);
    rig.b().on("mail", say(wire::proceed{}).after(1s));
    rig.b().on("data", silence());
    rig.begin();
    rig.envelope();
    rig.content(manager_rig::usual_headers(), std::string(100'000, 'x'));
    auto& budget = *rig.settings->evaluation_budget;
    auto const before = budget.taken();
    budget.limit(1'000); // as a reload does it
    rig.pass(2s);
    BOOST_TEST(rig.b().story().ends_with("data"));
    BOOST_TEST(budget.taken() < before);
    BOOST_TEST(budget.taken() > 100'000u);
}

BOOST_AUTO_TEST_SUITE_END()
