// SPDX-License-Identifier: BSL-1.0
// rule/literal.cpp
#include "rule/literal.hpp"

#include <milter/ascii.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace milter::rule {

namespace {

struct unit {
    std::string_view name;
    node_kind kind;
    std::uint64_t factor;
};

constexpr unit units[] = {
    {"", node_kind::integer, 1},
    {"ms", node_kind::duration, 1},
    {"s", node_kind::duration, 1'000},
    {"m", node_kind::duration, 60'000},
    {"h", node_kind::duration, 3'600'000},
    {"d", node_kind::duration, 86'400'000},
    {"B", node_kind::size, 1},
    {"KiB", node_kind::size, 1ULL << 10},
    {"MiB", node_kind::size, 1ULL << 20},
    {"GiB", node_kind::size, 1ULL << 30},
};

/// How people write units elsewhere, in lower case.
constexpr std::pair<std::string_view, std::string_view> other_units[] = {
    {"b", "B"},      {"byte", "B"},    {"bytes", "B"},   {"k", "KiB"},     {"kb", "KiB"},
    {"kib", "KiB"},  {"m", "MiB"},     {"mb", "MiB"},    {"mib", "MiB"},   {"g", "GiB"},
    {"gb", "GiB"},   {"gib", "GiB"},   {"msec", "ms"},   {"millis", "ms"}, {"sec", "s"},
    {"secs", "s"},   {"second", "s"},  {"seconds", "s"}, {"min", "m"},     {"mins", "m"},
    {"minute", "m"}, {"minutes", "m"}, {"hour", "h"},    {"hours", "h"},   {"day", "d"},
    {"days", "d"},   {"percent", "%"},
};

std::string_view unit_meant_by(std::string_view written) {
    if (written.empty()) return {};
    if (written == "%") return written;
    for (auto const& one : units)
        if (one.name == written) return one.name;
    auto const lower = to_lower(written);
    for (auto const& [name, meant] : other_units)
        if (name == lower) return meant;
    for (auto const& one : units) // "3S"
        if (!one.name.empty() && to_lower(one.name) == lower) return one.name;
    return {};
}

/// Facts are signed numbers of 64 bits.
constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();

std::optional<std::uint64_t> whole(std::string_view digits) noexcept {
    std::uint64_t value = 0;
    auto const [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    bool const all = ec == std::errc() && end == digits.data() + digits.size() && !digits.empty();
    return all && value <= largest ? std::optional(value) : std::nullopt;
}

/// With at most two digits of a fraction, in hundredths.
std::optional<number_literal> read_percent(std::string_view text) noexcept {
    auto const dot = text.find('.');
    auto const before = whole(text.substr(0, dot));
    if (!before || *before > 1'000'000) return std::nullopt;
    std::uint64_t hundredths = 0;
    if (dot != text.npos) {
        auto const fraction = text.substr(dot + 1);
        auto const after = whole(fraction);
        if (!after || fraction.size() > 2) return std::nullopt;
        hundredths = fraction.size() == 1 ? *after * 10 : *after;
    }
    return number_literal{node_kind::percent, *before * 100 + hundredths};
}

} // namespace

std::optional<number_literal> read_number(std::string_view text) noexcept {
    if (!text.empty() && text.back() == '%') return read_percent(text.substr(0, text.size() - 1));
    auto const end = text.find_first_not_of("0123456789");
    auto const value = whole(text.substr(0, end));
    if (!value) return std::nullopt;
    auto const name = end == text.npos ? std::string_view() : text.substr(end);
    for (auto const& one : units)
        if (one.name == name && *value <= largest / one.factor)
            return number_literal{one.kind, *value * one.factor};
    return std::nullopt;
}

bool is_too_large(std::string_view text) noexcept {
    auto const end = std::min(text.find_first_not_of("0123456789"), text.size());
    auto const name = text.substr(end);
    bool const has_unit = name == "%" || std::any_of(std::begin(units), std::end(units),
                                                     [&](auto const& u) { return u.name == name; });
    return end > 0 && has_unit && !read_number(text);
}

std::string likely_number(std::string_view digits, std::string_view unit) {
    auto const meant = unit_meant_by(unit);
    auto made = std::string(digits) + std::string(meant);
    return !meant.empty() && read_number(made) ? made : std::string();
}

} // namespace milter::rule
