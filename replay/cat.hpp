// SPDX-License-Identifier: BSL-1.0
// replay/cat.hpp - corpora to standard output
#pragma once

#include "cli/exit_code.hpp"
#include "replay/options.hpp"

namespace milter::replay {

/// `differs` when a line is no conversation, `usage` when a file cannot be read at all.
cli::exit_code cat(cat_options const& wanted);

} // namespace milter::replay
