// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/scenario_report.hpp - what came of scenarios: for people, and as JSON, JUnit and TAP
#pragma once

#include "test-server/scenario/scenario_player.hpp"

#include <string>
#include <vector>

namespace milter::test_server {

/// One scenario that was played, or that could not be read.
struct played_scenario {
    std::string file;
    std::string broken; ///< why it could not be read; empty: it was
    scenario wanted;
    scenario_result result;

    bool passed() const noexcept { return broken.empty() && result.passed(); }
};

/// A line for the scenario, and one for each expectation that was not met. @param all_steps  one for each step, too
std::string report_text(played_scenario const& one, bool all_steps, bool color);

/// "12 scenarios: 11 passed, 1 failed".
std::string summary_text(std::vector<played_scenario> const& all);

/// One object, schema milter-scenarios/v1.
std::string report_json(std::vector<played_scenario> const& all, std::string const& endpoint);

/// The XML that CI systems read: a testsuite for all, a testcase for each scenario.
std::string report_junit(std::vector<played_scenario> const& all);

/// Test Anything Protocol, version 13.
std::string report_tap(std::vector<played_scenario> const& all);

} // namespace milter::test_server
