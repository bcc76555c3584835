// SPDX-License-Identifier: BSL-1.0
// manager/config/config_number.cpp - numbers with units, and what was probably meant by wrong ones
#include "manager/config/config_number.hpp"

#include "manager/config/printable.hpp"
#include "manager/core/sample.hpp"
#include <milter/ascii.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

namespace milter::manager {

namespace {

constexpr std::string_view duration_form =
    R"(a duration is a whole number with a unit: "500ms", "3s", "2m", "1h")";
constexpr std::string_view size_form =
    R"(a size is a number of bytes, or text with a unit: 65536, "64KiB", "16MiB", "1GiB")";

constexpr std::string_view percentage_form =
    R"(a share is a number with a percent sign, and two decimals at most: "5%", "0.25%")";

using number_text = std::string (*)(std::uint64_t);

/// What is written as a number with a unit.
struct quantity {
    std::span<unit const> units;
    std::string_view form;
    number_text text;
    std::string_view usual_unit; ///< that was probably left out; empty: a number alone is one
};

constexpr quantity a_duration{durations, duration_form, duration_text, "s"};
constexpr quantity a_size{sizes, size_form, size_text, {}};

refusal check_range(std::uint64_t value, range allowed, number_text text) {
    if (value < allowed.least)
        return complaint{text(value) + " is too small: at least " + text(allowed.least), {}};
    if (value > allowed.most)
        return complaint{text(value) + " is too large: at most " + text(allowed.most), {}};
    return {};
}

std::string count_text(std::uint64_t value) { return std::to_string(value); }

std::string did_you_mean(std::string const& text) { return "did you mean \"" + text + "\"?"; }

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
        return did_you_mean(std::string(digits) + std::string(unit.name));
    }
    return {};
}

std::string_view digits_of(std::string_view text) noexcept {
    return text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
}

/// "1m30s" as "90s".
std::string likely_sum(std::string_view text, quantity const& what) {
    constexpr std::size_t digit_limit = 6; // no overflow, of any unit
    std::uint64_t sum = 0;
    if (text.empty()) return {};
    while (!text.empty()) {
        auto const digits = digits_of(text);
        text.remove_prefix(digits.size());
        auto const name = text.substr(0, std::min(text.find_first_of("0123456789"), text.size()));
        text.remove_prefix(name.size());
        auto const found = std::find_if(what.units.begin(), what.units.end(),
                                        [&](unit const& u) { return u.name == name; });
        if (digits.empty() || digits.size() > digit_limit || found == what.units.end()) return {};
        std::uint64_t number = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
        sum += number * found->factor;
    }
    return did_you_mean(what.text(sum));
}

std::string likely_quantity(std::string_view text, quantity const& what) {
    auto const digits = digits_of(text);
    if (!digits.empty() && digits == text && !what.usual_unit.empty())
        return did_you_mean(std::string(digits) + std::string(what.usual_unit));
    auto const sum = likely_sum(text, what);
    return sum.empty() ? likely_unit(digits, text.substr(digits.size()), what.units) : sum;
}

/// Reads `"64KiB"` with one of the units. @return false with `why` set
bool parse_scaled(std::string_view text, quantity const& what, std::uint64_t& out, complaint& why) {
    auto const digits = digits_of(text);
    auto const name = text.substr(digits.size());
    auto const& units = what.units;
    auto const found =
        std::find_if(units.begin(), units.end(), [&](unit const& u) { return u.name == name; });
    if (digits.empty() || found == units.end()) {
        auto const hint = likely_quantity(text, what);
        why = {"cannot read " + in_quotes(text), hint.empty() ? std::string(what.form) : hint};
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

/// What was probably meant by "10 %" and "10".
std::string likely_percentage(std::string text) {
    std::erase(text, ' ');
    if (text.empty() || text.back() != '%') text += '%';
    auto const hundredths = parse_percentage(text);
    bool const likely = hundredths && *hundredths > 0 && *hundredths <= whole_share;
    return likely ? did_you_mean(text) : std::string();
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
        auto const hint = number && *number > 0 ? did_you_mean(std::to_string(*number) + "s") + ' '
                                                : std::string();
        return not_a("a duration", value, hint + std::string(duration_form));
    }
    std::uint64_t milliseconds = 0;
    complaint why;
    if (!parse_scaled(*text, a_duration, milliseconds, why)) return why;
    if (auto refused = check_range(milliseconds, allowed, duration_text)) return refused;
    to = std::chrono::milliseconds(milliseconds);
    return {};
}

refusal assign_size(std::size_t& to, raw_value const& value, range allowed) {
    std::uint64_t bytes = 0;
    complaint why;
    if (auto const* text = std::get_if<std::string>(&value)) {
        if (!parse_scaled(*text, a_size, bytes, why)) return why;
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
    if (!text) {
        auto const* const number = std::get_if<std::int64_t>(&value);
        auto const hint = number ? likely_percentage(std::to_string(*number)) : std::string();
        return not_a("a percentage", value, hint.empty() ? std::string(percentage_form) : hint);
    }
    auto const hundredths = parse_percentage(*text);
    if (!hundredths) {
        auto const hint = likely_percentage(*text);
        return complaint{"cannot read " + in_quotes(*text),
                         hint.empty() ? std::string(percentage_form) : hint};
    }
    if (*hundredths == 0)
        return complaint{"nothing is in a share of " + in_quotes(*text),
                         R"(write enabled = false to leave the milter out)"};
    if (*hundredths > whole_share) return complaint{in_quotes(*text) + " is more than all", {}};
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

} // namespace milter::manager
