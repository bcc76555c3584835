// SPDX-License-Identifier: BSL-1.0
// rule/suggestion.hpp - "did you mean": the candidate nearest to a misspelled word
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace milter::rule {

/// How many letters were added, left out, replaced or swapped with their neighbour (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// Empty when none is near enough: one mistake in three letters, and at least one.
std::string_view nearest(std::string_view wrong, std::span<std::string_view const> candidates);

/// The same of names that people give: else the first that is the other one with a part in front or behind, as "greylist"
/// and "milter-greylist".
std::string_view nearest_name(std::string_view wrong, std::span<std::string_view const> candidates);

} // namespace milter::rule
