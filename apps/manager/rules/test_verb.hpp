// SPDX-License-Identifier: BSL-1.0
// manager/rules/test_verb.hpp - `rules test`: the tests of the configuration, with reasons for what they did not expect
#pragma once

#include "manager/core/config.hpp"
#include "manager/rules/request.hpp"

namespace milter::manager {

inline constexpr int some_test_fails = 1; ///< exit status

/// How many there are, and how many of them fail.
struct tests_summary {
    std::size_t count = 0;
    std::size_t failed = 0;
    std::string failures; ///< in full
};

/// @param filter  part of their names; empty: all
tests_summary run_tests(config const& settings, std::string const& filter = {});

/// "3 of 12 tests fail", "12 tests, all pass", "no tests"
std::string describe(tests_summary const& of);

rules_answer test_rules(rules_request const& request);

} // namespace milter::manager
