// SPDX-License-Identifier: BSL-1.0
// manager/import/condition_name.hpp - what takes the place of the conditions that the older manager ships
#pragma once

#include <string_view>

namespace milter::manager {

struct known_condition {
    std::string_view name; ///< there
    std::string_view term; ///< in `when`; empty: it was no condition, but set macros for the milter
    std::string_view file; ///< in rules/
};

/// Null: somebody wrote it himself.
known_condition const* find_condition(std::string_view name) noexcept;

} // namespace milter::manager
