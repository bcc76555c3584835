// SPDX-License-Identifier: BSL-1.0
// manager/config/source_shape.hpp - bounds of a configuration file before it is parsed
//
// toml++ bounds how deep arrays and inline tables nest, but not dotted keys: a key of 200,000 parts makes as many
// nested tables, whose destruction overflows the stack.
#pragma once

#include "manager/config/config_problem.hpp"

#include <cstddef>

namespace milter::manager {

inline constexpr std::size_t source_size_limit = 1 << 20; // bytes
inline constexpr std::size_t line_size_limit = 8192; // bytes; macro lists and paths are far shorter
inline constexpr std::size_t dot_limit =
    10'000; // dots behind a word; 20,000 tables deep was still safe

/// @param file  whose text the problems have
/// @return false with one problem added when the text is not to be parsed
bool check_shape(unsigned file, problem_list& problems);

} // namespace milter::manager
