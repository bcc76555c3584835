// SPDX-License-Identifier: BSL-1.0
// manager/config/printable.hpp - text of others, made fit for a terminal and for one line of a log
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace milter::manager {

struct code_point {
    char32_t value = 0;
    std::size_t size = 1; ///< bytes
    bool valid = false;   ///< well-formed UTF-8; else one byte
};

/// First character of a text that is not empty.
code_point first_code_point(std::string_view text) noexcept;

/// Controls, line separators and direction marks: what would move the cursor or reorder the line.
bool disturbs_display(char32_t character) noexcept;

/// Characters stay, except that what disturbs the display and bytes that are no UTF-8 become `\n`,
/// `\r`, `\t` or `\xHH`. Backslashes stay single: the result is for people, not for parsers.
std::string printable(std::string_view text);

/// The same in double quotes, cut after `limit` bytes.
std::string in_quotes(std::string_view text, std::size_t limit = 60);

} // namespace milter::manager
