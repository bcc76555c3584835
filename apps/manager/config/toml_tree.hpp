// SPDX-License-Identifier: BSL-1.0
// manager/config/toml_tree.hpp - the text of a file as a tree of raw values, each with its place
#pragma once

#include "manager/config/config_raw.hpp"

#include <optional>

namespace milter::manager {

/// Behind a syntax error the parser cannot go on.
/// @param file  of the problems, which have its text; places are in it
/// @return  the tables of the file; empty after an error, which the problems have then
std::optional<raw_node> parse_toml(unsigned file, problem_list& problems);

} // namespace milter::manager
