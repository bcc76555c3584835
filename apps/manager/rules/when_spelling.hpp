// SPDX-License-Identifier: BSL-1.0
// manager/rules/when_spelling.hpp - the expressions in a configuration file, spelled anew and nothing else touched
//
// What is long and stands on several lines was laid out by somebody, and is left as it is.
#pragma once

#include "manager/config/config_problem.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

inline constexpr std::size_t longest_joined_line = 100; ///< bytes of an expression

struct respelled_file {
    std::string text;                     ///< the file, with these expressions changed
    std::vector<unsigned> lines;          ///< where they begin
    std::vector<config_problem> problems; ///< syntax errors; then the text is that of the file
};

/// @param name  how problems call the file
respelled_file respell(std::string_view text, std::string const& name);

} // namespace milter::manager
