// SPDX-License-Identifier: BSL-1.0
// replay/import.hpp - captures to a corpus
#pragma once

#include "cli/exit_code.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace milter::replay {

struct import_options {
    std::vector<std::string> files; ///< captures; "-" is standard input
    std::string output = "-";       ///< a corpus
    std::vector<std::uint16_t> ports;
    std::map<std::uint16_t, std::string> names; ///< of the milters, by port
    std::vector<std::string> tags;
    std::size_t max_bytes = 256UL << 20; ///< kept of one conversation
    bool split_bodies = false;           ///< large bodies into a file beside the output
    bool quiet = false;
};

/// `differs` when something was cut, lost or skipped, `usage` when a file cannot be read or written at all.
cli::exit_code import_captures(import_options const& wanted);

} // namespace milter::replay
