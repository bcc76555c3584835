// SPDX-License-Identifier: BSL-1.0
// milter/proto/timeouts.hpp - how long each side waits, and where each number comes from
//
// Nothing below net/ reads a clock: times come in as arguments.
#pragma once

#include <chrono>

namespace milter::proto {

using clock = std::chrono::steady_clock;
using time_point = clock::time_point;
using duration = clock::duration;

/// "no deadline"
inline constexpr time_point never = time_point::max();

/// When a wait that begins `now` ends; `never` where that is beyond what the clock can say: duration::max() is no limit.
constexpr time_point after(time_point now, duration wait) noexcept {
    if (wait <= duration::zero()) return now + wait;
    return now < never - wait ? now + wait : never;
}

/// How long an MTA side waits for a filter. Each is one wait, restarted by every byte the filter owes.
struct mta_timeouts {
    duration connect = std::chrono::seconds(30);   // Postfix milter_connect_timeout
    duration negotiate = std::chrono::seconds(30); // Postfix milter_command_timeout
    duration command = std::chrono::seconds(30);   // Postfix milter_command_timeout
    duration content = std::chrono::seconds(300);  // Postfix milter_content_timeout: L, N, B
    duration end_of_message =
        std::chrono::seconds(300);             // Postfix milter_content_timeout; Sendmail E
    duration write = std::chrono::seconds(10); // Sendmail S
};

inline constexpr duration filter_idle_timeout = std::chrono::seconds(7210); // libmilter MI_TIMEOUT
inline constexpr duration filter_negotiate_timeout = std::chrono::seconds(30); // statement 206
inline constexpr duration filter_write_timeout = std::chrono::seconds(60);     // statement 203
inline constexpr duration sendmail_read_timeout = std::chrono::seconds(10);    // Sendmail R
inline constexpr duration postfix_command_timeout =
    std::chrono::seconds(30);                                          // milter_command_timeout
inline constexpr duration progress_interval = std::chrono::seconds(5); // statements 199, 243

} // namespace milter::proto
