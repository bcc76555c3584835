// SPDX-License-Identifier: BSL-1.0
// rule/value_text.cpp
#include "rule/value_text.hpp"

#include "rule/quote.hpp"
#include "rule/time_window.hpp"

#include <array>

namespace milter::rule {

namespace {

std::string two_digits(std::int64_t number) {
    auto const digits = std::to_string(number);
    return digits.size() < 2 ? "0" + digits : digits;
}

/// As an expression spells it: "Fri 09:05".
std::string time_text(std::int64_t minute_of_week) {
    constexpr std::array<char const*, days_of_week> days = {"Mon", "Tue", "Wed", "Thu",
                                                            "Fri", "Sat", "Sun"};
    auto const day = minute_of_week / minutes_of_day, minute = minute_of_week % minutes_of_day;
    if (day < 0 || day >= days_of_week || minute < 0) return std::to_string(minute_of_week);
    return std::string(days[static_cast<std::size_t>(day)]) + " " + two_digits(minute / 60) + ":" +
           two_digits(minute % 60);
}

std::string percent_text(std::int64_t hundredths) {
    auto const rest = hundredths % 100;
    return std::to_string(hundredths / 100) + (rest == 0 ? "" : "." + two_digits(rest)) + "%";
}

} // namespace

std::string to_text(value const& of, type is) {
    if (of.state == knowledge::pending) return "not known yet";
    if (of.state == knowledge::unavailable) return "unavailable";
    switch (is) {
    case type::boolean: return of.number != 0 ? "true" : "false";
    case type::integer: return std::to_string(of.number);
    case type::size: return std::to_string(of.number) + "B";
    case type::duration: return std::to_string(of.number) + "ms";
    case type::percent: return percent_text(of.number);
    case type::text:
    case type::domain: return in_quotes(of.text());
    case type::mail: return of.mail->is_null ? "<>" : in_quotes(of.mail->whole);
    case type::ip: return to_string(*of.address);
    case type::time: return time_text(of.number);
    }
    return {};
}

} // namespace milter::rule
