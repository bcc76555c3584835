// SPDX-License-Identifier: BSL-1.0
// manager/config/config_number.cpp - numbers with units, and what was probably meant by wrong ones
#include "manager/config/config_number.hpp"

#include "manager/config/printable.hpp"
#include <milter/ascii.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

namespace milter::manager {

namespace {

struct unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr unit durations[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
constexpr unit sizes[] = {{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};

constexpr std::string_view duration_form =
    R"(a duration is a whole number with a unit: "500ms", "3s", "2m", "1h")";
constexpr std::string_view size_form =
    R"(a size is a number of bytes, or text with a unit: 65536, "64KiB", "16MiB", "1GiB")";

constexpr std::string_view percentage_form =
    R"(a share is a number with a percent sign, and two decimals at most: "5%", "0.25%")";
constexpr unsigned hundred_percent = 10'000; // in hundredths

using number_text = std::string (*)(std::uint64_t);

refusal check_range(std::uint64_t value, range allowed, number_text text) {
    if (value < allowed.least)
        return complaint{text(value) + " is too small: at least " + text(allowed.least), {}};
    if (value > allowed.most)
        return complaint{text(value) + " is too large: at most " + text(allowed.most), {}};
    return {};
}

std::string count_text(std::uint64_t value) { return std::to_string(value); }

/// What was probably meant by "16MB", "3 sec", "2min".
std::string likely_unit(std::string_view digits, std::string_view wrong,
                        std::span<unit const> units) {
    auto const first = wrong.find_first_not_of(' ');
    if (first == wrong.npos || digits.empty()) return {};
    wrong.remove_prefix(first);
    auto const letter = to_lower(wrong.front());
    bool const milli = wrong.size() > 1 && letter == 'm' &&
                       (to_lower(wrong[1]) == 's' || wrong.substr(0, 3) == "mil");
    for (auto const& unit : units) {
        if (to_lower(unit.name.front()) != letter || milli != (unit.name == "ms")) continue;
        return "did you mean \"" + std::string(digits) + std::string(unit.name) + "\"?";
    }
    return {};
}

/// Reads `"64KiB"` with one of the units. @return false with `why` set
bool parse_scaled(std::string_view text, std::span<unit const> units, std::string_view form,
                  std::uint64_t& out, complaint& why) {
    auto const digits = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
    auto const name = text.substr(digits.size());
    auto const found =
        std::find_if(units.begin(), units.end(), [&](unit const& u) { return u.name == name; });
    if (digits.empty() || found == units.end()) {
        auto const hint = likely_unit(digits, name, units);
        why = {"cannot read " + in_quotes(text), hint.empty() ? std::string(form) : hint};
        return false;
    }
    std::uint64_t number = 0;
    auto const [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (ec != std::errc() || number > std::numeric_limits<std::int64_t>::max() / found->factor) {
        why = {in_quotes(text) + " is too large", {}};
        return false;
    }
    out = number * found->factor;
    return true;
}

bool is_digits(std::string_view text) noexcept {
    return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

/// "0.25%" as 25. Empty: no percentage.
std::optional<unsigned> parse_percentage(std::string_view text) {
    if (text.empty() || text.back() != '%') return std::nullopt;
    text.remove_suffix(1);
    auto const point = std::min(text.find('.'), text.size());
    auto const whole = text.substr(0, point);
    auto const decimals = text.substr(std::min(point + 1, text.size()));
    bool const decimals_ok = point == text.size() || (is_digits(decimals) && decimals.size() <= 2);
    if (!is_digits(whole) || whole.size() > 3 || !decimals_ok) return std::nullopt;
    auto const digits =
        std::string(whole) + std::string(decimals) + std::string(2 - decimals.size(), '0');
    unsigned hundredths = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), hundredths);
    return hundredths;
}

std::string scaled_text(std::uint64_t value, std::span<unit const> units) {
    auto unit = units.rbegin();
    while (value % unit->factor != 0 || (value == 0 && unit->factor != 1)) ++unit;
    return std::to_string(value / unit->factor) + std::string(unit->name);
}

} // namespace

refusal assign_count(std::size_t& to, raw_value const& value, range allowed) {
    auto const* number = std::get_if<std::int64_t>(&value);
    if (!number) {
        auto const* text = std::get_if<std::string>(&value);
        bool const digits =
            text && !text->empty() && text->find_first_not_of("0123456789") == text->npos;
        return not_a("a whole number", value, digits ? "leave out the quotes" : "");
    }
    if (*number < 0) return complaint{std::to_string(*number) + " is negative", {}};
    auto const count = static_cast<std::uint64_t>(*number);
    if (auto refused = check_range(count, allowed, count_text)) return refused;
    to = count;
    return {};
}

refusal assign_duration(proto::duration& to, raw_value const& value, range allowed) {
    auto const* text = std::get_if<std::string>(&value);
    if (!text) {
        auto const* number = std::get_if<std::int64_t>(&value);
        auto const hint = number && *number > 0
                              ? "did you mean \"" + std::to_string(*number) + "s\"? "
                              : std::string();
        return not_a("a duration", value, hint + std::string(duration_form));
    }
    std::uint64_t milliseconds = 0;
    complaint why;
    if (!parse_scaled(*text, durations, duration_form, milliseconds, why)) return why;
    if (auto refused = check_range(milliseconds, allowed, duration_text)) return refused;
    to = std::chrono::milliseconds(milliseconds);
    return {};
}

refusal assign_size(std::size_t& to, raw_value const& value, range allowed) {
    std::uint64_t bytes = 0;
    complaint why;
    if (auto const* text = std::get_if<std::string>(&value)) {
        if (!parse_scaled(*text, sizes, size_form, bytes, why)) return why;
    } else if (auto const* number = std::get_if<std::int64_t>(&value)) {
        if (*number < 0) return complaint{std::to_string(*number) + " is negative", {}};
        bytes = static_cast<std::uint64_t>(*number);
    } else {
        return not_a("a size", value, size_form);
    }
    if (auto refused = check_range(bytes, allowed, size_text)) return refused;
    to = bytes;
    return {};
}

refusal assign_percentage(unsigned& to, raw_value const& value) {
    auto const* const text = std::get_if<std::string>(&value);
    if (!text) return not_a("a percentage", value, percentage_form);
    auto const hundredths = parse_percentage(*text);
    if (!hundredths)
        return complaint{"cannot read " + in_quotes(*text), std::string(percentage_form)};
    if (*hundredths == 0)
        return complaint{"nothing is in a share of " + in_quotes(*text),
                         R"(write enabled = false to leave the milter out)"};
    if (*hundredths > hundred_percent) return complaint{in_quotes(*text) + " is more than all", {}};
    to = *hundredths;
    return {};
}

std::string percentage_text(unsigned hundredths) {
    auto out = std::to_string(hundredths / 100);
    if (auto const rest = hundredths % 100) {
        out += rest < 10 ? ".0" : ".";
        out += std::to_string(rest % 10 == 0 ? rest / 10 : rest);
    }
    return out + '%';
}

std::string size_text(std::uint64_t bytes) { return scaled_text(bytes, sizes); }
std::string duration_text(std::uint64_t milliseconds) {
    return scaled_text(milliseconds, durations);
}
std::string duration_text(proto::duration value) {
    auto const count = std::chrono::duration_cast<std::chrono::milliseconds>(value).count();
    return duration_text(static_cast<std::uint64_t>(count));
}

} // namespace milter::manager
