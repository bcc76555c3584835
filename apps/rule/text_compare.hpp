// SPDX-License-Identifier: BSL-1.0
// rule/text_compare.hpp - texts without regard to case in ASCII: as mail has its names and values
#pragma once

#include <milter/ascii.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace milter::rule {

constexpr bool same_text(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && (a == b || equal_ignoring_case(a, b));
}

constexpr bool starts_with(std::string_view text, std::string_view part) noexcept {
    return text.size() >= part.size() && same_text(text.substr(0, part.size()), part);
}

constexpr bool ends_with(std::string_view text, std::string_view part) noexcept {
    return text.size() >= part.size() && same_text(text.substr(text.size() - part.size()), part);
}

inline constexpr std::size_t searched_bytes = 65'536; ///< of a longer text the front is searched

/// Places of a letter in either case, one after the other.
class letter_search {
public:
    constexpr letter_search(std::string_view text, char letter) noexcept
        : text_(text), lower_(to_lower(letter)), upper_(to_upper(letter)),
          next_lower_(text.find(lower_)),
          next_upper_(upper_ == lower_ ? text.npos : text.find(upper_)) {}

    /// text.npos: there is no other one.
    constexpr std::size_t next() noexcept {
        auto const at = std::min(next_lower_, next_upper_);
        if (at == text_.npos) return at;
        if (at == next_lower_)
            next_lower_ = text_.find(lower_, at + 1);
        else
            next_upper_ = text_.find(upper_, at + 1);
        return at;
    }

private:
    std::string_view text_;
    char lower_, upper_;
    std::size_t next_lower_, next_upper_;
};

constexpr bool contains(std::string_view text, std::string_view part) noexcept {
    text = text.substr(0, searched_bytes);
    if (part.empty()) return true;
    letter_search places(text, part.front());
    for (auto at = places.next(); at != text.npos; at = places.next())
        if (starts_with(text.substr(at), part)) return true;
    return false;
}

} // namespace milter::rule
