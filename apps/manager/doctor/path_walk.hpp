// SPDX-License-Identifier: BSL-1.0
// manager/doctor/path_walk.hpp - whether a user can get at a unix socket, and if not, what stops him
//
// By owner, group and mode alone. What has an access list (ACL) counts as open, as its mode says nothing about it.
// Source: path_resolution(7), unix(7)
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace milter::manager::doctor {

struct user {
    std::string name;
    uid_t id = 0;
    std::vector<gid_t> groups;
};

/// Empty: there is none.
std::optional<user> user_named(std::string const& name);
std::optional<user> user_of_id(uid_t id);
/// As this process runs.
user myself();

/// Owner of the file; empty: there is none.
std::optional<uid_t> owner_of(std::string const& file);

/// The first thing on the way that does not let him through.
struct obstacle {
    std::string path;
    bool is_socket = false; ///< the end of the way, which he may not write to; else a folder
    int error = 0;          ///< errno: it cannot be looked at; 0: its mode forbids it
    std::string owner;
    std::string group;
    unsigned mode = 0;
    bool is_off_limits =
        false; ///< of root's or another group of the system, or a home: no advice is to open it
};

std::optional<obstacle> obstacle_to(std::string const& socket, user const& whom);

/// "/run/opendkim (opendkim:opendkim, 0750)"
std::string describe(obstacle const& one);

} // namespace milter::manager::doctor
