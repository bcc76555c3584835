// SPDX-License-Identifier: BSL-1.0
// rule/shared_steps.hpp - what stands in several expressions is found out once: slots of a memo for the steps of programs
#pragma once

#include "rule/evaluate.hpp"
#include "rule/program.hpp"

#include <cstddef>
#include <vector>

namespace milter::rule {

/// Gives slots to the steps that are worth one: those that stand in several places, and costly ones, which are asked about
/// again while the rest of their expression is open. Steps share a slot when they are written alike and mean the same:
/// one scope, and one salt if they take samples.
/// @param conditions  how many there are: theirs come first
/// @return  how many slots and walks there are
memo_size share_steps(std::vector<program*> const& programs, std::size_t conditions);

} // namespace milter::rule
