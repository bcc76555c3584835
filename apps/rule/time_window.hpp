// SPDX-License-Identifier: BSL-1.0
// rule/time_window.hpp - hours of the week: "Mon-Fri 08:00-18:00"
//
// Which clock and which time zone is the caller's business.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace milter::rule {

inline constexpr int days_of_week = 7;
inline constexpr int minutes_of_day = 24 * 60;

/// Days on which it begins, and from when to when. Where it ends before it begins, it ends on the day after.
struct time_window {
    std::uint8_t days = 0;    ///< a bit for each day, Monday the lowest
    int begin = 0;            ///< minute of the day
    int end = minutes_of_day; ///< minute of the day at which it is over

    friend bool operator==(time_window const&, time_window const&) = default;
};

struct time_window_parse {
    std::optional<time_window> value;
    std::string problem;    ///< for people; empty when there is a value
    std::size_t offset = 0; ///< bytes, of what the problem is about
};

/// @param text  days, hours or both: "Sat,Sun", "Mon-Fri 08:00-18:00", "22:00-06:00", "daily", "Fri-Mon 00:00-24:00".
///              Days by their first three letters or whole, in any case. Hours alone mean every day.
time_window_parse parse_time_window(std::string_view text);

/// @param weekday        0 is Monday, 6 is Sunday; nothing contains another one
/// @param minute_of_day  0 to 1439
bool contains(time_window const& window, int weekday, int minute_of_day) noexcept;

} // namespace milter::rule
