// SPDX-License-Identifier: BSL-1.0
// rule/literal.hpp - numbers with their units
#pragma once

#include "rule/tree.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace milter::rule {

struct number_literal {
    node_kind kind = node_kind::integer; ///< integer, size, duration, percent
    std::uint64_t value = 0;             ///< as node::number
};

/// "10", "64KiB", "500ms", "0.5%". Empty: it is none, has an unknown unit, or is too large.
std::optional<number_literal> read_number(std::string_view text) noexcept;

/// It would be a number if it were not too large.
bool is_too_large(std::string_view text) noexcept;

/// A number with the unit that was probably meant: "5MiB" for "5" and "MB". Empty: there is none.
std::string likely_number(std::string_view digits, std::string_view unit);

/// Units there are, for messages.
inline constexpr std::string_view known_units = "ms, s, m, h, d; B, KiB, MiB, GiB; %";

} // namespace milter::rule
