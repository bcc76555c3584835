// SPDX-License-Identifier: BSL-1.0
// replay/cat.hpp - corpora to standard output
#pragma once

#include "cli/exit_code.hpp"

#include <string>
#include <vector>

namespace milter::replay {

struct cat_options {
    std::vector<std::string> files; ///< corpora; "-" is standard input
    bool frames = false;            ///< one line a packet, for people
    bool pretty = false;            ///< indented JSON
};

/// `differs` when something in them is no conversation, `usage` when one cannot be read at all.
cli::exit_code cat(cat_options const& wanted);

} // namespace milter::replay
