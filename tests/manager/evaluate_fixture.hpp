// SPDX-License-Identifier: BSL-1.0
// tests/manager/evaluate_fixture.hpp - what a session with an evaluated milter comes to, in words
#pragma once

#include <boost/test/unit_test.hpp>

#include <support/evaluating_rig.hpp>

#include <string>

namespace evaluate_test {

using namespace support;

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
