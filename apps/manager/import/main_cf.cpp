// SPDX-License-Identifier: BSL-1.0
// manager/import/main_cf.cpp - lines, continuations, and names with a dollar sign
#include "manager/import/main_cf.hpp"

#include "manager/import/spelling.hpp"
#include <milter/ascii.hpp>

#include <algorithm>
#include <utility>

namespace milter::manager {

namespace {

constexpr unsigned depth_limit = 20;           // names in names
constexpr std::size_t name_limit = 1000;       // names put in, of one value
constexpr std::size_t text_limit = 64UL << 10; // bytes of one value
constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view between = ", \t\r\n";

bool is_name(char c) noexcept {
    char const lower = to_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

std::size_t name_size(std::string_view text) noexcept {
    auto const end = std::find_if_not(text.begin(), text.end(), is_name);
    return static_cast<std::size_t>(end - text.begin());
}

/// Where the bracket that `text` begins with is closed; npos: nowhere.
std::size_t closing_of(std::string_view text, char open, char close) noexcept {
    int depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == open) ++depth;
        if (text[i] == close && --depth == 0) return i;
    }
    return text.npos;
}

/// "{text}" without its braces, "text" as it is.
std::string_view without_braces(std::string_view text) noexcept {
    auto const inside = trimmed(text);
    if (inside.size() < 2 || inside.front() != '{' || inside.back() != '}') return text;
    return trimmed(inside.substr(1, inside.size() - 2));
}

/// Of `{a}:{b}` the part that holds. A second part without a first in braces is not looked for.
std::string_view chosen(std::string_view text, char which, bool is_set) noexcept {
    auto const first = trimmed(text);
    if (which == '?' && !first.empty() && first.front() == '{') {
        auto const end = closing_of(first, '{', '}');
        if (end != first.npos) {
            if (is_set) return trimmed(first.substr(1, end - 1));
            auto const rest = trimmed(first.substr(end + 1));
            return rest.empty() || rest.front() != ':' ? "" : without_braces(rest.substr(1));
        }
    }
    return is_set == (which == '?') ? without_braces(text) : std::string_view{};
}

} // namespace

struct main_cf::budget {
    std::size_t names = name_limit;
};

main_cf::main_cf(std::string_view text) {
    std::string logical;
    unsigned line = 0, begin = 0;
    while (!text.empty()) {
        auto const end = std::min(text.find('\n'), text.size());
        auto const one = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++line;
        auto const content = trimmed(one);
        if (content.empty() || content.front() == '#') continue; // also in the middle of a value
        if (blanks.find(one.front()) != blanks.npos && !logical.empty()) {
            (logical += ' ') += content;
            continue;
        }
        if (!logical.empty()) add(logical, begin);
        logical = content;
        begin = line;
    }
    if (!logical.empty()) add(logical, begin);
}

void main_cf::add(std::string_view logical_line, unsigned line) {
    auto const equals = logical_line.find('=');
    auto const name = trimmed(logical_line.substr(0, std::min(equals, logical_line.size())));
    bool const is_whole = name.find_first_of(" \t\"'$(){}") == name.npos;
    if (equals == logical_line.npos || name.empty() || !is_whole) {
        odd_.push_back({std::string(logical_line.substr(0, 200)), line});
        return;
    }
    auto const text = trimmed(logical_line.substr(equals + 1));
    parameters_[std::string(name)] = {std::string(text.substr(0, text_limit + 1)), line};
}

std::string const* main_cf::text_of(std::string_view name) const {
    auto const found = parameters_.find(name);
    return found == parameters_.end() ? nullptr : &found->second.text;
}

main_cf::expanded main_cf::value(std::string_view name) const {
    expanded out;
    budget left;
    auto const found = parameters_.find(name);
    if (found != parameters_.end()) out.line = found->second.line;
    expand(found == parameters_.end() ? postfix_default(name) : found->second.text, 0, left, out);
    out.text = trimmed(out.text);
    return out;
}

void main_cf::expand(std::string_view text, unsigned depth, budget& left, expanded& into) const {
    into.is_cut = into.is_cut || text.size() > text_limit;
    while (!text.empty() && !into.is_cut) {
        auto const dollar = std::min(text.find('$'), text.size());
        into.text += text.substr(0, dollar);
        text.remove_prefix(dollar);
        if (into.text.size() > text_limit) {
            into.text.resize(text_limit);
            into.is_cut = true;
        }
        if (text.empty() || into.is_cut) return;
        text.remove_prefix(1);
        if (text.empty()) into.text += '$';
        if (text.empty()) return;
        char const open = text.front();
        if (open == '$') {
            into.text += '$';
            text.remove_prefix(1);
        } else if (open == '{' || open == '(') {
            auto const end = closing_of(text, open, open == '{' ? '}' : ')');
            if (end == text.npos) return into.unknown.emplace_back(text.substr(0, 60)), void();
            expand_name(trimmed(text.substr(1, end - 1)), depth, left, into);
            text.remove_prefix(end + 1);
        } else {
            auto const size = name_size(text);
            if (size == 0) into.text += '$';
            if (size > 0) expand_name(text.substr(0, size), depth, left, into);
            text.remove_prefix(size);
        }
    }
}

/// @param inside  what stood behind the dollar sign: a name, perhaps with `?text` or `:text`
void main_cf::expand_name(std::string_view inside, unsigned depth, budget& left,
                          expanded& into) const {
    if (depth >= depth_limit || left.names == 0) {
        into.is_cut = true;
        return;
    }
    --left.names;
    auto const name = inside.substr(0, name_size(inside));
    auto const rest = trimmed(inside.substr(name.size()));
    auto const* const text = text_of(name);
    auto const value = text ? std::string_view(*text) : postfix_default(name);
    if (!rest.empty() && (rest.front() == '?' || rest.front() == ':') && !name.empty())
        return expand(chosen(rest.substr(1), rest.front(), !value.empty()), depth + 1, left, into);
    bool const is_known = text || !value.empty() || name.find("milter") != name.npos;
    if (!rest.empty() || name.empty() || !is_known) {
        into.unknown.emplace_back(inside.substr(0, 60));
        return;
    }
    expand(value, depth + 1, left, into);
}

std::string_view postfix_default(std::string_view name) noexcept {
    constexpr std::pair<std::string_view, std::string_view> defaults[] = {
        // postconf -d of 3.7
        {"queue_directory", "/var/spool/postfix"},
        {"milter_connect_timeout", "30s"},
        {"milter_command_timeout", "30s"},
        {"milter_content_timeout", "300s"},
        {"milter_default_action", "tempfail"},
        {"milter_protocol", "6"},
        {"milter_connect_macros", "j {daemon_name} {daemon_addr} v _"},
        {"milter_helo_macros", "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}"},
        {"milter_mail_macros",
         "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}"},
        {"milter_rcpt_macros", "i {rcpt_addr} {rcpt_host} {rcpt_mailer}"},
        {"milter_data_macros", "i"},
        {"milter_end_of_header_macros", "i"},
        {"milter_end_of_data_macros", "i"},
    };
    for (auto const& [known, value] : defaults)
        if (known == name) return value;
    return {};
}

std::vector<std::string_view> list_elements(std::string_view text) {
    std::vector<std::string_view> found;
    for (;;) {
        text.remove_prefix(std::min(text.find_first_not_of(between), text.size()));
        if (text.empty()) return found;
        if (text.front() == '{') {
            auto const end = std::min(closing_of(text, '{', '}'), text.size());
            found.push_back(trimmed(text.substr(1, std::max<std::size_t>(end, 1) - 1)));
            text.remove_prefix(std::min(end + 1, text.size()));
            continue;
        }
        auto const end = std::min(text.find_first_of(between), text.size());
        found.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
}

} // namespace milter::manager
