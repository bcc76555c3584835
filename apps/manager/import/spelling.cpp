// SPDX-License-Identifier: BSL-1.0
// manager/import/spelling.cpp - the spellings of other programs
#include "manager/import/spelling.hpp"

#include "manager/config/config_socket.hpp"
#include "manager/config/config_text.hpp"
#include "manager/config/printable.hpp"
#include <milter/ascii.hpp>
#include <milter/proto/negotiation.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace milter::manager {

namespace {

constexpr char const* write_it_yourself = "write the socket yourself";

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Empty: it is no unix socket.
std::optional<std::string_view> path_of(std::string_view text) {
    for (std::string_view const scheme : {"unix:", "local:"})
        if (equal_ignoring_case(text.substr(0, scheme.size()), scheme))
            return text.substr(scheme.size());
    bool const is_inet = equal_ignoring_case(text.substr(0, 5), "inet:") ||
                         equal_ignoring_case(text.substr(0, 6), "inet6:");
    if (is_inet) return std::nullopt;
    return text; // libmilter takes what has no scheme for a path
}

/// As the configuration will read it.
std::optional<endpoint> checked(std::string const& text, unsigned line, remark_list& remarks) {
    endpoint where;
    if (auto const wrong = assign_socket(where, text)) {
        remarks.lost(line, "socket: " + wrong->message,
                     wrong->hint.empty() ? write_it_yourself : wrong->hint);
        return std::nullopt;
    }
    return where;
}

std::optional<endpoint> unix_socket_of(std::string_view path, socket_habits const& habits,
                                       unsigned line, remark_list& remarks) {
    auto full = std::string(path);
    if (path.empty() || (path.front() != '/' && habits.directory.empty())) {
        remarks.lost(line, "relative path of the socket " + in_quotes(path), write_it_yourself);
        return std::nullopt;
    }
    if (path.front() != '/') {
        full = habits.directory + '/' + full;
        remarks.note(line,
                     "relative path " + in_quotes(path) + " is taken from " +
                         printable(habits.directory),
                     "see that it is right");
    } else if (habits.is_postfix && path.substr(0, habits.directory.size()) != habits.directory) {
        remarks.note(line,
                     "path " + in_quotes(path) + " is below " + printable(habits.directory) +
                         " where smtpd runs in a chroot",
                     "if column 5 of smtpd in master.cf is y, put that directory in front");
    }
    return checked("unix:" + full, line, remarks);
}

/// Here `inet` stands for IPv4 alone, in front of a bracketed IPv6 address, too.
void set_family(endpoint& where) {
    if (where.host.find(':') != std::string::npos) where.family = endpoint::kind::inet6;
}

bool is_text(std::string_view text, unsigned line, remark_list& remarks) {
    if (!text.empty() && printable(text) == text) return true;
    remarks.lost(line, "no socket: " + in_quotes(text), write_it_yourself);
    return false;
}

std::optional<endpoint> parsed(std::string_view text, unsigned line, remark_list& remarks) {
    auto const found = parse_endpoint(text);
    if (found) return *found;
    remarks.lost(line, "no socket: " + in_quotes(text), write_it_yourself);
    return std::nullopt;
}

/// Of "5m" at the beginning, which is taken off.
std::optional<double> take_seconds(std::string_view& text) {
    constexpr double most = 1e9; // a cap against overflow, far beyond what is taken
    double value = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && is_digit(text[digits]); ++digits)
        value = std::min(value * 10 + (text[digits] - '0'), most);
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
    if (text.empty()) return value;
    char const unit = to_lower(text.front());
    text.remove_prefix(1);
    switch (unit) {
    case 's': return value;
    case 'm': return value * 60;
    case 'h': return value * 3600;
    case 'd': return value * 86400;
    case 'w': return value * 604800;
    default: return std::nullopt;
    }
}

std::vector<std::string> sorted_names(std::string_view text) {
    std::vector<std::string> names;
    proto::for_each_name(text, [&](std::string_view name) { names.emplace_back(name); });
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace

std::optional<endpoint> socket_of(std::string_view text, socket_habits const& habits, unsigned line,
                                  remark_list& remarks) {
    if (!is_text(text, line, remarks)) return std::nullopt;
    auto const path = path_of(text);
    if (path && path->size() == text.size() && habits.is_postfix) {
        remarks.lost(line, "no socket: " + in_quotes(text), write_it_yourself);
        return std::nullopt;
    }
    if (path) return unix_socket_of(*path, habits, line, remarks);
    auto where = parsed(text, line, remarks);
    if (!where) return std::nullopt;
    if (where->host.empty() && habits.host.empty()) {
        remarks.lost(line, "socket " + in_quotes(text) + " has no host",
                     "this machine is assumed: write the right one");
        where->host = "localhost";
    }
    if (where->host.empty()) where->host = habits.host;
    set_family(*where);
    return checked(to_string(*where), line, remarks);
}

std::optional<endpoint> listener_of(std::string_view text, unsigned line, remark_list& remarks) {
    if (!is_text(text, line, remarks)) return std::nullopt;
    if (auto const path = path_of(text)) return unix_socket_of(*path, {}, line, remarks);
    auto where = parsed(text, line, remarks);
    if (!where) return std::nullopt;
    set_family(*where);
    if (is_on_all_addresses(*where))
        remarks.note(line, "listens on all addresses of the machine: " + in_quotes(text),
                     "for an MTA on this machine write a host, \"" +
                         std::string(where->family == endpoint::kind::inet6 ? "inet6:" : "inet:") +
                         where->service +
                         (where->family == endpoint::kind::inet6 ? "@[::1]\"" : "@127.0.0.1\""));
    return checked(to_string(*where), line, remarks);
}

std::optional<double> seconds_of(std::string_view text) {
    double all = 0;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        auto const part = take_seconds(text);
        if (!part) return std::nullopt;
        all += *part;
    }
    return all;
}

std::optional<on_error> on_error_of(std::string_view word) noexcept {
    constexpr std::pair<std::string_view, on_error> words[] = {
        {"accept", on_error::accept},
        {"tempfail", on_error::tempfail},
        {"temporary-failure", on_error::tempfail},
        {"temporary_failure", on_error::tempfail},
        {"reject", on_error::reject},
        {"quarantine", on_error::quarantine},
        {"shutdown", on_error::shutdown},
    };
    for (auto const& [name, value] : words)
        if (name == word) return value;
    return std::nullopt;
}

std::string macros_of(std::string_view names, std::string_view default_names, std::string_view what,
                      unsigned line, remark_list& remarks) {
    if (trimmed(names).empty() || sorted_names(names) == sorted_names(default_names)) return {};
    std::string out;
    if (auto const wrong = assign_macros(out, raw_value(std::string(trimmed(names)))))
        remarks.lost(line, std::string(what) + ": " + wrong->message,
                     wrong->hint.empty() ? "write it yourself, under [macros]" : wrong->hint);
    return out;
}

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view blank = " \t\r\n";
    auto const from = text.find_first_not_of(blank);
    if (from == text.npos) return {};
    return text.substr(from, text.find_last_not_of(blank) - from + 1);
}

} // namespace milter::manager
