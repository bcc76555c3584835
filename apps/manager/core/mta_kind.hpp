// SPDX-License-Identifier: BSL-1.0
// manager/core/mta_kind.hpp - Postfix or Sendmail: whose habits hold in a session
//
// Source: macro `v` names the MTA, and other macros do where it is not sent (docs/protocol.md 5.3).
#pragma once

#include <milter/proto/macros.hpp>

namespace milter::manager {

/// @param macros  of a session that has come to CONNECT
inline bool is_postfix(proto::macro_store const& macros) noexcept {
    auto const at_connect = macros.at(wire::command_code::connect);
    auto const version = proto::find_macro(at_connect, "v");
    if (version && version->substr(0, 7) == "Postfix") return true;
    // Sendmail's begins with its number, and it knows {daemon_addr}, too; a Postfix may have another mail_name
    if (version && !version->empty() && version->front() >= '0' && version->front() <= '9')
        return false;
    return proto::find_macro(at_connect, "{daemon_addr}").has_value();
}

} // namespace milter::manager
