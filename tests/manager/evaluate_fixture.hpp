// SPDX-License-Identifier: BSL-1.0
// tests/manager/evaluate_fixture.hpp - a manager with a milter that counts and one that is evaluated
#pragma once

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

#include <cstddef>
#include <string>

namespace evaluate_test {

using namespace support;

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
inline std::string heard_of(manager_rig& rig) {
    auto all = rig.begin();
    all += ", " + rig.envelope();
    rig.content();
    all += ", " + rig.end();
    return all;
}

inline std::string outcome_of(manager::evaluation const& one) {
    return one.milter + ": " + one.would.verdict + " at " + one.would.stage + ", enforced " +
           one.enforced.verdict;
}

inline constexpr auto all_continue = "continue, continue, continue, continue, continue, continue";

} // namespace evaluate_test
