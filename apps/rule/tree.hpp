// SPDX-License-Identifier: BSL-1.0
// rule/tree.hpp - an expression as it was written, before anybody asks what its names mean
//
// Text, tree and JSON say the same: parser.hpp, format.hpp, tree_json.hpp turn each into the others without loss.
#pragma once

#include "rule/place.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace milter::rule {

inline constexpr std::size_t max_text = std::size_t{16} << 10; ///< bytes of one expression
inline constexpr std::size_t max_nodes = 4096;                 ///< of one expression
inline constexpr std::size_t max_depth = 64;                   ///< of nesting

enum class node_kind : unsigned char {
    boolean,  ///< true
    integer,  ///< 10
    size,     ///< 64KiB
    duration, ///< 500ms
    percent,  ///< 5%
    text,     ///< "example.com"
    pattern,  ///< /^mail/i
    list,     ///< ["a", "b"]
    set,      ///< `@customers`
    name,     ///< client.address, suspicious
    call,     ///< header("Subject"), milter("spf").verdict
    named,    ///< by = sender.domain, of a call
    not_,
    and_,
    or_,
    compare,
};

enum class comparison : unsigned char {
    equal,
    not_equal,
    less,
    less_or_equal,
    greater,
    greater_or_equal,
    in,
    under,
    matches,
    contains,
    starts_with,
    ends_with,
};

/// As it is written.
constexpr std::string_view spelling(comparison what) noexcept {
    constexpr std::string_view words[] = {"==",      "!=",       "<",           "<=",
                                          ">",       ">=",       "in",          "under",
                                          "matches", "contains", "starts_with", "ends_with"};
    return words[static_cast<std::size_t>(what)];
}

inline constexpr std::size_t comparison_count = 12;

/// What it says stands in the members that its kind has; the others are empty.
struct node {
    node_kind kind = node_kind::boolean;
    std::string
        text; ///< of literals as spelled (text and pattern without quotes), of names, sets and calls
    std::string member;       ///< of a call: "verdict"; of a pattern: its flags
    std::uint64_t number = 0; ///< 0 or 1; an integer; bytes; milliseconds; hundredths of a percent
    comparison how = comparison::equal;
    bool negated = false; ///< of a comparison by word: not in, not under
    std::vector<node> children;
    place at; ///< not part of what it says

    friend bool operator==(node const& a, node const& b) {
        return a.kind == b.kind && a.text == b.text && a.member == b.member &&
               a.number == b.number && a.how == b.how && a.negated == b.negated &&
               a.children == b.children;
    }
};

} // namespace milter::rule
