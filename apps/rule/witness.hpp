// SPDX-License-Identifier: BSL-1.0
// rule/witness.hpp - which comparisons of one operand with values hold together: by trying values of each sort
//
// A few values stand for all others: each one that is written, what lies between and beside them, and one unlike all.
#pragma once

#include "rule/tree.hpp"
#include "rule/type.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace milter::rule {

inline constexpr std::size_t most_comparisons = 64; ///< at once

/// Of the operand of a comparison, if it is a fact or made of one; empty for conditions.
std::optional<type> type_of_operand(node const& operand);

/// What it says depends on nothing but its operand, and few values show all that it can say.
bool has_witnesses(node const& comparison);

/// Each way in which the comparisons answer together: a bit for each that holds. Empty: that would take too long.
/// @param all  has_witnesses(), of one operand; at most most_comparisons
std::vector<std::uint64_t> answers_together(std::vector<node const*> const& all);

} // namespace milter::rule
