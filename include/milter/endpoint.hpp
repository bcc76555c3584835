// SPDX-License-Identifier: BSL-1.0
// milter/endpoint.hpp - where a milter listens, in the spellings of Sendmail and of Postfix
//
// Text only: names are resolved in net/. Layer: base.
// Source: protocol.md section 7 (libmilter smfi_setconn, sendmail S=, Postfix smtpd_milters).
#pragma once

#include <milter/ascii.hpp>
#include <milter/error.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace milter {

struct endpoint {
    enum class kind { unix_path, inet, inet6 };

    kind family = kind::unix_path;
    std::string path;    ///< unix_path: the file
    std::string host;    ///< inet, inet6: name or address without brackets; empty: not given
    std::string service; ///< inet, inet6: port number or service name

    friend bool operator==(endpoint const&, endpoint const&) = default;
};

/// Longest path that fits sockaddr_un with its NUL on Linux.
inline constexpr std::size_t max_unix_path = 107; // bytes: sizeof(sockaddr_un::sun_path) - 1

/// Parses `unix:PATH`, `local:PATH`, `/PATH`, `inet:PORT@HOST` (Sendmail), `inet:HOST:PORT`
/// (Postfix), `inet:PORT`, the same with `inet6:`, and brackets around addresses.
/// With an `@` the order is `port@host`; else the text is split at the last colon outside brackets.
/// @errors  bad_endpoint
result<endpoint> parse_endpoint(std::string_view text);

/// Sendmail spelling, which parse_endpoint() reads back to an equal endpoint.
std::string to_string(endpoint const& where);

namespace detail {

inline bool is_port(std::string_view text) noexcept {
    if (text.empty() || text.size() > 32) return false;
    auto const digit = [](char c) { return c >= '0' && c <= '9'; };
    auto const letter = [](char c) { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; };
    auto const in_name = [&](char c) { return digit(c) || letter(c) || c == '-' || c == '_'; };
    if (!std::all_of(text.begin(), text.end(), digit)) // a service name has a letter (RFC 6335)
        return std::all_of(text.begin(), text.end(), in_name) &&
               std::any_of(text.begin(), text.end(), letter);
    unsigned value = 0;
    for (char c : text) {
        value = value * 10 + static_cast<unsigned>(c - '0');
        if (value > 65535) return false;
    }
    return true;
}

/// `[addr]`, `[IPv6:addr]`, the same without brackets, or a plain name; empty result stands for "malformed".
inline std::string_view strip_brackets(std::string_view host) noexcept {
    if (host.empty() || (host.front() == '[') != (host.back() == ']')) return {};
    auto const tagged = [&] { return equal_ignoring_case(host.substr(0, 5), "ipv6:"); };
    if (host.front() == '[') host = host.substr(1, host.size() - 2);
    if (tagged()) host.remove_prefix(5);
    if (tagged()) return {};
    bool const plain = std::all_of(host.begin(), host.end(), [](char c) {
        return c > ' ' && c < 0x7f && c != '[' && c != ']' && c != '@' && c != '/';
    });
    return plain ? host : std::string_view{};
}

inline result<endpoint> parse_inet(endpoint::kind family, std::string_view rest) {
    std::string_view port, host;
    bool has_host = false;
    if (auto const at = rest.find('@'); at != rest.npos) {
        port = rest.substr(0, at);
        host = rest.substr(at + 1);
        has_host = true;
    } else {
        auto const bracket = rest.rfind(']');
        auto const colon = rest.rfind(':');
        bool const split = colon != rest.npos && (bracket == rest.npos || colon > bracket);
        port = split ? rest.substr(colon + 1) : rest;
        host = split ? rest.substr(0, colon) : std::string_view{};
        has_host = split;
    }
    if (!is_port(port)) return error_code(errc::bad_endpoint);
    if (has_host) {
        host = strip_brackets(host);
        if (host.empty()) return error_code(errc::bad_endpoint);
    }
    return endpoint{family, {}, std::string(host), std::string(port)};
}

} // namespace detail

inline result<endpoint> parse_endpoint(std::string_view text) {
    auto const unix_path = [](std::string_view path) -> result<endpoint> {
        if (path.empty() || path.size() > max_unix_path || path.find('\0') != path.npos)
            return error_code(errc::bad_endpoint);
        return endpoint{endpoint::kind::unix_path, std::string(path), {}, {}};
    };
    if (!text.empty() && text.front() == '/') return unix_path(text);
    auto const colon = text.find(':');
    if (colon == text.npos) return error_code(errc::bad_endpoint);
    auto const scheme = text.substr(0, colon);
    auto const rest = text.substr(colon + 1);
    if (equal_ignoring_case(scheme, "unix") || equal_ignoring_case(scheme, "local"))
        return unix_path(rest);
    if (equal_ignoring_case(scheme, "inet")) return detail::parse_inet(endpoint::kind::inet, rest);
    if (equal_ignoring_case(scheme, "inet6"))
        return detail::parse_inet(endpoint::kind::inet6, rest);
    return error_code(errc::bad_endpoint);
}

inline std::string to_string(endpoint const& where) {
    if (where.family == endpoint::kind::unix_path) return "unix:" + where.path;
    std::string text = where.family == endpoint::kind::inet ? "inet:" : "inet6:";
    text += where.service;
    if (where.host.empty()) return text;
    bool const address = where.host.find_first_not_of("0123456789.") == std::string::npos ||
                         where.host.find(':') != std::string::npos;
    return text + (address ? "@[" + where.host + "]" : "@" + where.host);
}

} // namespace milter
