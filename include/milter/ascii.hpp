// SPDX-License-Identifier: BSL-1.0
// milter/ascii.hpp - letter case of ASCII alone, whatever the locale
//
// Header names, schemes and tags are compared without case; bytes above 0x7F are not letters. Layer: base.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace milter {

constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr char to_upper(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

inline std::string to_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = to_lower(c);
    return out;
}

constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return to_lower(x) == to_lower(y); });
}

} // namespace milter
