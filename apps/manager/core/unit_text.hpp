// SPDX-License-Identifier: BSL-1.0
// manager/core/unit_text.hpp - sizes and durations as the configuration has them: "512KiB", "8s"; and what is counted
#pragma once

#include <milter/proto/timeouts.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace milter::manager {

struct unit {
    std::string_view name;
    std::uint64_t factor;
};

inline constexpr unit durations[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
inline constexpr unit sizes[] = {{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};

/// "1 session", "2 sessions"
std::string counted(std::size_t count, std::string_view what);

// In the largest unit that divides the value.
std::string size_text(std::uint64_t bytes);
std::string duration_text(std::uint64_t milliseconds);
std::string duration_text(proto::duration value);

} // namespace milter::manager
