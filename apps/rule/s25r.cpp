// SPDX-License-Identifier: BSL-1.0
// rule/s25r.cpp - by hand: six patterns, each in one pass over a few labels
#include "rule/s25r.hpp"

#include <milter/ascii.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace milter::rule {

namespace {

// An object, as algorithms do not see through a pointer to a function.
constexpr auto is_digit = [](char c) noexcept { return c >= '0' && c <= '9'; };
bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// The first label of a name, and what stands behind its dot.
struct split {
    std::string_view label;
    std::string_view rest;
    bool has_dot;
};

split first_label(std::string_view name) noexcept {
    auto const dot = name.find('.');
    if (dot == name.npos) return {name, {}, false};
    return {name.substr(0, dot), name.substr(dot + 1), true};
}

bool ends_with_digit(std::string_view label) noexcept {
    return !label.empty() && is_digit(label.back());
}

/// Rule 1: two groups of digits.
bool has_two_numbers(std::string_view label) noexcept {
    auto const first = std::find_if(label.begin(), label.end(), is_digit);
    auto const gap = std::find_if_not(first, label.end(), is_digit);
    return std::find_if(gap, label.end(), is_digit) != label.end();
}

/// Rule 2.
bool has_five_digits(std::string_view label) noexcept {
    std::size_t run = 0;
    for (char const c : label)
        if ((run = is_digit(c) ? run + 1 : 0) == 5) return true;
    return false;
}

/// A label that begins with a digit, another one, and behind these at least one more level before one that begins with
/// a letter.
bool begins_with_digit_deep_down(std::string_view name) noexcept {
    if (name.empty() || !is_digit(name.front())) return false;
    auto const first = first_label(name);
    auto const second = first_label(first.rest);
    if (!second.has_dot || second.label.empty()) return false;
    auto const rest = second.rest;
    for (std::size_t i = 1; i + 1 < rest.size(); ++i)
        if (rest[i] == '.' && is_letter(rest[i + 1])) return true;
    return false;
}

/// Rule 4.
bool has_range_behind_number(split const& first) noexcept {
    if (!first.has_dot || !ends_with_digit(first.label)) return false;
    auto const label = first_label(first.rest).label;
    for (std::size_t i = 1; i + 1 < label.size(); ++i)
        if (label[i] == '-' && is_digit(label[i - 1]) && is_digit(label[i + 1])) return true;
    return false;
}

/// Rule 5: of five levels at least, the first two end with digits.
bool has_two_numbered_labels(split const& first) noexcept {
    auto const second = first_label(first.rest);
    auto const third = first_label(second.rest);
    return second.has_dot && third.has_dot && !third.label.empty() &&
           ends_with_digit(first.label) && ends_with_digit(second.label) &&
           third.rest.find('.', 1) != third.rest.npos;
}

bool begins_with(std::string_view text, std::string_view word) noexcept {
    return text.size() >= word.size() &&
           std::equal(word.begin(), word.end(), text.begin(),
                      [](char a, char b) { return a == to_lower(b); });
}

/// Rule 6.
bool is_named_after_access(std::string_view label) noexcept {
    constexpr std::string_view words[] = {"dhcp", "dialup", "ppp",  "dsl",  "adsl", "cdsl",
                                          "hdsl", "rdsl",   "sdsl", "vdsl", "xdsl"};
    return std::any_of(std::begin(words), std::end(words), [&](std::string_view word) {
        if (!begins_with(label, word)) return false;
        auto const behind = label.substr(word.size());
        return std::any_of(behind.begin(), behind.end(), is_digit);
    });
}

} // namespace

bool is_s25r(std::string_view name) noexcept {
    if (name == "unknown" || name.empty() || name.front() == '[') return true;
    auto const first = first_label(name);
    return (first.has_dot && has_two_numbers(first.label)) || has_five_digits(first.label) ||
           begins_with_digit_deep_down(name) ||
           (!first.label.empty() && begins_with_digit_deep_down(first.rest)) ||
           has_range_behind_number(first) || has_two_numbered_labels(first) ||
           is_named_after_access(first.label);
}

} // namespace milter::rule
