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
#include <utility>
#include <vector>

namespace milter::message {

namespace detail {

inline bool differs(header_field const& field) noexcept {
    return field.changed &&
           (field.changed_value != field.value || field.changed_name != field.name);
}

/// Calls each(field, ordinal) for the originals: which of its name it was, from 1. Counted only here, since most
/// messages are never merged.
template <class Function> void for_each_counted(headers const& all, Function each) {
    std::unordered_map<std::string, std::uint32_t> seen;
    all.for_each_original(
        [&](header_field const& field) { each(field, ++seen[to_lower(field.name)]); });
}

inline void append_changes(headers const& all, std::vector<header_edit>& out) {
    for_each_counted(all, [&](header_field const& field, std::uint32_t ordinal) {
        if (field.live && differs(field))
            out.push_back(
                {header_edit::kind::change, ordinal, field.changed_name, field.changed_value});
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

/// How far down the last header is that the MTA has itself, in entries of the physical order; new ones behind it go to
/// the end. Its own Received is such a header.
inline std::size_t last_anchor(headers const& all) {
    std::size_t entry = 0, last = 0;
    all.for_each([&](header_field const& field) {
        ++entry;
        if (field.live && field.author == 0) last = entry;
    });
    return last;
}

inline void append_new(headers const& all, std::vector<header_edit>& out) {
    bool const sendmail = all.rules() == header_rules::sendmail;
    auto const last = last_anchor(all);
    bool below_original = false;
    std::size_t entry = 0,
                above = 0; // above: what is in the MTA's list before the entry, at that moment
    all.for_each([&](header_field const& field) {
        ++entry;
        bool const is_new = field.author != 0;
        if (!field.live && (is_new || !sendmail))
            return; // Sendmail's list still has the ones deleted above
        if (is_new && entry < last)
            out.push_back({header_edit::kind::insert, static_cast<std::uint32_t>(above), field.name,
                           field.value});
        else if (is_new && field.by_add && !sendmail)
            out.push_back({header_edit::kind::add, 0, field.name, field.value});
        else if (is_new)
            out.push_back(
                {header_edit::kind::insert, wire::max_header_index, field.name, field.value});
        ++above;
        if (sendmail && field.original() && !std::exchange(below_original, true))
            above += sendmail_hidden_defaults;
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
