// SPDX-License-Identifier: BSL-1.0
// rule/text_compare.hpp - texts without regard to case in ASCII: as mail has its names and values
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace milter::rule {

constexpr char lower_ascii(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// An object, as algorithms do not see through a pointer to a function.
inline constexpr auto same_letter = [](char a, char b) noexcept {
    return lower_ascii(a) == lower_ascii(b);
};

constexpr bool same_text(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same_letter);
}

constexpr bool starts_with(std::string_view text, std::string_view part) noexcept {
    return text.size() >= part.size() && same_text(text.substr(0, part.size()), part);
}

constexpr bool ends_with(std::string_view text, std::string_view part) noexcept {
    return text.size() >= part.size() && same_text(text.substr(text.size() - part.size()), part);
}

inline constexpr std::size_t searched_bytes = 65'536; ///< of a longer text the front is searched

constexpr bool contains(std::string_view text, std::string_view part) noexcept {
    text = text.substr(0, searched_bytes);
    return std::search(text.begin(), text.end(), part.begin(), part.end(), same_letter) !=
           text.end();
}

} // namespace milter::rule
