// SPDX-License-Identifier: BSL-1.0
// manager/machine.cpp - groups, directories and the spool, asked of the system
#include "manager/machine.hpp"

#include "manager/running_manager.hpp"
#include "manager/socket_probe.hpp"
#include <milter/net/listener.hpp>

#include <fcntl.h>
#include <netdb.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace milter::manager {

namespace {

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

bool has_service(std::string const& name) {
    return ::getservbyname(name.c_str(), "tcp") != nullptr; // NOLINT(concurrency-mt-unsafe)
}

} // namespace

machine this_machine() {
    return {[](std::string const& name) { return net::group_id(name).has_value(); },
            directory_error, spool_error};
}

machine this_machine_before_start() {
    auto all = this_machine();
    all.directory_error = writing_error;
    all.user = user_name();
    all.file_error = file_error;
    all.may_give_to = may_give_to;
    all.as_root = ::geteuid() == 0;
    all.addresses_of = addresses_of;
    all.listen_error = listen_error;
    all.find_manager = find_manager;
    all.has_service = has_service;
    return all;
}

} // namespace milter::manager
