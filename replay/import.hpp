// SPDX-License-Identifier: BSL-1.0
// replay/import.hpp - captures to a corpus
#pragma once

#include "cli/exit_code.hpp"
#include "replay/options.hpp"

namespace milter::replay {

/// `differs` when something was cut, lost or skipped, `usage` when a file cannot be read or written at all.
cli::exit_code import_captures(import_options const& wanted);

} // namespace milter::replay
