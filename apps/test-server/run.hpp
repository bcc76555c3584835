// SPDX-License-Identifier: BSL-1.0
// test-server/run.hpp - all sessions, and the report
#pragma once

#include "cli/exit_code.hpp"
#include "test-server/options.hpp"

namespace milter::test_server {

/// Runs the sessions, all at once, and prints what came of them on standard output.
cli::exit_code run(options const& wanted);

} // namespace milter::test_server
