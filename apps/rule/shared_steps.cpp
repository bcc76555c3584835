// SPDX-License-Identifier: BSL-1.0
// rule/shared_steps.cpp
#include "rule/shared_steps.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace milter::rule {

namespace {

bool is_condition(step const& of) noexcept {
    switch (of.what) {
    case step_kind::constant: // not_ of a known answer costs as much as that answer
    case step_kind::not_:
    case step_kind::condition: // has that of its condition
    case step_kind::literal:
    case step_kind::read:
    case step_kind::count:
    case step_kind::length:
    case step_kind::or_else: return false;
    default: return true;
    }
}

bool goes_through(step const& of) noexcept {
    return of.what == step_kind::any || of.what == step_kind::all || of.what == step_kind::none ||
           of.what == step_kind::count;
}

/// Of each step, in one pass up and one down: parts come before what they are parts of.
struct properties {
    std::vector<bool> is_of_element; ///< another answer for each element of a quantifier
    std::vector<bool> takes_sample;
};

properties properties_of(program const& what) {
    auto const count = what.steps.size();
    properties all{std::vector<bool>(count), std::vector<bool>(count)};
    auto const for_each_part = [&](step const& of, auto action) {
        for (std::uint32_t i = 0; i < of.count; ++i) action(what.part(of, i));
    };
    for (std::size_t i = 0; i < count; ++i) {
        all.takes_sample[i] = what.steps[i].what == step_kind::sample;
        for_each_part(what.steps[i], [&](std::uint32_t part) {
            if (all.takes_sample[part]) all.takes_sample[i] = true;
        });
    }
    for (auto i = count; i-- > 0;)
        for_each_part(what.steps[i], [&](std::uint32_t part) {
            if (goes_through(what.steps[i]) || all.is_of_element[i]) all.is_of_element[part] = true;
        });
    return all;
}

bool is_costly(step const& of) noexcept {
    switch (of.what) {
    case step_kind::in_set:
    case step_kind::in_named_set:
    case step_kind::matches:
    case step_kind::s25r:
    case step_kind::any:
    case step_kind::all:
    case step_kind::none: return true;
    default: return false;
    }
}

/// As a whole: the comparisons that a list of numbers is made into stand at one of the numbers.
bool is_written(program const& in, std::size_t index) noexcept {
    auto const at = in.places[index];
    for (std::uint32_t i = 0; i < in.steps[index].count; ++i) {
        auto const part = in.places[in.part(in.steps[index], i)];
        if (part.offset < at.offset || part.offset + part.length > at.offset + at.length)
            return false;
    }
    return at.length != 0;
}

/// Parentheses around the whole mean nothing.
std::string_view bare(std::string_view text) noexcept {
    while (text.starts_with('(') && text.ends_with(')')) {
        text.remove_prefix(1), text.remove_suffix(1);
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        text.remove_suffix(text.size() - (text.find_last_not_of(' ') + 1));
    }
    return text;
}

std::string key_of(program const& in, std::size_t index, bool takes_sample) {
    auto const at = in.places[index];
    std::string key(1, static_cast<char>(in.steps[index].what));
    key += bare(std::string_view(in.text).substr(at.offset, at.length));
    if (takes_sample) key.append(1, '\0').append(in.salt);
    return key;
}

} // namespace

memo_size share_steps(std::vector<program*> const& programs, std::size_t conditions) {
    std::map<std::string, std::vector<step*>> alike;
    for (auto* const one : programs) {
        auto const known = properties_of(*one);
        for (std::size_t i = 0; i < one->steps.size(); ++i)
            if (is_condition(one->steps[i]) && is_written(*one, i) && !known.is_of_element[i])
                alike[key_of(*one, i, known.takes_sample[i])].push_back(&one->steps[i]);
    }
    memo_size size{conditions, 0};
    auto const next = [](std::size_t& count) { return static_cast<std::uint32_t>(count++); };
    for (auto const& [key, steps] : alike) {
        auto const& first = *steps.front();
        if (steps.size() == 1 && !is_costly(first)) continue;
        auto const slot = next(size.slots);
        auto const walk = first.of == quantity::each_recipient ? next(size.walks) : step::no_index;
        for (auto* const one : steps) one->slot = slot, one->walk = walk;
    }
    return size;
}

} // namespace milter::rule
