// SPDX-License-Identifier: BSL-1.0
// manager/config/rule_test.hpp - what the rules say about the mail of a [[test]], and whether it is what the test expects
//
//   for (auto const& test : settings.tests)
//       if (auto const result = run_test(settings, test); !result.passed) say(to_string(to_problem(test, result)));
//
// Pure: no milter is asked, no clock and no name server. The mail is shown to the rules stage by stage, as a session does it.
#pragma once

#include "manager/config/config_problem.hpp"
#include "manager/core/config.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace milter::manager {

/// What became of one mail.
struct rule_outcome {
    std::vector<std::string> milters;                         ///< that run, in their order
    std::vector<std::pair<std::string, rule::stage>> decided; ///< about each milter, when
    rule::stage decided_at = rule::stage::start;              ///< the last of them, or the verdict
    rule::verdict_kind verdict = rule::verdict_kind::none;
    std::string reply;
    std::string rule; ///< that has the verdict
    std::vector<std::string> tags;
    std::vector<std::pair<std::string, rule::truth>> conditions;
    std::vector<std::pair<std::string, std::vector<rule::macro_text>>>
        macros;                       ///< by milters, if any
    std::vector<std::string> missing; ///< facts that are not given, and on which something depends
};

struct test_difference {
    std::string what; ///< "milters", "conditions.suspicious"
    std::string expected;
    std::string got;
};

struct test_result {
    bool passed = false;
    std::vector<test_difference> differences;
    rule_outcome outcome; ///< and why: the values of conditions are in it
};

/// Of a configuration that was read without errors.
rule_outcome outcome_of(config const& what, test_config const& test);
test_result run_test(config const& what, test_config const& test);

/// A test that failed, as a warning at its place: differences, then the conditions.
config_problem to_problem(test_config const& test, test_result const& result);

} // namespace milter::manager
