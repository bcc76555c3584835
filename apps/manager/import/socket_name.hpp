// SPDX-License-Identifier: BSL-1.0
// manager/import/socket_name.hpp - a name for a milter of which only the socket is known
#pragma once

#include <milter/endpoint.hpp>

#include <string>

namespace milter::manager {

struct socket_name {
    std::string name;  ///< "opendkim"
    std::string about; ///< where it is from, for a comment
};

socket_name name_of_socket(endpoint const& where);

} // namespace milter::manager
