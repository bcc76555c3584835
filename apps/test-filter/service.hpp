// SPDX-License-Identifier: BSL-1.0
// test-filter/service.hpp - listens and runs a session for each connection
#pragma once

#include "cli/exit_code.hpp"
#include "test-filter/options.hpp"

namespace milter::test_filter {

/// Until SIGINT, SIGTERM or the last of the sessions wanted. Says on standard error where it listens.
cli::exit_code run(options const& wanted);

} // namespace milter::test_filter
