// SPDX-License-Identifier: BSL-1.0
// manager/socket_probe.hpp - whether a socket could be listened on, without listening or connecting
#pragma once

#include <milter/endpoint.hpp>
#include <milter/error.hpp>

#include <vector>

namespace milter::manager {

/// `where` in digits, each of the addresses of a name; unix sockets as they are. Blocks on the name service.
std::vector<endpoint> addresses_of(endpoint const& where, error_code& ec);

/// Why nobody could listen there. @param where  one of addresses_of()
/// @errors  address_in_use when somebody listens there, also where this user could not in any case; file_exists when the
///          file is no socket; what the system says
error_code listen_error(endpoint const& where);

} // namespace milter::manager
