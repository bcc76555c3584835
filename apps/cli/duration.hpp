// SPDX-License-Identifier: BSL-1.0
// cli/duration.hpp - durations as people write them
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace milter::cli {

using duration = std::chrono::steady_clock::duration;

inline constexpr double longest_duration = 366.0 * 24 * 3600; // seconds; more is a slip of the pen

/// `300`, `1.5s`, `250ms`, `2m`, `1h`: without a unit, seconds. Empty for anything else.
std::optional<duration> parse_duration(std::string_view text);

} // namespace milter::cli
