// SPDX-License-Identifier: BSL-1.0
// manager/socket_probe.cpp
#include "manager/socket_probe.hpp"

#include <milter/net/address.hpp>
#include <milter/net/listener.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace milter::manager {

namespace {

error_code system_error(int number) { return {number, boost::system::system_category()}; }

/// A socket of the address, which is gone after the call. @return errno of what is done with it
template <class Call> int with_socket(net::address const& where, int type, Call call) {
    int const probe = ::socket(net::family_of(where), type | SOCK_CLOEXEC, 0);
    if (probe < 0) return errno;
    int const error =
        call(probe, where.data(), static_cast<socklen_t>(where.size())) == 0 ? 0 : errno;
    ::close(probe);
    return error;
}

// ---- unix sockets

/// Of a line of /proc/net/unix.
/// @source  proc_pid_net(5), unix: "Num: RefCount Protocol Flags Type St Inode Path"
bool is_listener(std::string_view line, std::string_view path) {
    constexpr std::string_view stream_that_accepts = " 00000000 00010000 0001 01 ";
    constexpr std::size_t count_width = 8;
    auto const name_end = std::min(line.find(": "), line.size());
    line.remove_prefix(std::min(name_end + 2 + count_width, line.size()));
    if (!line.starts_with(stream_that_accepts) || !line.ends_with(path)) return false;
    line.remove_prefix(stream_that_accepts.size());
    if (line.size() <= path.size()) return false;
    line.remove_suffix(path.size());
    return line.back() == ' ' && line.find_first_not_of("0123456789 ") == line.npos;
}

/// No more than a hint: the system prints names as they are, so any user can have a line of his own in there.
bool is_said_to_be_listened_on(std::string const& path) {
    std::ifstream sockets("/proc/net/unix");
    for (std::string line; std::getline(sockets, line);)
        if (is_listener(line, path)) return true;
    return false;
}

/// What a connection of the wrong type is refused with tells whether somebody has the file open as a stream, who hears
/// nothing of it: a real one he would take for a session. It is the file that is compared, in whatever spelling.
error_code unix_error(endpoint const& where) {
    struct stat found {};
    bool const is_seen = ::lstat(where.path.c_str(), &found) == 0;
    if (!is_seen && errno != EACCES) return {};
    if (is_seen && !S_ISSOCK(found.st_mode)) return system_error(EEXIST);
    int const error = with_socket(*net::literal_address(where), SOCK_DGRAM, ::connect);
    if (error == EPROTOTYPE || error == 0) return system_error(EADDRINUSE);
    if (error != EACCES) return {};
    if (is_said_to_be_listened_on(where.path)) return system_error(EADDRINUSE);
    return is_seen ? system_error(EACCES) : error_code();
}

// ---- ports

/// Of /proc/net/tcp: digits and a colon.
bool is_on_all(std::string_view local) { return local.find_first_not_of('0') == local.find(':'); }

/// As /proc/net/tcp has it: words of the address as they are in memory.
std::string local_of(net::address const& where) {
    std::ostringstream out;
    out << std::hex << std::uppercase;
    auto const word = [&](std::uint32_t value) {
        out.width(8);
        out.fill('0');
        out << value;
    };
    if (net::family_of(where) == AF_INET)
        word(reinterpret_cast<sockaddr_in const*>(where.data())->sin_addr.s_addr);
    else
        for (auto const part :
             reinterpret_cast<sockaddr_in6 const*>(where.data())->sin6_addr.s6_addr32)
            word(part);
    out << ':';
    out.width(4);
    // the port is at the same place in both families
    out << ntohs(reinterpret_cast<sockaddr_in const*>(where.data())->sin_port);
    return out.str();
}

/// @source  proc_pid_net(5), tcp: "sl local_address rem_address st"; state 0A listens
bool is_listened_on(net::address const& where) {
    auto const wanted = local_of(where);
    auto const port = wanted.substr(wanted.find(':'));
    for (auto const* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        std::ifstream sockets(table);
        for (std::string line; std::getline(sockets, line);) {
            std::istringstream fields(line);
            std::string number, local, remote, state;
            fields >> number >> local >> remote >> state;
            if (state == "0A" && local.ends_with(port) &&
                (local == wanted || is_on_all(local) || is_on_all(wanted)))
                return true;
        }
    }
    return false;
}

int bind_shared(int probe, sockaddr const* where, socklen_t size) {
    int const yes = 1;
    ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    return ::bind(probe, where, size);
}

/// Only the system knows by all its rules which addresses are in each other's way, so it is asked, not its list of
/// sockets. The port is ours for that moment, but with SO_REUSEADDR, and nobody listens: another server that begins then
/// is not kept from it when it sets that, too, as servers do. A port that this user may not have may be listened on, too.
error_code port_error(net::address const& where) {
    int const error = with_socket(where, SOCK_STREAM, bind_shared);
    if (error == 0) return {};
    return system_error(error == EACCES && is_listened_on(where) ? EADDRINUSE : error);
}

} // namespace

std::vector<endpoint> addresses_of(endpoint const& where, error_code& ec) {
    std::vector<endpoint> all;
    for (auto const& one : net::resolve(where, true, ec)) all.push_back(net::endpoint_of(one));
    return all;
}

error_code listen_error(endpoint const& where) {
    if (where.family == endpoint::kind::unix_path) return unix_error(where);
    auto const literal = net::literal_address(where);
    return literal ? port_error(*literal) : error_code(errc::bad_endpoint);
}

} // namespace milter::manager
