// SPDX-License-Identifier: BSL-1.0
// manager/config/config_files.hpp - the files of a configuration: the main one, and those in the folders beside it
#pragma once

#include "manager/config/config_problem.hpp"
#include "manager/config/config_table.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace milter::manager {

inline constexpr std::size_t config_file_limit = 1000;

struct config_file {
    std::string path;
    file_part part = file_part::main;
};

struct config_files {
    std::vector<config_file> found; ///< beside the main file, in the order in which they are read
    std::vector<std::string> problems; ///< folders that cannot be read, too many files
};

/// Of milters.d, rules.d and local.d what ends in .toml and is not hidden, by name. Blocks. A folder need not exist.
config_files files_beside(std::string const& main_file);

/// Folder of a file, as its path has it; empty: none is named.
std::string folder_of(std::string const& file);

/// Of a file, and not of a pipe or a socket, for which one would wait.
/// @param limit  bytes; one more is read, so that the excess is seen
/// @return  why not; empty: it was read
std::string read_file(std::string const& path, std::size_t limit, std::string& text);

/// A path as the configuration means it: relative ones begin in the folder.
std::string path_in(std::string const& folder, std::string const& path);

} // namespace milter::manager
