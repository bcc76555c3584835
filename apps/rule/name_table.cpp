// SPDX-License-Identifier: BSL-1.0
// rule/name_table.cpp
#include "rule/name_table.hpp"

#include "rule/backward_hash.hpp"
#include <milter/ascii.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace milter::rule {

namespace {

constexpr std::size_t first_slots = 16;

std::uint32_t hash_of(name_table::parts of_name) noexcept {
    backward_hash hash;
    for (auto part = of_name.end(); part != of_name.begin();) hash.add(*--part);
    return hash.value();
}

bool is_made_of(std::string_view name, name_table::parts of_name) noexcept {
    for (auto const part : of_name) {
        auto const same = name.substr(0, part.size());
        if (same != part && !equal_ignoring_case(same, part)) return false;
        name.remove_prefix(part.size());
    }
    return name.empty();
}

} // namespace

std::uint32_t& name_table::operator[](std::string_view name) {
    if (2 * (entries_.size() + 1) > slots_.size()) grow();
    auto const hash = hash_of({name});
    auto const& at = slot_of(hash, {name});
    if (at.entry != 0) return entries_[at.entry - 1].value;
    append(name, hash);
    return entries_.back().value;
}

std::optional<std::uint32_t> name_table::find(parts of_name) const noexcept {
    if (entries_.empty()) return std::nullopt;
    auto const& at = slot_of(hash_of(of_name), of_name);
    return at.entry == 0 ? std::nullopt : std::optional(entries_[at.entry - 1].value);
}

/// The slot of a name, or the free one where it belongs.
name_table::slot const& name_table::slot_of(std::uint32_t hash, parts of_name) const noexcept {
    auto const mask = slots_.size() - 1;
    for (auto i = hash & mask;; i = (i + 1) & mask) {
        auto const& at = slots_[i];
        if (at.entry == 0) return at;
        if (at.hash == hash && is_made_of(name_of(entries_[at.entry - 1]), of_name)) return at;
    }
}

void name_table::append(std::string_view name, std::uint32_t hash) {
    if (name.size() > std::numeric_limits<std::uint32_t>::max() - bytes_.size())
        throw std::length_error("names of more than 4 GiB");
    auto const begin = static_cast<std::uint32_t>(bytes_.size());
    bytes_ += to_lower(name);
    entries_.push_back({begin, static_cast<std::uint32_t>(name.size()), 0});
    auto const index = static_cast<std::size_t>(&slot_of(hash, {name}) - slots_.data());
    slots_[index] = {hash, static_cast<std::uint32_t>(entries_.size())};
    longest_ = std::max(longest_, name.size());
}

void name_table::grow() {
    std::vector<slot> old(std::max(first_slots, 2 * slots_.size()));
    old.swap(slots_);
    auto const mask = slots_.size() - 1;
    for (auto const& one : old) {
        if (one.entry == 0) continue;
        auto i = one.hash & mask;
        while (slots_[i].entry != 0) i = (i + 1) & mask;
        slots_[i] = one;
    }
}

} // namespace milter::rule
