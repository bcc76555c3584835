// SPDX-License-Identifier: BSL-1.0
// manager/rules/expression_place.hpp - what is wrong with an expression that stands in no configuration, with its line and caret
#pragma once

#include "manager/config/config_problem.hpp"
#include "rule/place.hpp"

#include <string>
#include <string_view>

namespace milter::manager {

/// Line, column and width of a part of the text.
source_place place_in_lines(std::string_view text, rule::place at);

/// In lines, with a line end: "stdin:1:8: what is wrong", the line, the caret, what to write instead.
std::string told(std::string_view text, std::string const& name, rule::finding const& what);

} // namespace milter::manager
