// SPDX-License-Identifier: BSL-1.0
// cli/file.hpp - whole files
#pragma once

#include <string>

namespace milter::cli {

/// All bytes of a file; `-` is standard input.
/// @throws std::runtime_error  "PATH: what the system says"
std::string read_file(std::string const& path);

} // namespace milter::cli
