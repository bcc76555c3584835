// SPDX-License-Identifier: BSL-1.0
// manager/machine.cpp - groups, directories and the spool, asked of the system
#include "manager/machine.hpp"

#include <milter/net/listener.hpp>

#include <sys/stat.h>

#include <cerrno>

namespace milter::manager {

namespace {

int directory_error(std::string const& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return errno;
    return S_ISDIR(found.st_mode) ? 0 : ENOTDIR;
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

} // namespace

machine this_machine() {
    return {[](std::string const& name) { return net::group_id(name).has_value(); },
            directory_error, spool_error};
}

} // namespace milter::manager
