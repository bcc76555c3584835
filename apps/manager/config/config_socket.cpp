// SPDX-License-Identifier: BSL-1.0
// manager/config/config_socket.cpp - why a socket is refused, and which spellings mean the same one
#include "manager/config/config_socket.hpp"

#include "manager/config/printable.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

namespace milter::manager {

namespace {

/// The path in `unix:PATH`, `local:PATH` or `/PATH`.
std::optional<std::string_view> unix_path_of(std::string_view text) {
    if (text.front() == '/') return text;
    for (std::string_view const scheme : {"unix:", "local:"})
        if (equal_ignoring_case(text.substr(0, scheme.size()), scheme))
            return text.substr(scheme.size());
    return {};
}

refusal check_unix_path(std::string_view path) {
    if (path.empty()) return complaint{"socket without a path", std::string(socket_form)};
    if (path.front() != '/')
        return complaint{"relative path " + in_quotes(path),
                         "the path of a socket begins with \"/\""};
    if (path.size() > max_unix_path)
        return complaint{"path of " + std::to_string(path.size()) +
                             " bytes: a socket takes at most " + std::to_string(max_unix_path),
                         {}};
    return {};
}

/// Puts the scheme in front that was probably left out.
std::string likely_socket(std::string_view text) {
    if (text.find_first_of(":@") == text.npos) return std::string(socket_form);
    bool const address6 = std::count(text.begin(), text.end(), ':') > 1;
    auto const guess = (address6 ? "inet6:" : "inet:") + std::string(text);
    auto const parsed = parse_endpoint(guess);
    bool const likely =
        parsed && (!address6 ||
                   parsed->host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string::npos);
    return likely ? "did you mean " + in_quotes(guess) + "?" : std::string(socket_form);
}

/// Where a port stands, a number of which there is no port.
bool has_port_too_large(std::string_view text) {
    constexpr unsigned most = 65'535;
    auto const at = text.find('@');
    auto port = text.substr(0, at);
    port.remove_prefix(port.rfind(':') + 1); // of none: 0
    if (port.empty() || port.find_first_not_of("0123456789") != port.npos) return false;
    unsigned value = 0;
    auto const ec = std::from_chars(port.data(), port.data() + port.size(), value).ec;
    return ec != std::errc() || value > most;
}

/// One spelling for each path: no empty and no "." parts. Links are not followed.
std::string plain_path(std::string_view path) {
    std::string out;
    while (!path.empty()) {
        auto const end = std::min(path.find('/'), path.size());
        auto const part = path.substr(0, end);
        if (!part.empty() && part != ".") (out += '/') += part;
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return out;
}

/// As the name service reads addresses, for which "0" is one, too.
bool is_unspecified4(std::string const& host) {
    in_addr found{};
    return ::inet_aton(host.c_str(), &found) == 1 && found.s_addr == INADDR_ANY;
}

/// "::ffff:0.0.0.0" is all addresses of IPv4. A zone changes nothing of that.
bool is_unspecified6(std::string const& host) {
    constexpr in6_addr mapped{{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0}}};
    in6_addr found{};
    if (::inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &found) != 1) return false;
    return IN6_IS_ADDR_UNSPECIFIED(&found) || IN6_ARE_ADDR_EQUAL(&found, &mapped);
}

bool is_any_address(std::string const& host) {
    return host.empty() || is_unspecified4(host) || is_unspecified6(host);
}
bool is_own_address(std::string_view host) {
    return host == "::1" || host.substr(0, 4) == "127." || equal_ignoring_case(host, "localhost");
}

/// localhost and its usual address are one.
bool same_host(endpoint const& a, endpoint const& b) {
    auto const address = [](endpoint const& e) -> std::string_view {
        if (!equal_ignoring_case(e.host, "localhost")) return e.host;
        return e.family == endpoint::kind::inet ? "127.0.0.1" : "::1";
    };
    return equal_ignoring_case(address(a), address(b));
}

/// Same port of the same family; unix sockets: same file.
bool same_door(endpoint const& a, endpoint const& b) {
    if (a.family != b.family) return false;
    if (a.family == endpoint::kind::unix_path) return plain_path(a.path) == plain_path(b.path);
    return a.service == b.service && a.service != "0"; // 0: the system picks one
}

refusal append_socket(std::vector<endpoint>& to, std::string const& text) {
    std::string checked;
    endpoint one;
    if (auto refused = get_text("a socket", text, checked, socket_form)) return refused;
    if (auto refused = assign_socket(one, checked)) return refused;
    for (std::size_t i = 0; i < to.size(); ++i)
        if (same_peer(one, to[i]))
            return complaint{in_quotes(text) + " is in the list already",
                             "as number " + std::to_string(i + 1)};
    to.push_back(std::move(one));
    return {};
}

} // namespace

refusal assign_socket(endpoint& to, std::string_view text) {
    if (auto const path = unix_path_of(text))
        if (auto refused = check_unix_path(*path)) return refused;
    auto const parsed = parse_endpoint(text);
    if (!parsed && text.starts_with("inet") && has_port_too_large(text))
        return complaint{"port above 65535 in " + in_quotes(text), {}};
    if (!parsed) return complaint{"cannot read " + in_quotes(text), likely_socket(text)};
    if (parsed->family == endpoint::kind::inet && parsed->host.find(':') != std::string::npos)
        return complaint{"IPv6 address in " + in_quotes(text),
                         R"(write "inet6:" instead of "inet:")"};
    if (parsed->family == endpoint::kind::inet6 && !parsed->host.empty() &&
        parsed->host.find_first_not_of("0123456789.") == std::string::npos)
        return complaint{"IPv4 address in " + in_quotes(text),
                         R"(write "inet:" instead of "inet6:")"};
    to = *parsed;
    return {};
}

refusal assign_sockets(std::vector<endpoint>& to, raw_value const& value) {
    std::vector<std::string> texts;
    if (auto const* list = std::get_if<std::vector<std::string>>(&value))
        texts = *list;
    else if (auto refused =
                 get_text("a socket or a list of them", value, texts.emplace_back(), socket_form))
        return refused;
    if (texts.empty()) return complaint{"no socket is named", std::string(socket_form)};
    if (texts.size() > max_endpoints)
        return complaint{std::to_string(texts.size()) + " sockets: a milter has at most " +
                             std::to_string(max_endpoints),
                         {}};
    std::vector<endpoint> sockets;
    for (std::size_t i = 0; i < texts.size(); ++i)
        if (auto refused = append_socket(sockets, texts[i])) {
            refused->element = i;
            return refused;
        }
    to = std::move(sockets);
    return {};
}

bool is_on_all_addresses(endpoint const& listen) {
    return listen.family != endpoint::kind::unix_path && is_any_address(listen.host);
}

bool same_peer(endpoint const& a, endpoint const& b) {
    return same_door(a, b) && (a.family == endpoint::kind::unix_path || same_host(a, b));
}

bool same_place(endpoint const& a, endpoint const& b) {
    if (!same_door(a, b)) return false;
    if (a.family == endpoint::kind::unix_path) return true;
    return is_any_address(a.host) || is_any_address(b.host) || same_host(a, b);
}

bool reaches(endpoint const& peer, endpoint const& listen) {
    if (!same_door(peer, listen)) return false;
    if (peer.family == endpoint::kind::unix_path || same_host(peer, listen)) return true;
    // who connects to "any" address reaches the loopback one
    bool const here = is_any_address(peer.host) || is_own_address(peer.host);
    return here && (is_any_address(listen.host) ||
                    (is_any_address(peer.host) && is_own_address(listen.host)));
}

} // namespace milter::manager
