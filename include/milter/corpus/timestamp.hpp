// SPDX-License-Identifier: BSL-1.0
// milter/corpus/timestamp.hpp - when a conversation began, as text
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace milter::corpus {

/// "2026-11-24T03:01:03.094279Z", from microseconds since 1970-01-01T00:00:00Z. @source RFC 3339
inline std::string to_timestamp(std::int64_t microseconds) {
    using namespace std::chrono;
    sys_time<std::chrono::microseconds> const when{std::chrono::microseconds(microseconds)};
    auto const day = floor<days>(when);
    year_month_day const date(day);
    hh_mm_ss const time(when - day);
    char text[64];
    auto const size = std::snprintf(
        text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
        static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
    return {text, static_cast<std::size_t>(size)};
}

/// The same back; empty for any other form, and for days and times that there are not.
inline std::optional<std::int64_t> from_timestamp(std::string_view text) {
    using namespace std::chrono;
    constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd.ddddddZ";
    if (text.size() != shape.size()) return std::nullopt;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        bool const digit = text[i] >= '0' && text[i] <= '9';
        if (shape[i] == 'd' ? !digit : text[i] != shape[i]) return std::nullopt;
    }
    auto const number = [&](std::size_t at, std::size_t size) {
        int value = 0;
        for (std::size_t i = at; i < at + size; ++i) value = 10 * value + (text[i] - '0');
        return value;
    };
    year_month_day const date(year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                              day(static_cast<unsigned>(number(8, 2))));
    if (!date.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 59)
        return std::nullopt;
    auto const when = sys_days(date) + hours(number(11, 2)) + minutes(number(14, 2)) +
                      seconds(number(17, 2)) + microseconds(number(20, 6));
    return duration_cast<microseconds>(when.time_since_epoch()).count();
}

} // namespace milter::corpus
