// SPDX-License-Identifier: BSL-1.0
// milter/message/merge.hpp - the least list of header edits that leads from what came to what is wanted
//
// Used when several filters changed headers: their own requests count positions in different versions of the message.
// The order is safe under every index rule: changes first (nothing has moved yet), deletions from the highest index
// down, insertions from the top down, additions at the end.
// Source: protocol.md 9.7; statements 247-251.
#pragma once

#include <milter/ascii.hpp>
#include <milter/message/headers.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace milter::message {

namespace detail {

inline bool differs(header_field const& field) noexcept {
    return field.changed && (field.changed_value != field.value || field.changed_name != field.name);
}

/// Calls each(field, ordinal) for the originals: which of its name it was, from 1. Counted only here, since most
/// messages are never merged.
template <class Function> void for_each_counted(headers const& all, Function each) {
    std::unordered_map<std::string, std::uint32_t> seen;
    all.for_each_original([&](header_field const& field) {
        each(field, ++seen[to_lower(field.name)]);
    });
}

inline void append_changes(headers const& all, std::vector<header_edit>& out) {
    for_each_counted(all, [&](header_field const& field, std::uint32_t ordinal) {
        if (field.live && differs(field))
            out.push_back({header_edit::kind::change, ordinal, field.changed_name, field.changed_value});
    });
}

/// From the last original to the first, so that indices of one name go down.
inline void append_deletions(headers const& all, std::vector<header_edit>& out) {
    auto const first = out.size();
    for_each_counted(all, [&](header_field const& field, std::uint32_t ordinal) {
        if (!field.live) out.push_back({header_edit::kind::change, ordinal, field.name, {}});
    });
    std::reverse(out.begin() + static_cast<std::ptrdiff_t>(first), out.end());
}

inline void append_new(headers const& all, std::vector<header_edit>& out) {
    std::size_t live = 0, last_original = 0;
    all.for_each([&](header_field const& field) {
        if (!field.live) return;
        ++live;
        if (field.author == 0) last_original = live; // the slot is an anchor, too
    });
    std::size_t position = 0;
    all.for_each([&](header_field const& field) {
        if (!field.live) return;
        ++position;
        if (field.author == 0) return;
        if (position < last_original)
            out.push_back({header_edit::kind::insert, static_cast<std::uint32_t>(position - 1), field.name, field.value});
        else if (field.by_add && all.rules() == header_rules::postfix)
            out.push_back({header_edit::kind::add, 0, field.name, field.value});
        else
            out.push_back({header_edit::kind::insert, wire::max_header_index, field.name, field.value});
    });
}

} // namespace detail

/// Edits that make the MTA's message equal to `all`. A header that was added and deleted again leaves no trace.
inline std::vector<header_edit> merge(headers const& all) {
    std::vector<header_edit> out;
    detail::append_changes(all, out);
    detail::append_deletions(all, out);
    detail::append_new(all, out);
    return out;
}

} // namespace milter::message
