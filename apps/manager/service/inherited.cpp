// SPDX-License-Identifier: BSL-1.0
// manager/service/inherited.cpp
#include "manager/service/inherited.hpp"

#include "manager/config/config_socket.hpp"
#include "manager/config/printable.hpp"
#include <milter/net/listener.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace milter::manager {

namespace {

std::optional<long> number(char const* text) {
    if (!text) return std::nullopt;
    std::string_view const digits(text);
    long value = 0;
    auto const [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (ec != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

std::vector<std::string> split_at_colons(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        auto const end = std::min(text.find(':'), text.size());
        parts.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

int option(int descriptor, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

} // namespace

inheritance parse_inheritance(char const* pid, char const* fds, char const* names, long self) {
    auto const count = number(fds);
    if (number(pid) != self || !count || *count < 1 || *count > inherited_limit) return {};
    return {static_cast<int>(*count), split_at_colons(names ? names : "")};
}

inherited_sockets inherited_sockets::of_environment() {
    // NOLINTBEGIN(concurrency-mt-unsafe): there are no threads yet
    auto const said =
        parse_inheritance(std::getenv("LISTEN_PID"), std::getenv("LISTEN_FDS"),
                          std::getenv("LISTEN_FDNAMES"), static_cast<long>(::getpid()));
    for (auto const* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
    // NOLINTEND(concurrency-mt-unsafe)
    inherited_sockets found;
    for (int i = 0; i < said.count; ++i) {
        auto const named = static_cast<std::size_t>(i) < said.names.size();
        found.all_.push_back(describe(
            first_inherited + i, named ? said.names[static_cast<std::size_t>(i)] : std::string()));
    }
    return found;
}

inherited_sockets::held inherited_sockets::describe(int descriptor, std::string name) {
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    held found{descriptor, std::move(name), std::nullopt};
    if (option(descriptor, SO_TYPE) != SOCK_STREAM || option(descriptor, SO_ACCEPTCONN) != 1)
        return found;
    sockaddr_storage raw{};
    socklen_t size = sizeof raw;
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&raw), &size) != 0) return found;
    if (raw.ss_family == AF_UNIX || raw.ss_family == AF_INET || raw.ss_family == AF_INET6)
        found.where = net::endpoint_of(net::address(&raw, size));
    return found;
}

std::optional<int> inherited_sockets::take(endpoint const& where) {
    auto const found = std::find_if(all_.begin(), all_.end(), [&](held const& candidate) {
        if (!candidate.where) return false;
        if (where.family != endpoint::kind::unix_path) return *candidate.where == where;
        return same_place(*candidate.where, where); // one path has several spellings
    });
    if (found == all_.end()) return std::nullopt;
    auto const descriptor = found->descriptor;
    all_.erase(found);
    return descriptor;
}

std::vector<std::string> inherited_sockets::close_rest() {
    std::vector<std::string> said;
    for (auto const& one : std::exchange(all_, {})) {
        auto text = "inherited descriptor " + std::to_string(one.descriptor);
        if (!one.name.empty()) text += " (" + printable(one.name) + ')';
        if (one.where)
            text += ": no [[listen]] has " + printable(to_string(*one.where));
        else
            text += ": not a listening stream socket";
        said.push_back(text + ": closed");
        ::close(one.descriptor);
    }
    return said;
}

} // namespace milter::manager
