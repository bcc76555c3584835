// SPDX-License-Identifier: BSL-1.0
// rule/quote.hpp - parts of an expression in messages, and texts in expressions
#pragma once

#include <string>
#include <string_view>

namespace milter::rule {

/// In quotes, for people: control characters are escaped, what is long is cut.
std::string in_quotes(std::string_view text);

/// Part of an expression, for people: line breaks become spaces, control characters are escaped, what is long is cut.
std::string on_one_line(std::string_view text);

/// As the text of an expression is written: only quotes and backslashes are escaped.
std::string as_text(std::string_view text);

} // namespace milter::rule
