// SPDX-License-Identifier: BSL-1.0
// manager/config/text_place.hpp - where a part of a text stands in the file, when the text is one of TOML's four kinds of strings
//
// What is wrong in an expression has its place in the text as it was meant. The file has quotes, escapes, lines that
// are joined and a first line end that does not count.
// Source: TOML 1.0.0, "String"
#pragma once

#include "manager/config/config_problem.hpp"

#include <cstddef>
#include <string_view>

namespace milter::manager {

/// @param file     the text of the file
/// @param at       where the string begins, with its quotes
/// @param offset   bytes of the text that was meant; at its end or behind it, the closing quote is found
/// @param length   bytes; what goes on in further lines is not marked there
source_place place_in_text(std::string_view file, source_place at, std::size_t offset,
                           std::size_t length);

/// A string in double quotes without any other in it: one that is written there would end it.
/// @param at  where the string begins, with its quotes
bool ends_at_double_quote(std::string_view file, source_place at);

} // namespace milter::manager
