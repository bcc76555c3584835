// SPDX-License-Identifier: BSL-1.0
// manager/doctor/mta_spelling.cpp
#include "manager/doctor/mta_spelling.hpp"

#include <algorithm>
#include <iterator>

namespace milter::manager::doctor {

namespace {

constexpr std::string_view between = " \t\r\n,";

/// Text up to the brace that closes the first one.
std::string_view braced_part(std::string_view text) {
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '{') ++depth;
        if (text[i] == '}' && --depth == 0) return text.substr(0, i + 1);
    }
    return text;
}

std::string_view first_item(std::string_view text) {
    return text.front() == '{' ? braced_part(text) : text.substr(0, text.find_first_of(between));
}

/// `inet:host:port` of `{ inet:host:port, connect_timeout=1s }`
std::string_view socket_of(std::string_view item) {
    if (item.front() != '{') return item;
    item.remove_prefix(1);
    item.remove_prefix(std::min(item.find_first_not_of(between), item.size()));
    return item.substr(0, item.find_first_of(" \t\r\n,}"));
}

std::string_view plain_host(std::string_view host) {
    return host.empty() || host == "localhost" ? "127.0.0.1" : host;
}

bool is_all(std::string_view host) { return host.empty() || host == "0.0.0.0" || host == "::"; }

} // namespace

std::vector<std::string_view> items_in(std::string_view list) {
    std::vector<std::string_view> found;
    for (;;) {
        list.remove_prefix(std::min(list.find_first_not_of(between), list.size()));
        if (list.empty()) return found;
        found.push_back(first_item(list));
        list.remove_prefix(found.back().size());
    }
}

std::optional<endpoint> socket_in(std::string_view item) {
    auto const where = parse_endpoint(socket_of(item));
    return where ? std::optional(*where) : std::nullopt;
}

std::vector<endpoint> sockets_in(std::string_view list) {
    std::vector<endpoint> found;
    for (auto const item : items_in(list))
        if (auto const where = socket_in(item)) found.push_back(*where);
    return found;
}

std::string postfix_command(std::string_view program, postfix_settings const& postfix) {
    auto const& folder = postfix.config_directory;
    if (folder.empty()) return std::string(program);
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789/._-";
    auto const quote = folder.find_first_not_of(plain) == folder.npos ? "" : "'";
    return std::string(program) + " -c " + quote + folder + quote;
}

std::vector<std::string> lines_to_set(std::string const& parameter, std::string const& value,
                                      postfix_settings const& postfix) {
    return {postfix_command("postconf", postfix) + " -e \"" + parameter + " = " + value + '"',
            postfix_command("postfix", postfix) + " reload"};
}

std::string queue_folder(postfix_settings const& postfix) {
    return (postfix.queue_directory.empty() ? "/var/spool/postfix" : postfix.queue_directory) + '/';
}

endpoint outside_of_chroot(endpoint of_mta, postfix_settings const& postfix) {
    if (of_mta.family != endpoint::kind::unix_path) return of_mta;
    if (of_mta.path.front() != '/')
        of_mta.path.insert(0, queue_folder(postfix));
    else if (postfix.smtpd_in_chroot)
        of_mta.path.insert(0, queue_folder(postfix).substr(0, queue_folder(postfix).size() - 1));
    return of_mta;
}

bool is_known_to_postfix(std::string_view item) {
    constexpr std::string_view transports[] = {"inet:", "unix:", "local:"};
    return std::any_of(std::begin(transports), std::end(transports),
                       [&](auto one) { return socket_of(item).starts_with(one); });
}

bool leads_to(endpoint const& to, endpoint const& at) {
    if ((to.family == endpoint::kind::unix_path) != (at.family == endpoint::kind::unix_path))
        return false;
    if (at.family == endpoint::kind::unix_path) return to.path == at.path;
    return to.service == at.service &&
           (is_all(at.host) || plain_host(to.host) == plain_host(at.host));
}

std::optional<std::string> spelling_for(endpoint const& listener, postfix_settings const& postfix) {
    if (listener.family == endpoint::kind::unix_path) {
        auto const folder = queue_folder(postfix);
        if (listener.path.starts_with(folder)) return "unix:" + listener.path.substr(folder.size());
        return postfix.smtpd_in_chroot ? std::nullopt : std::optional("unix:" + listener.path);
    }
    auto const* const here = listener.family == endpoint::kind::inet6 ? "::1" : "127.0.0.1";
    auto const host = is_all(listener.host) ? std::string(here) : listener.host;
    auto const bracketed = host.find(':') == host.npos ? host : '[' + host + ']';
    return "inet:" + bracketed + ':' + listener.service;
}

} // namespace milter::manager::doctor
