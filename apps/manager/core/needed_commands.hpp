// SPDX-License-Identifier: BSL-1.0
// manager/core/needed_commands.hpp - commands that an MTA need not send where nobody has use for them
//
// All others the manager needs itself: who the client is and what it calls itself, the sender, the recipients and the headers
// stand in the records, and edits are made in the headers. End of message cannot be left out.
// Source: docs/protocol.md 9.2
#pragma once

#include "rule/demand.hpp"
#include <milter/wire/code.hpp>
#include <milter/wire/flags.hpp>

#include <array>
#include <string>
#include <vector>

namespace milter::manager {

inline constexpr std::array dispensable_commands = {
    wire::command_code::data, wire::command_code::end_of_headers, wire::command_code::body,
    wire::command_code::unknown};

/// The NO bits that rules stand against.
inline wire::step steps_against(rule::stage_set needed) {
    auto found = wire::step::none;
    if (needed.has(rule::stage::data)) found |= wire::step::no_data;
    if (needed.has(rule::stage::headers)) found |= wire::step::no_end_of_headers;
    if (needed.has(rule::stage::message)) found |= wire::step::no_body;
    return found;
}

/// Of these, those that NO bits keep away.
inline std::vector<std::string> names_of_commands(wire::step kept_away) {
    std::vector<std::string> names;
    for (auto const code : dispensable_commands)
        if (wire::any(kept_away, wire::row_of(code).suppressed_by))
            names.emplace_back(wire::name_of(code));
    return names;
}

} // namespace milter::manager
