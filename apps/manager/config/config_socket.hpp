// SPDX-License-Identifier: BSL-1.0
// manager/config/config_socket.hpp - sockets in the configuration: reading them, and telling whether two are the same
#pragma once

#include "manager/config/config_raw.hpp"
#include "manager/core/endpoint_pool.hpp"
#include <milter/endpoint.hpp>

#include <string_view>
#include <vector>

namespace milter::manager {

inline constexpr std::string_view socket_form =
    R"(a socket is written "unix:/run/x.sock", "inet:8891@127.0.0.1" or "inet:127.0.0.1:8891")";

/// @param text  not empty, without control characters
refusal assign_socket(endpoint& to, std::string_view text);

/// One text, or a list of different ones.
refusal assign_sockets(std::vector<endpoint>& to, raw_value const& value);

/// A TCP port on all addresses of the machine.
bool is_on_all_addresses(endpoint const& listen);

/// Whether both cannot be listened on at the same time. Names are not resolved.
bool same_place(endpoint const& a, endpoint const& b);

/// Whether who connects finds the same behind both.
bool same_peer(endpoint const& a, endpoint const& b);

/// Whether who connects to `peer` reaches who listens on `listen`, on this machine.
bool reaches(endpoint const& peer, endpoint const& listen);

} // namespace milter::manager
