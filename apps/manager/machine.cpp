// SPDX-License-Identifier: BSL-1.0
// manager/machine.cpp - groups, directories, the spool and sockets, asked of the system
#include "manager/machine.hpp"

#include <milter/net/listener.hpp>

#include <fcntl.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>

namespace milter::manager {

namespace {

error_code system_error(int number) { return {number, boost::system::system_category()}; }

int directory_error(std::string const& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return errno;
    return S_ISDIR(found.st_mode) ? 0 : ENOTDIR;
}

int access_error(std::string const& path, int wanted) {
    return ::faccessat(AT_FDCWD, path.c_str(), wanted, AT_EACCESS) == 0 ? 0 : errno;
}

int writing_error(std::string const& directory) {
    if (int const error = directory_error(directory)) return error;
    return access_error(directory, W_OK | X_OK);
}

std::optional<int> file_error(std::string const& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0)
        return errno == ENOENT || errno == ENOTDIR ? std::nullopt : std::optional(errno);
    return S_ISDIR(found.st_mode) ? EISDIR : access_error(path, W_OK);
}

int spool_error(message::spool_options const& spool) {
    auto probe = spool;
    probe.memory_bytes = 0; // so that the first byte goes to a file
    message::body_store store(&probe);
    error_code ec;
    errno = 0;
    store.append("x", ec);
    if (!ec) return 0;
    return errno != 0 ? errno : EIO;
}

bool may_give_to(std::string const& name) {
    auto const group = net::group_id(name);
    return !group || ::geteuid() == 0 || net::in_group(*group);
}

std::string user_name() {
    auto const* const user = ::getpwuid(::geteuid()); // NOLINT(concurrency-mt-unsafe)
    return user ? "user " + std::string(user->pw_name) : "uid " + std::to_string(::geteuid());
}

/// Without connecting, which the listener would take for a session.
/// @source  proc_pid_net(5), unix: flags 0x10000 of a socket that accepts connections
bool is_listened_on(std::string const& path) {
    constexpr unsigned long accepts = 0x10000;
    std::ifstream sockets("/proc/net/unix");
    for (std::string line; std::getline(sockets, line);) {
        std::istringstream fields(line);
        std::string number, references, protocol, type, state, inode, name;
        unsigned long flags = 0;
        fields >> number >> references >> protocol >> std::hex >> flags >> type >> state >> inode;
        if ((flags & accepts) != 0 && std::getline(fields >> std::ws, name) && name == path)
            return true;
    }
    return false;
}

error_code unix_error(std::string const& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) return {};
    if (!S_ISSOCK(found.st_mode)) return system_error(EEXIST);
    return is_listened_on(path) ? system_error(EADDRINUSE) : error_code();
}

error_code bind_error(net::address const& where) {
    int const probe = ::socket(net::family_of(where), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return system_error(errno);
    int const yes = 1;
    ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    int const result = ::bind(probe, where.data(), static_cast<socklen_t>(where.size()));
    auto const ec = result == 0 ? error_code() : system_error(errno);
    ::close(probe);
    return ec;
}

error_code listen_error(endpoint const& where) {
    if (where.family == endpoint::kind::unix_path) return unix_error(where.path);
    error_code ec;
    for (auto const& one : net::resolve(where, true, ec))
        if (!ec) ec = bind_error(one);
    return ec;
}

} // namespace

machine this_machine() {
    return {[](std::string const& name) { return net::group_id(name).has_value(); },
            directory_error,
            spool_error,
            {},
            {},
            {},
            {}};
}

machine this_machine_before_start() {
    auto all = this_machine();
    all.directory_error = writing_error;
    all.user = user_name();
    all.file_error = file_error;
    all.may_give_to = may_give_to;
    all.listen_error = listen_error;
    return all;
}

} // namespace milter::manager
