// SPDX-License-Identifier: BSL-1.0
// rule/entry_problem.hpp - what is wrong with an entry of a set or a line of a table, and where
#pragma once

#include <cstddef>
#include <string>

namespace milter::rule {

struct entry_problem {
    std::size_t line = 0;   ///< of the file, or number of the entry in its list; from 1
    std::size_t column = 0; ///< bytes, from 1
    std::string message;    ///< what is wrong
    std::string hint;       ///< what to do about it; may be empty

    friend bool operator==(entry_problem const&, entry_problem const&) = default;
};

inline constexpr std::size_t most_problems =
    100; ///< of one file; what is wrong behind them is not looked for

} // namespace milter::rule
