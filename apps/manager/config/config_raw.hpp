// SPDX-License-Identifier: BSL-1.0
// manager/config/config_raw.hpp - a value as it stands in the file, and why it may be refused
//
// Stands between TOML's parser, which only config_toml.cpp knows, and the kinds of values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace milter::manager {

/// A value that no key takes.
struct other_value {
    std::string_view what; ///< "a table", "a date"
};

inline constexpr other_value mixed_list{"a list"}; ///< not of texts alone

using raw_value =
    std::variant<other_value, bool, std::int64_t, std::string, std::vector<std::string>>;

/// Bounds, inclusive: of counts, of sizes in bytes, of durations in milliseconds.
struct range {
    std::uint64_t least = 0;
    std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
};

/// Text of the file in it is escaped.
struct complaint {
    std::string message;
    std::string hint;
    std::optional<std::size_t> element = std::nullopt; ///< of a list, if one alone is meant
};

using refusal = std::optional<complaint>; ///< empty: accepted

/// "expected a duration, not the number 3"
complaint not_a(std::string_view expected, raw_value const& value, std::string_view hint = {});

/// The text of a value; an empty one and control characters are refused.
refusal get_text(std::string_view expected, raw_value const& value, std::string& text,
                 std::string_view hint = {});

} // namespace milter::manager
