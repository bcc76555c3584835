// SPDX-License-Identifier: BSL-1.0
// manager/doctor/path_walk.cpp
#include "manager/doctor/path_walk.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <string_view>
#include <system_error>

namespace milter::manager::doctor {

namespace {

// The program has one thread when it asks for names.
std::string name_of_user(uid_t id) {
    auto const* const found = ::getpwuid(id); // NOLINT(concurrency-mt-unsafe)
    return found ? found->pw_name : std::to_string(id);
}

std::string name_of_group(gid_t id) {
    auto const* const found = ::getgrgid(id); // NOLINT(concurrency-mt-unsafe)
    return found ? found->gr_name : std::to_string(id);
}

user user_from(passwd const& entry) {
    int count = 64; // groups; as many as there are is said when there are more
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    if (::getgrouplist(entry.pw_name, entry.pw_gid, groups.data(), &count) < 0) {
        groups.resize(static_cast<std::size_t>(count));
        ::getgrouplist(entry.pw_name, entry.pw_gid, groups.data(), &count);
    }
    groups.resize(static_cast<std::size_t>(count));
    return {entry.pw_name, entry.pw_uid, std::move(groups)};
}

bool has_access_list(std::string const& path) {
    return ::getxattr(path.c_str(), "system.posix_acl_access", nullptr, 0) > 0;
}

/// @param bit  S_IXOTH or S_IWOTH
bool may(user const& whom, struct stat const& at, mode_t bit) {
    if (whom.id == 0) return true;
    if (whom.id == at.st_uid) return (at.st_mode & (bit << 6)) != 0;
    bool const in_group =
        std::find(whom.groups.begin(), whom.groups.end(), at.st_gid) != whom.groups.end();
    return (at.st_mode & (in_group ? bit << 3 : bit)) != 0;
}

/// Whose members may do more than get at a socket.
bool is_system_group(gid_t id) {
    constexpr std::string_view names[] = {"wheel", "sudo",  "adm",     "disk",   "shadow",
                                          "kmem",  "staff", "tty",     "daemon", "bin",
                                          "sys",   "mail",  "postdrop"};
    auto const name = name_of_group(id);
    return id == 0 || std::find(std::begin(names), std::end(names), name) != std::end(names);
}

bool is_home(std::string const& path) { return path == "/root" || path.starts_with("/home"); }

std::optional<obstacle> obstacle_at(std::string const& path, user const& whom, bool is_socket) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0)
        return obstacle{path, is_socket, errno, {}, {}, 0, false};
    if (may(whom, found, is_socket ? S_IWOTH : S_IXOTH) || has_access_list(path))
        return std::nullopt;
    constexpr unsigned permissions = 07777;
    return obstacle{path,
                    is_socket,
                    0,
                    name_of_user(found.st_uid),
                    name_of_group(found.st_gid),
                    found.st_mode & permissions,
                    is_system_group(found.st_gid) || is_home(path)};
}

} // namespace

std::optional<user> user_named(std::string const& name) {
    auto const* const found = ::getpwnam(name.c_str()); // NOLINT(concurrency-mt-unsafe)
    return found ? std::optional(user_from(*found)) : std::nullopt;
}

std::optional<user> user_of_id(uid_t id) {
    auto const* const found = ::getpwuid(id); // NOLINT(concurrency-mt-unsafe)
    return found ? std::optional(user_from(*found)) : std::nullopt;
}

user myself() {
    user me{name_of_user(::geteuid()), ::geteuid(), {::getegid()}};
    std::vector<gid_t> more(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
    auto const count = ::getgroups(static_cast<int>(more.size()), more.data());
    more.resize(static_cast<std::size_t>(std::max(count, 0)));
    me.groups.insert(me.groups.end(), more.begin(), more.end());
    return me;
}

std::optional<uid_t> owner_of(std::string const& file) {
    struct stat found {};
    return ::stat(file.c_str(), &found) == 0 ? std::optional(found.st_uid) : std::nullopt;
}

std::optional<obstacle> obstacle_to(std::string const& socket, user const& whom) {
    for (auto slash = socket.find('/'); slash != socket.npos; slash = socket.find('/', slash + 1)) {
        auto const folder = slash == 0 ? std::string("/") : socket.substr(0, slash);
        if (auto found = obstacle_at(folder, whom, false)) return found;
    }
    return obstacle_at(socket, whom, true);
}

std::string describe(obstacle const& one) {
    if (one.error != 0) return one.path + " (" + std::generic_category().message(one.error) + ")";
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", one.mode);
    return one.path + " (" + one.owner + ':' + one.group + ", " + mode + ')';
}

} // namespace milter::manager::doctor
