// SPDX-License-Identifier: BSL-1.0
// manager/config/config_raw.hpp - a value as it stands in the file, and why it may be refused
//
// Stands between TOML's parser, which only toml_tree.cpp knows, and the kinds of values.
#pragma once

#include "manager/config/config_problem.hpp"

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

struct raw_node;

/// A value that is a table; a view.
struct raw_table {
    raw_node const* node = nullptr;
};

using raw_value =
    std::variant<other_value, bool, std::int64_t, std::string, std::vector<std::string>, raw_table>;

/// A value, table or list as the parser found it.
struct raw_node {
    enum class shape : unsigned char { value, table, list };

    std::string key;     ///< empty in lists
    source_place key_at; ///< nowhere in lists
    source_place at;
    shape is = shape::value;
    raw_value value;                ///< of neither tables nor lists
    std::vector<raw_node> children; ///< in the order of the file

    raw_node const* find(std::string_view name) const noexcept {
        for (auto const& one : children)
            if (one.key == name) return &one;
        return nullptr;
    }
};

/// As the kinds of fields take it; views into the node, if it is a table.
raw_value raw_of(raw_node const& node);

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
    std::optional<source_place> at = std::nullopt;     ///< in a table
    std::vector<complaint> others = {};                ///< what else is wrong in a table
};

using refusal = std::optional<complaint>; ///< empty: accepted

/// Of several in one table, all are told.
void add_complaint(refusal& all, complaint one);

/// "expected a duration, not the number 3"
complaint not_a(std::string_view expected, raw_value const& value, std::string_view hint = {});

/// The text of a value; an empty one and control characters are refused.
refusal get_text(std::string_view expected, raw_value const& value, std::string& text,
                 std::string_view hint = {});

} // namespace milter::manager
