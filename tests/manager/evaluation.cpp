// SPDX-License-Identifier: BSL-1.0
// tests/manager/evaluation.cpp - two records of a message come together, whichever is there first

#include "manager/core/evaluation.hpp"

#include <boost/test/unit_test.hpp>

using namespace milter::manager;

namespace {

constexpr auto most = static_cast<std::uint32_t>(comparison::most_waiting);

decision decided(std::uint32_t number) {
    decision one;
    one.transaction = number;
    one.verdict = "accept";
    return one;
}

evaluation evaluated(std::uint32_t number) { return {"b", decided(number), {}, {}, {}}; }

/// "1 accept", or "1 ?" where what was decided is not known; separated by blanks.
std::string taken(comparison& from) {
    std::string all;
    for (auto const& one : from.take())
        all += (all.empty() ? "" : " ") + std::to_string(one.would.transaction) + ' ' +
               (one.enforced.verdict.empty() ? "?" : one.enforced.verdict);
    return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(evaluations)

BOOST_AUTO_TEST_CASE(records_meet_in_either_order) {
    comparison one;
    one.enforced(decided(1));
    BOOST_TEST(taken(one) == "");
    one.evaluated(evaluated(1));
    BOOST_TEST(taken(one) == "1 accept");
    one.evaluated(evaluated(2));
    BOOST_TEST(one.waits());
    BOOST_TEST(taken(one) == "");
    one.enforced(decided(2));
    BOOST_TEST(!one.waits());
    BOOST_TEST(taken(one) == "2 accept");
}

BOOST_AUTO_TEST_CASE(of_too_many_that_wait_for_what_was_decided_the_oldest_is_given_out) {
    comparison one;
    for (std::uint32_t i = 1; i <= most; ++i) one.evaluated(evaluated(i));
    BOOST_TEST(taken(one) == "");
    one.evaluated(evaluated(most + 1));
    BOOST_TEST(taken(one) == "1 ?");
    one.enforced(decided(1)); // too late
    BOOST_TEST(taken(one) == "");
    one.enforced(decided(2));
    BOOST_TEST(taken(one) == "2 accept");
}

BOOST_AUTO_TEST_CASE(of_too_many_decisions_that_wait_the_oldest_is_forgotten) {
    comparison full, one;
    for (std::uint32_t i = 1; i <= most; ++i) full.enforced(decided(i));
    for (std::uint32_t i = 1; i <= most + 1; ++i) one.enforced(decided(i));
    full.evaluated(evaluated(1));
    BOOST_TEST(taken(full) == "1 accept");
    one.evaluated(evaluated(1));
    BOOST_TEST(taken(one) == "1 ?");
    one.evaluated(evaluated(2));
    BOOST_TEST(taken(one) == "2 accept");
    BOOST_TEST(one.take_rest().size() == most - 1);
}

BOOST_AUTO_TEST_CASE(message_that_is_left_out_is_not_compared_whenever_its_decision_comes) {
    for (bool const decided_before : {false, true}) {
        comparison one;
        if (decided_before) one.enforced(decided(1));
        one.leave_out(1);
        if (!decided_before) one.enforced(decided(1));
        BOOST_TEST(one.take_rest().empty());
    }
}

BOOST_AUTO_TEST_CASE(at_the_end_those_that_wait_are_given_out) {
    comparison one;
    one.evaluated(evaluated(1));
    one.evaluated(evaluated(2));
    one.finish();
    BOOST_TEST(!one.waits());
    BOOST_TEST(taken(one) == "1 ? 2 ?");
}

BOOST_AUTO_TEST_SUITE_END()
