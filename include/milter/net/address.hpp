// SPDX-License-Identifier: BSL-1.0
// milter/net/address.hpp - endpoints as the system wants them
#pragma once

#include <milter/endpoint.hpp>
#include <milter/error.hpp>
#include <milter/net/stream.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

namespace milter::net {

using address = asio::generic::stream_protocol::endpoint;

inline int family_of(address const& where) noexcept { return where.protocol().family(); }

namespace detail {

inline std::optional<unsigned short> numeric_port(std::string const& service) noexcept {
    unsigned short port = 0;
    auto const* const last = service.data() + service.size();
    auto const [end, ec] = std::from_chars(service.data(), last, port);
    if (ec != std::errc{} || end != last) return std::nullopt;
    return port;
}

inline asio::ip::tcp::resolver::flags resolver_flags(bool passive) noexcept {
    return passive ? asio::ip::tcp::resolver::passive : asio::ip::tcp::resolver::flags{};
}

} // namespace detail

/// The address of an endpoint that needs no name service; empty when it does.
inline std::optional<address> literal_address(endpoint const& where) {
    if (where.family == endpoint::kind::unix_path)
        return address(asio::local::stream_protocol::endpoint(where.path));
    auto const port = detail::numeric_port(where.service);
    if (!port || where.host.empty()) return std::nullopt;
    error_code ec;
    auto const host = asio::ip::make_address(where.host, ec);
    if (ec || (where.family == endpoint::kind::inet6) != host.is_v6()) {
        // inet:port@[::1] is meant as it is written
        if (ec || where.family == endpoint::kind::inet6) return std::nullopt;
    }
    return address(asio::ip::tcp::endpoint(host, *port));
}

/// All addresses of `where`, in the order of the name service. Blocks; for start-up.
/// @param to_listen  a missing host means all interfaces, else the loopback
inline std::vector<address> resolve(endpoint const& where, bool to_listen, error_code& ec) {
    if (auto literal = literal_address(where)) return {*literal};
    asio::io_context context{1};
    asio::ip::tcp::resolver resolver(context);
    auto const family =
        where.family == endpoint::kind::inet6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
    auto const host = where.host.empty() && !to_listen ? std::string("localhost") : where.host;
    std::vector<address> found;
    for (auto const& one :
         resolver.resolve(family, host, where.service, detail::resolver_flags(to_listen), ec))
        found.emplace_back(one.endpoint());
    return found;
}

/// Connects a unix socket, which takes no time: connected or not, e.g. try_again when the backlog is full. By hand, as
/// Asio takes EAGAIN for "in progress" and then reports success.
inline void connect_unix(socket& fresh, address const& where, error_code& ec) noexcept {
    if (!fresh.is_open()) fresh.open(where.protocol(), ec);
    if (!ec) fresh.non_blocking(true, ec);
    if (ec) return;
    int result = -1;
    do {
        result =
            ::connect(fresh.native_handle(), where.data(), static_cast<socklen_t>(where.size()));
    } while (result != 0 && errno == EINTR);
    if (result != 0) ec.assign(errno, boost::system::system_category());
}

} // namespace milter::net
