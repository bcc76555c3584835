// SPDX-License-Identifier: BSL-1.0
// test-server/macro.hpp - the macros of each stage: what the MTA would send, or what the milter asked for
//
// Source: protocol.md 5.2 and 5.3; {client_*} in addition, which administrators usually add.
#pragma once

#include "test-server/plan.hpp"
#include <milter/proto/negotiation.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace milter::test_server {

/// Values that change within a session.
struct macro_state {
    smtp_path const* sender = nullptr;
    smtp_path const* recipient = nullptr;
    bool refused = false;       ///< the recipient, by the MTA itself
    bool has_recipient = false; ///< one was accepted: Postfix has a queue id then
    std::string queue_id;
    std::string message_id;
};

/// Packed for wire::macros; perhaps none of them has a value. Nothing: the MTA has no list for this stage.
std::optional<std::string> macros_for(wire::command_code stage, session_plan const& plan,
                                      macro_state const& state, proto::agreement const& agreed);

/// `NAME:VALUE`; longer names get their braces. @throws std::invalid_argument
std::pair<std::string, std::string> parse_macro(std::string_view text);

} // namespace milter::test_server
