// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/edits.cpp - what filters do one after another, and the merged edits, end in the same message
//
// Each edit, those that were merged included, goes through its packet, as it does between a filter and an MTA.
//
// Input: 1 byte - bit 0 the rules, bit 1 whether values have their leading blank on the wire -, 1 byte how many headers
// the message has, one byte each for their names, then edits of two bytes: what and which name; index.

#include "invariant.hpp"

#include <support/exact_copy.hpp>
#include <support/header_trial.hpp>

#include <array>

namespace {

using fuzz::require;
using milter::message::header_edit;
using milter::message::header_rules;

std::string name(unsigned which) {
    return std::array{"X", "x", "Y", "Subject", "SUBJECT", "Received", "Z", "y"}[which % 8];
}

/// Sendmail's hidden defaults lie behind its Received: what is inserted among them, at 2 and more, has an order that
/// our list does not keep.
std::uint32_t index(header_rules rules, header_edit::kind what, unsigned byte) {
    if (byte == 255) return milter::wire::max_header_index;
    return rules == header_rules::sendmail && what == header_edit::kind::insert ? byte % 2
                                                                                : byte % 32;
}

/// Whether a packet can tell the value exactly: without leading space its blank is the MTA's to give.
bool expressible(header_edit const& edit, bool leading_space) {
    bool const deletes = edit.what == header_edit::kind::change && edit.value.empty();
    bool const blank_only = edit.what == header_edit::kind::change && edit.value == " ";
    return leading_space || deletes || (edit.value.starts_with(' ') && !blank_only);
}

/// What an MTA stages when a filter sends the edits.
std::vector<header_edit> through_packets(std::vector<header_edit> const& edits,
                                         bool leading_space) {
    milter::message::edit_list staged;
    for (auto const& edit : edits) {
        std::string packet;
        milter::message::encode(packet, edit, leading_space);
        support::exact_copy const bytes(packet);
        milter::error_code ec;
        auto const frame =
            milter::wire::first_frame(bytes.view(), milter::wire::default_data_limit, ec);
        require(frame && frame->raw.size() == packet.size(), "edit is one packet");
        auto const reply = milter::wire::decode_reply(*frame, ec);
        require(reply.has_value(), "edit is a reply");
        require(!stage(staged, *reply, leading_space, {}), "edit is within the limits");
        require(staged.headers.size() == staged.count, "edit is one of a header");
        require(!expressible(edit, leading_space) || staged.headers.back() == edit,
                "edit is staged as it was sent");
    }
    return staged.headers;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 2 || size > 200) return 0;
    auto const rules = data[0] % 2 == 0 ? header_rules::postfix : header_rules::sendmail;
    bool const leading_space = (data[0] & 2) != 0;
    support::header_trial trial(rules);
    std::size_t at = 2;
    unsigned values = 0;
    for (std::size_t end = at + data[1] % 12; at < end && at < size; ++at)
        trial.original(name(data[at]), " " + std::to_string(++values));
    while (at + 1 < size) {
        std::vector<header_edit> turn;
        while (at + 1 < size) {
            unsigned const what = data[at];
            unsigned const which = data[at + 1];
            at += 2;
            if (what % 8 == 7) break; // the next filter
            auto const kind = what % 8 < 2   ? header_edit::kind::add
                              : what % 8 < 4 ? header_edit::kind::insert
                                             : header_edit::kind::change;
            auto const value = what % 8 == 6   ? ""
                               : what % 8 == 5 ? "a\nb"
                                               : " " + std::to_string(++values);
            auto const place = kind == header_edit::kind::add ? 0 : index(rules, kind, which);
            turn.push_back({kind, place, name(what / 8), value});
        }
        trial.filter(through_packets(turn, leading_space));
    }
    (void)through_packets(merge(trial.ours), leading_space);
    auto const ours = trial.in_ours();
    require(ours == trial.native.lines(), "our list is that of the MTA");
    require(ours == trial.by_merge(), "merged edits make the same message");
    return 0;
}
