// SPDX-License-Identifier: BSL-1.0
// manager/import/socket_name.cpp - what the socket tells of who listens
#include "manager/import/socket_name.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace milter::manager {

namespace {

/// "opendkim" of "/run/opendkim/opendkim.sock", "rspamd" of "/run/rspamd/milter.sock".
std::string_view name_in_path(std::string_view path) noexcept {
    constexpr std::string_view of_anybody[] = {"milter", "socket", "sock", "mta", "filter"};
    auto const slash = path.rfind('/');
    auto const file = path.substr(slash == path.npos ? 0 : slash + 1);
    auto const stem = file.substr(0, file.find('.'));
    bool const tells = !stem.empty() && std::find(std::begin(of_anybody), std::end(of_anybody),
                                                  stem) == std::end(of_anybody);
    if (tells || slash == path.npos || slash == 0) return stem;
    auto const folder = path.substr(0, slash);
    return folder.substr(folder.rfind('/') + 1);
}

/// Of the ports that programs propose in their own documentation.
std::string_view name_of_port(std::string_view port) noexcept {
    constexpr std::pair<std::string_view, std::string_view> usual[] = {
        {"8891", "opendkim"}, {"8893", "opendmarc"}, {"11332", "rspamd"}};
    for (auto const& [known, name] : usual)
        if (known == port) return name;
    return {};
}

} // namespace

socket_name name_of_socket(endpoint const& where) {
    if (where.family == endpoint::kind::unix_path)
        return {std::string(name_in_path(where.path)), "The name is from its socket."};
    auto const usual = name_of_port(where.service);
    if (!usual.empty())
        return {std::string(usual), "The name is a guess: port " + where.service +
                                        " is usual for it. Change it as you like."};
    return {"milter-" + where.service, "The name is from its port. Change it as you like."};
}

} // namespace milter::manager
