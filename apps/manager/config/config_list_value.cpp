// SPDX-License-Identifier: BSL-1.0
// manager/config/config_list_value.cpp - block and allow lists in DNS: their names and answers, and the servers
#include "manager/config/config_rule_value.hpp"
#include "manager/config/printable.hpp"
#include "manager/config/toml_text.hpp"
#include "rule/ip.hpp"

#include <algorithm>

namespace milter::manager {

namespace {

constexpr std::size_t label_limit = 63; // bytes: RFC 1035 2.3.4

bool is_label(std::string_view label) {
    auto const good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    return !label.empty() && label.size() <= label_limit && label.front() != '-' &&
           label.back() != '-' && std::all_of(label.begin(), label.end(), good);
}

/// Of two labels at least, as no list is a domain of the top.
bool is_zone(std::string_view name) {
    bool const has_dot = name.find('.') != name.npos;
    while (!name.empty()) {
        auto const dot = name.find('.');
        if (!is_label(name.substr(0, dot))) return false;
        if (dot == name.npos) return has_dot;
        name.remove_prefix(dot + 1);
    }
    return false;
}

refusal get_list(raw_value const& value, std::string_view called, std::string_view form,
                 std::vector<std::string> const*& to) {
    if (auto const* other = std::get_if<other_value>(&value);
        other && other->what == mixed_list.what)
        return complaint{"expected a list of texts", std::string(form)};
    to = std::get_if<std::vector<std::string>>(&value);
    if (!to) return not_a(called, value, form);
    return {};
}

bool is_port(std::string_view text) {
    if (text.empty() || text.size() > 5 || text.find_first_not_of("0123456789") != text.npos)
        return false;
    unsigned port = 0;
    for (char const c : text) port = port * 10 + static_cast<unsigned>(c - '0');
    return port > 0 && port <= 65535;
}

/// "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]:53"
std::optional<endpoint> parse_server(std::string_view text) {
    endpoint out;
    std::string_view host = text, port;
    if (text.starts_with('[')) {
        auto const end = text.find(']');
        if (end == text.npos) return std::nullopt;
        host = text.substr(1, end - 1);
        port = text.substr(end + 1);
        if (!port.empty() && port.front() != ':') return std::nullopt;
    } else if (std::count(text.begin(), text.end(), ':') == 1) {
        host = text.substr(0, text.find(':'));
        port = text.substr(host.size());
    }
    if (!port.empty() && !is_port(port.substr(1))) return std::nullopt;
    auto const address = rule::parse_ip(host);
    if (!address) return std::nullopt;
    out.family = address->is_v6 ? endpoint::kind::inet6 : endpoint::kind::inet;
    out.host = host;
    if (!port.empty()) out.service = port.substr(1);
    return out;
}

std::string server_text(endpoint const& one) {
    if (one.service.empty()) return one.host;
    bool const is_v6 = one.family == endpoint::kind::inet6;
    return (is_v6 ? '[' + one.host + ']' : one.host) + ':' + one.service;
}

std::string answer_text(answer_range const& one) {
    auto const first = describe_answer(one.first);
    return one.first == one.last ? first : first + '-' + describe_answer(one.last);
}

} // namespace

refusal read_value(zone_name to, raw_value const& value) {
    constexpr std::string_view form = R"(a list is named like [dnsbl."zen.spamhaus.org"])";
    std::string text;
    if (auto refused = get_text("the domain of a list", value, text, form)) return refused;
    if (text.size() > longest_zone)
        return complaint{in_quotes(text) + " is longer than " + std::to_string(longest_zone), {}};
    if (!is_zone(text))
        return complaint{in_quotes(text) + " is not the domain of a list", std::string(form)};
    *to.to = text;
    return {};
}

refusal read_value(answer_list to, raw_value const& value) {
    constexpr std::string_view form =
        R"(answers are written ["127.0.0.2", "127.0.0.4-127.0.0.7", "127.0.0.10/31"])";
    std::vector<std::string> const* given = nullptr;
    if (auto refused = get_list(value, "a list of answers", form, given)) return refused;
    std::vector<answer_range> answers;
    for (std::size_t i = 0; i < given->size(); ++i) {
        auto const one = parse_answer_range((*given)[i]);
        if (!one) return complaint{"cannot read " + in_quotes((*given)[i]), std::string(form), i};
        answers.push_back(*one);
    }
    if (answers.empty())
        return complaint{"no answer means that an address is listed",
                         "leave the key out for the default"};
    *to.to = std::move(answers);
    return {};
}

refusal read_value(server_list to, raw_value const& value) {
    constexpr std::string_view form = R"(servers are written ["127.0.0.1", "[::1]:5353"])";
    std::vector<std::string> const* given = nullptr;
    if (auto refused = get_list(value, "a list of name servers", form, given)) return refused;
    std::vector<endpoint> servers;
    for (std::size_t i = 0; i < given->size(); ++i) {
        auto const one = parse_server((*given)[i]);
        if (!one)
            return complaint{in_quotes((*given)[i]) + " is not the address of a name server",
                             std::string(form), i};
        servers.push_back(*one);
    }
    if (servers.empty())
        return complaint{"no name server is named", "leave the key out for the system's"};
    *to.to = std::move(servers);
    return {};
}

std::string written(zone_name from) { return from.to->empty() ? "" : toml_text(*from.to); }

std::string written(answer_list from) {
    std::vector<std::string> texts;
    for (auto const& one : *from.to) texts.push_back(answer_text(one));
    return texts.empty() ? "" : toml_list(texts);
}

std::string written(server_list from) {
    std::vector<std::string> texts;
    for (auto const& one : *from.to) texts.push_back(server_text(one));
    return texts.empty() ? "" : toml_list(texts);
}

} // namespace milter::manager
