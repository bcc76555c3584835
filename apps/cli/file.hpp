// SPDX-License-Identifier: BSL-1.0
// cli/file.hpp - whole files
#pragma once

#include <string>
#include <string_view>

namespace milter::cli {

/// All bytes of a file; `-` is standard input.
/// @throws std::runtime_error  "PATH: what the system says"
std::string read_file(std::string const& path);

/// Of what cannot be looked at it is not known: no.
bool is_folder(std::string const& path) noexcept;

/// The file is made, or replaced; `-` is standard output.
/// @throws std::runtime_error  "PATH: what the system says"
void write_file(std::string const& path, std::string_view text);

/// For who writes only when hours of work are done. Nothing is left behind, and what is there stays as it is.
/// @throws std::runtime_error  write_file() could not write there
void refuse_unwritable(std::string const& path);

} // namespace milter::cli
