// SPDX-License-Identifier: BSL-1.0
// test-filter/escape.hpp - bytes that cannot be typed
#pragma once

#include <string>
#include <string_view>

namespace milter::test_filter {

/// Resolves \n, \r, \t, \\, \0 and \xHH. @throws script_error
std::string unescape(std::string_view text);

/// Pairs of hexadecimal digits, blanks between them ignored; text in single quotes stands for itself:
/// `00 00 00 01 'c'`. @throws script_error
std::string parse_bytes(std::string_view text);

} // namespace milter::test_filter
