// SPDX-License-Identifier: BSL-1.0
// tests/support/evaluating_rig.hpp - a manager_rig whose last milter is evaluated
#pragma once

#include <support/manager_rig.hpp>

namespace support {

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

} // namespace support
