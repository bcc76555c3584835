// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/learn_scenarios.hpp - milter-test-server run --learn: scenarios of messages and of corpora, as files
#pragma once

#include "cli/exit_code.hpp"
#include "test-server/scenario/run_options.hpp"

namespace milter::test_server {

/// Writes them where `wanted` says; none, if one cannot be made. @throws std::exception  what is named cannot be used
cli::exit_code learn_scenarios(run_options const& wanted);

} // namespace milter::test_server
