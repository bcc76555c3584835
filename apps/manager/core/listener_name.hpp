// SPDX-License-Identifier: BSL-1.0
// manager/core/listener_name.hpp - what rules and records call a listener
//
// As the configuration spells its socket: a rule that compares with that text is to hold, in the daemon as in the verbs.
#pragma once

#include "manager/core/config.hpp"

#include <string>

namespace milter::manager {

/// @param where  the socket itself, for one that nobody has written down
inline std::string listener_name(listen_config const& of, endpoint const& where) {
    return of.spelled.empty() ? to_string(where) : of.spelled;
}

/// The name at which mail comes in that nobody has said otherwise of: the first; empty: there is no listener.
inline std::string first_listener_name(config const& of) {
    return of.listens.empty() ? std::string() : listener_name(of.listens[0], of.listens[0].socket);
}

} // namespace milter::manager
