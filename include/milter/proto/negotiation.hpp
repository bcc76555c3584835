// SPDX-License-Identifier: BSL-1.0
// milter/proto/negotiation.hpp - the option negotiation of both roles, as pure functions
//
// Source: protocol.md section 2; statements 24-64.
#pragma once

#include <milter/error.hpp>
#include <milter/wire/command.hpp>
#include <milter/wire/reply.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::proto {

inline constexpr std::size_t max_macro_names = 50; // a stage: Sendmail MAXFILTERMACROS

/// Macro names asked for, by macro_stage; nullopt: no list, the MTA's own default is in force.
using macro_lists = std::array<std::optional<std::string>, wire::macro_stage_count>;

/// What both sides agreed on.
struct agreement {
    std::uint32_t version = wire::newest_version;
    wire::action actions = wire::action::none;
    wire::step steps =
        wire::step::none; ///< as answered, and no_* for what the version does not have
    wire::step emulated = wire::step::none; ///< filter side: nr_* wanted but not offered
    macro_lists lists;
    std::size_t data_limit = 65'535; ///< largest payload in bytes

    /// Whether the filter is sent the command: it wants it, and its version has it.
    bool sends(wire::command_code code) const noexcept {
        auto const& row = wire::row_of(code);
        return row.since <= version &&
               (row.suppressed_by == wire::step::none || !wire::any(steps, row.suppressed_by));
    }
    /// Whether a verdict follows the command on the wire.
    bool answers(wire::command_code code) const noexcept {
        auto const& row = wire::row_of(code);
        return row.answered &&
               (row.no_reply == wire::step::none || !wire::any(steps, row.no_reply));
    }
};

/// Steps that a version does not have; its no_* are always in force. @source protocol.md 2.2
constexpr wire::step absent_before(std::uint32_t version) noexcept {
    if (version <= 2) return wire::step::no_unknown | wire::step::no_data;
    if (version <= 3) return wire::step::no_data;
    return wire::step::none;
}

/// What an MTA of that version may offer at most.
constexpr wire::step steps_of(std::uint32_t version) noexcept {
    if (version <= 2) return wire::step::all_v2;
    if (version == 3) return wire::step::all_v3;
    if (version <= 5) return wire::step::all_v4;
    return wire::step::all;
}

constexpr std::size_t data_limit_of(wire::step steps) noexcept {
    if (wire::any(steps, wire::step::data_size_1m)) return wire::data_limit_1m;
    if (wire::any(steps, wire::step::data_size_256k)) return wire::data_limit_256k;
    return wire::default_data_limit;
}

/// Calls `each(name)` for the names of a list, separated by spaces or commas.
template <class Function> void for_each_name(std::string_view names, Function each) {
    while (!names.empty()) {
        auto const end = names.find_first_of(" ,\t");
        if (end != 0) each(names.substr(0, end));
        if (end == names.npos) return;
        names.remove_prefix(end + 1);
    }
}

/// The first `most` names: on more than max_macro_names, Sendmail refuses the client.
inline void cut_names(std::string& names, std::size_t most = max_macro_names) {
    std::size_t count = 0, end = 0;
    for_each_name(names, [&](std::string_view name) {
        if (++count <= most)
            end = static_cast<std::size_t>(name.data() - names.data()) + name.size();
    });
    if (count > most) names.resize(end);
}

// ---- filter side -----------------------------------------------------------------------------------

/// What a filter would like.
struct wish {
    wire::action needs = wire::action::none;   ///< the negotiation fails without them
    wire::action actions = wire::action::none; ///< taken when offered
    wire::step steps = wire::step::none;
    macro_lists lists;
    std::size_t macro_names = max_macro_names; ///< most of one list that are asked for

    /// With the commands of that stage, these macros: names as "j {client_addr}". "" asks for none.
    wish& ask_for(wire::macro_stage stage, std::string names) {
        lists[static_cast<std::size_t>(stage)] = std::move(names);
        return *this;
    }
};

/// Answers an offer. Unoffered nr_* are left out and emulated; other unoffered steps are left out; lists
/// are sent only when the offer allows them, and no more than wish::macro_names of each.
/// @errors  version_refused (below 2), actions_refused (a needed action is not offered): close, as there
///          is no negative answer
/// @source  statements 27-29, 36-43, 54, 64
inline result<agreement> answer_offer(wire::negotiate const& offer, wish const& wish) {
    if (offer.version < wire::oldest_version) return error_code(errc::version_refused);
    // statement 43: very old MTAs send 0 for "all that version 1 had"
    auto const offered_actions =
        offer.actions == wire::action::none ? static_cast<wire::action>(0x0F) : offer.actions;
    auto const offered_steps =
        offer.steps == wire::step::none ? static_cast<wire::step>(0x3F) : offer.steps;
    if (!wire::has(offered_actions, wish.needs)) return error_code(errc::actions_refused);

    agreement agreed;
    agreed.version = std::min(offer.version, wire::newest_version);
    agreed.actions = (wish.needs | wish.actions) & offered_actions;
    agreed.steps = wish.steps & offered_steps;
    agreed.emulated = wish.steps & ~offered_steps & wire::step::all_nr;
    agreed.data_limit = data_limit_of(agreed.steps);
    bool const lists = wire::any(offered_actions, wire::action::set_macro_list);
    if (lists) agreed.lists = wish.lists;
    for (auto& list : agreed.lists)
        if (list) cut_names(*list, wish.macro_names);
    bool const sent = std::any_of(agreed.lists.begin(), agreed.lists.end(),
                                  [](auto const& l) { return l.has_value(); });
    if (!sent) agreed.actions &= ~wire::action::set_macro_list;
    if (sent) agreed.actions |= wire::action::set_macro_list;
    return agreed;
}

/// The packet that says so; views into `agreed`.
inline wire::negotiate_reply to_reply(agreement const& agreed) noexcept {
    wire::negotiate_reply reply{agreed.version, agreed.actions, agreed.steps, {}};
    for (std::size_t i = 0; i < agreed.lists.size(); ++i)
        if (agreed.lists[i]) reply.macro_lists[i] = {true, *agreed.lists[i]};
    return reply;
}

// ---- MTA side --------------------------------------------------------------------------------------

/// How an MTA side takes an answer beyond its offer.
enum class strictness {
    strict, ///< any excess is a failure (Sendmail)
    lenient, ///< unoffered actions are masked, known steps honoured, unknown ones ignored (Postfix and more)
};

/// Judges the answer of a filter to `offer`.
/// @errors  version_refused, actions_refused, steps_refused
/// @source  statements 30-35, 41, 42, 46-53, 64
inline result<agreement> check_answer(wire::negotiate const& offer,
                                      wire::negotiate_reply const& answer,
                                      strictness how = strictness::lenient) {
    bool const strict = how == strictness::strict;
    if (answer.version == 1) return error_code(errc::version_refused);
    if (answer.version > offer.version && strict) return error_code(errc::version_refused);
    if (answer.version < wire::oldest_version && strict) return error_code(errc::version_refused);
    if (!wire::has(offer.actions, answer.actions) && strict)
        return error_code(errc::actions_refused);
    if (!wire::has(offer.steps, answer.steps) && strict) return error_code(errc::steps_refused);
    // a larger data size that was not offered would let the filter send what we refuse to buffer
    if (wire::any(answer.steps & ~offer.steps, wire::step::all_data_sizes))
        return error_code(errc::steps_refused);

    agreement agreed;
    // statement 275: 0 is read as the oldest, more than offered as the offer
    agreed.version = std::clamp(answer.version, wire::oldest_version,
                                std::max(offer.version, wire::oldest_version));
    agreed.actions = answer.actions & offer.actions;
    agreed.steps = (answer.steps & (wire::step::all | wire::step::all_data_sizes)) |
                   absent_before(agreed.version);
    agreed.data_limit = data_limit_of(agreed.steps);
    for (std::size_t i = 0; i < agreed.lists.size(); ++i)
        if (answer.macro_lists[i].present) agreed.lists[i].emplace(answer.macro_lists[i].names);
    return agreed;
}

/// The macros a filter gets for one stage: what it listed, as it spelled them, taken from `find(name)` ->
/// optional<string_view>; undefined ones are left out, and those that no longer fit a packet, and what is listed behind
/// the first `most`. Packed for wire::macros.
/// @source  statements 51, 193, 195, 226
template <class Find>
std::string select_macros(std::string_view names, Find find, std::size_t most = max_macro_names) {
    constexpr std::size_t room = wire::default_data_limit - 1; // the stage takes a byte
    std::string packed;
    std::size_t count = 0;
    for_each_name(names, [&](std::string_view name) {
        if (++count > most) return;
        auto const value = find(name);
        if (value && packed.size() + name.size() + value->size() + 2 <= room) {
            wire::append_zstr(packed, name);
            wire::append_zstr(packed, *value);
        }
    });
    return packed;
}

} // namespace milter::proto
