// SPDX-License-Identifier: BSL-1.0
// rule/type.hpp - kinds of values; unlike ones are never compared
#pragma once

#include <cstddef>
#include <string_view>

namespace milter::rule {

enum class type : unsigned char {
    boolean,
    integer,
    size,     ///< bytes
    duration, ///< milliseconds
    percent,  ///< hundredths
    text,     ///< bytes, compared as they are
    domain,   ///< of lower-case ASCII labels
    mail,     ///< a mail address
    ip,
    time, ///< of day and week
};

inline constexpr std::size_t type_count = 10;

/// As messages and docs/rules.md call it.
constexpr std::string_view name_of(type of) noexcept {
    constexpr std::string_view names[] = {"bool",   "integer", "size",    "duration", "percent",
                                          "string", "domain",  "address", "IP",       "time"};
    return names[static_cast<std::size_t>(of)];
}

constexpr bool is_number(type of) noexcept {
    return of == type::integer || of == type::size || of == type::duration || of == type::percent;
}

/// Its value is bytes.
constexpr bool is_textual(type of) noexcept {
    return of == type::text || of == type::domain || of == type::mail;
}

} // namespace milter::rule
