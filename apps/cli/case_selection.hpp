// SPDX-License-Identifier: BSL-1.0
// cli/case_selection.hpp - which cases of a suite: `28,99b,130-141`
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace milter::cli {

/// Of nothing: all.
class case_selection {
public:
    /// Adds numbers of statements, ids of cases and ranges of numbers, separated by commas.
    /// @throws std::invalid_argument  on what is none of these
    void add(std::string_view text);

    bool has(std::string_view id, unsigned statement) const noexcept;
    bool empty() const noexcept { return entries_.empty(); }

private:
    struct entry {
        std::string id;               ///< or, when it is empty,
        unsigned first = 0, last = 0; ///< statements
    };
    std::vector<entry> entries_;
};

} // namespace milter::cli
