// SPDX-License-Identifier: BSL-1.0
// load/target.cpp - the address of a milter, looked up once
#include "load/target.hpp"

#include <netdb.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace milter::load {

namespace {

void set_path(target& to, std::string const& path) {
    auto* const local = reinterpret_cast<sockaddr_un*>(&to.address);
    local->sun_family = AF_UNIX;
    std::memcpy(local->sun_path, path.c_str(), path.size() + 1); // parse_endpoint() saw to the size
    to.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
}

} // namespace

target find_target(endpoint const& where) {
    target found;
    found.name = to_string(where);
    if (where.family == endpoint::kind::unix_path) {
        set_path(found, where.path);
        return found;
    }
    bool const is_v6 = where.family == endpoint::kind::inet6;
    auto const host = !where.host.empty() ? where.host : std::string(is_v6 ? "::1" : "127.0.0.1");
    addrinfo wanted{};
    wanted.ai_family = is_v6 ? AF_INET6 : AF_INET;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    int const failed = ::getaddrinfo(host.c_str(), where.service.c_str(), &wanted, &list);
    if (failed != 0)
        throw std::runtime_error("cannot find " + found.name + ": " + ::gai_strerror(failed));
    std::unique_ptr<addrinfo, void (*)(addrinfo*)> const all(list, ::freeaddrinfo);
    std::memcpy(&found.address, all->ai_addr, all->ai_addrlen);
    found.size = all->ai_addrlen;
    return found;
}

} // namespace milter::load
