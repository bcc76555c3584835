// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/run_scenarios.hpp - milter-test-server run: plays scenarios, or writes them
#pragma once

#include "cli/exit_code.hpp"
#include "test-server/scenario/run_options.hpp"

namespace milter::test_server {

cli::exit_code run_scenarios(run_options wanted);

/// Parses the command line and runs. @return the exit status
int run_verb(int argc, char const* const* argv);

} // namespace milter::test_server
