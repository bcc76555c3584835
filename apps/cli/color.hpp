// SPDX-License-Identifier: BSL-1.0
// cli/color.hpp - whether to colour what goes to standard output
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace milter::cli {

enum class color { automatic, always, never };

/// `auto`, `always`, `never`, and the words of older tools: yes, true, no, false.
std::optional<color> parse_color(std::string_view text) noexcept;

/// `automatic`: a terminal that is not dumb, unless NO_COLOR is set; CLICOLOR_FORCE colours anything.
bool use_color(color wanted) noexcept;

/// The value of --color; empty, as it stood alone: always. @throws std::invalid_argument
bool color_of_option(std::string const& text);

} // namespace milter::cli
