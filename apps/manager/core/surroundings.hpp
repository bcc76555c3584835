// SPDX-License-Identifier: BSL-1.0
// manager/core/surroundings.hpp - what a session is told about the world when it begins: load, and the time of the week
//
// One look for the whole session, so that the same question has the same answer in it.
#pragma once

#include <milter/proto/timeouts.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace milter::manager {

struct surroundings {
    std::size_t sessions = 0;            ///< of MTAs, this one included
    std::size_t listener_sessions = 0;   ///< of its listener alone
    std::optional<unsigned> cpu_percent; ///< busy share of the machine; empty: not known
    std::optional<std::size_t>
        process_limit;                   ///< SMTP servers that Postfix may run; empty: not known
    proto::time_point at{};              ///< when it was...
    std::chrono::seconds since_monday{}; ///< ...so late in the week, by local time
};

inline constexpr std::chrono::seconds one_week = std::chrono::hours(7 * 24);

/// Minutes since Monday 00:00 at another time.
inline std::int64_t minute_of_week(surroundings const& known, proto::time_point at) noexcept {
    auto const passed = std::chrono::duration_cast<std::chrono::seconds>(at - known.at);
    auto const seconds = (known.since_monday + passed) % one_week;
    return std::chrono::duration_cast<std::chrono::minutes>(
               seconds < std::chrono::seconds::zero() ? seconds + one_week : seconds)
        .count();
}

} // namespace milter::manager
