// SPDX-License-Identifier: BSL-1.0
// manager/import/condition_name.hpp - what takes the place of the conditions that the older manager ships
#pragma once

#include <span>
#include <string_view>

namespace milter::manager {

struct known_condition {
    std::string_view name; ///< there
    std::string_view term; ///< in `when`; empty: it was no condition, but set macros for the milter
    std::string_view file; ///< in rules/
    std::string_view set;  ///< in rules/sets/, which the file reads; may be empty
};

std::span<known_condition const> known_conditions() noexcept;

/// Null: somebody wrote it himself, or it is a list of accounts (account_list.hpp).
known_condition const* find_condition(std::string_view name) noexcept;

} // namespace milter::manager
