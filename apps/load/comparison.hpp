// SPDX-License-Identifier: BSL-1.0
// load/comparison.hpp - whether one milter is slower than another, and how sure that is
//
// Both are loaded in turns, in short slices, so that a slow phase of the machine hits both. Each pair of slices gives one
// ratio; the interval is that of their logarithms (Student's t), so that "twice" and "half" weigh the same.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace milter::load {

inline constexpr std::size_t least_pairs = 5; ///< fewer tell nothing

/// B over A.
struct ratio_estimate {
    double ratio = 1;
    double low = 1, high = 1; ///< with 95 % confidence
    std::size_t pairs = 0;
};

/// Of values of A and B, one pair for each two slices. Pairs with a value that is not positive are left out.
/// @return empty: fewer than least_pairs
std::optional<ratio_estimate> estimate_ratio(std::vector<std::pair<double, double>> const& pairs);

/// "B is 4.1 % to 7.3 % slower than A", or that no difference can be seen.
std::string verdict_of(ratio_estimate const& one);

} // namespace milter::load
