// SPDX-License-Identifier: BSL-1.0
// rule/place.hpp - where in an expression something stands, and what is to be said about it
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace milter::rule {

/// Part of the text of an expression, in bytes from its beginning.
struct place {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;

    friend bool operator==(place const&, place const&) = default;
};

/// From the beginning of one to the end of the other.
inline place from_to(place first, place last) noexcept {
    return {first.offset, last.offset + last.length - first.offset};
}

/// One thing that is wrong. Text of the expression in it is escaped.
struct finding {
    place at;
    std::string message; ///< what is wrong, and what was expected
    std::string hint;    ///< what to write instead; may be empty
};

using findings = std::vector<finding>;

} // namespace milter::rule
