// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/suite.hpp - all cases, in the order of their numbers
#pragma once

#include "cli/case_selection.hpp"
#include "test-server/conformance/trial.hpp"

#include <functional>
#include <vector>

namespace milter::test_server {

/// By statement, then letter.
std::vector<conformance_case> all_cases();

cli::case_head head_of(conformance_case const& one);

/// Runs the cases that are selected one after another, those that may kill a milter last; `done` is told of each as it ends, and says whether to go on.
std::vector<cli::case_result> run_cases(conformance_subject const& subject,
                                        cli::case_selection const& selected,
                                        std::function<bool(cli::case_result const&)> const& done);

} // namespace milter::test_server
