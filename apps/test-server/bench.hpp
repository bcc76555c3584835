// SPDX-License-Identifier: BSL-1.0
// test-server/bench.hpp - milter-test-server bench: loads a milter, or two in turns, and reports
#pragma once

#include "cli/exit_code.hpp"
#include "test-server/bench_options.hpp"

namespace milter::test_server {

/// Prints the report on standard output. Notes SIGINT and SIGTERM meanwhile.
cli::exit_code run_bench(bench_options const& wanted);

} // namespace milter::test_server
