// SPDX-License-Identifier: BSL-1.0
// rule/posix_pattern.hpp - a POSIX extended regular expression in the words of RE2
//
// They look alike, but some texts mean another thing in each: [\.] has a backslash, {,3} repeats, and a+? may match nothing.
// Those are translated, or refused.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace milter::rule {

struct posix_pattern {
    std::string text;                 ///< for pattern::compile()
    std::vector<std::size_t> origins; ///< of each byte of `text`: offset in what was translated
    std::string problem;              ///< for people; empty when there is none
    std::size_t offset = 0;           ///< of what the problem is about
};

/// Source: regex(7), and what glibc makes of it, as Postfix uses that.
posix_pattern translate_posix(std::string_view text);

} // namespace milter::rule
