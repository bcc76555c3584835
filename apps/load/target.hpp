// SPDX-License-Identifier: BSL-1.0
// load/target.hpp - the address of a milter, looked up once
#pragma once

#include <milter/endpoint.hpp>

#include <sys/socket.h>

#include <string>

namespace milter::load {

struct target {
    std::string name; ///< as given
    sockaddr_storage address{};
    socklen_t size = 0;

    int family() const noexcept { return address.ss_family; }
    sockaddr const* get() const noexcept { return reinterpret_cast<sockaddr const*>(&address); }
};

/// The first address of `where`; asks the name service and waits for it. @throws std::runtime_error
target find_target(endpoint const& where);

} // namespace milter::load
