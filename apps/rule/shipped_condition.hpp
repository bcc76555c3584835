// SPDX-License-Identifier: BSL-1.0
// rule/shipped_condition.hpp - conditions that the files in rules/ define, for those who use one and have not copied its file
//
// A test compares the names with the files.
#pragma once

#include <span>
#include <string_view>

namespace milter::rule {

struct shipped_condition {
    std::string_view name;
    std::string_view file; ///< in rules/
};

std::span<shipped_condition const> shipped_conditions() noexcept;

/// Empty: none defines it.
std::string_view shipped_file_with(std::string_view condition) noexcept;

} // namespace milter::rule
