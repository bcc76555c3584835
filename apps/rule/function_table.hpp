// SPDX-License-Identifier: BSL-1.0
// rule/function_table.hpp - what expressions can do with facts, one row each
//
// As fact_table.hpp: the rows drive documentation and schema, too.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace milter::rule {

enum class function : std::uint8_t {
    any,
    all,
    none,
    count,
    s25r,
    is_private,
    length,
    or_else,
    sample
};

inline constexpr std::size_t function_count = static_cast<std::size_t>(function::sample) + 1;

struct function_row {
    function id;
    std::string_view name;
    std::string_view form; ///< what it takes and gives
    std::string_view help;
    std::string_view example;
};

/// In the order of `function`.
std::span<function_row const> function_rows() noexcept;

/// Null: there is none of this name.
function_row const* find_function(std::string_view name) noexcept;

} // namespace milter::rule
