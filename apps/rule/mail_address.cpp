// SPDX-License-Identifier: BSL-1.0
// rule/mail_address.cpp
#include "rule/mail_address.hpp"

#include "rule/domain.hpp"
#include <milter/ascii.hpp>

#include <array>

namespace milter::rule {

namespace {

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

std::string_view without_brackets(std::string_view text) noexcept {
    text = trimmed(text);
    if (text.empty() || text.front() != '<') return text;
    text.remove_prefix(1);
    if (!text.empty() && text.back() == '>') text.remove_suffix(1);
    return trimmed(text);
}

/// "@a,@b:user@c" is user@c: RFC 5321 appendix C. The route may hold address literals, which have colons of their own.
std::string_view without_route(std::string_view text) noexcept {
    if (text.empty() || text.front() != '@') return text;
    bool literal = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '[') literal = true;
        if (text[i] == ']') literal = false;
        if (text[i] == ':' && !literal) return trimmed(text.substr(i + 1));
    }
    return text;
}

/// @return  npos where there is none
std::size_t last_unquoted_at(std::string_view text) noexcept {
    auto found = text.npos;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (text[i] == '@' && !quoted) {
            found = i;
        }
    }
    return quoted ? text.rfind('@') : found; // a quote that is never closed is none
}

bool is_plain_local(std::string_view local) noexcept {
    return local.find_first_of("\"\\") == local.npos;
}

bool same_domain(std::string_view a, std::string_view b) {
    if (is_plain_domain(a) && is_plain_domain(b)) return a == b;
    return normal_domain(a) == normal_domain(b);
}

} // namespace

mail_address parse_mail_address(std::string_view as_sent) noexcept {
    auto const whole = without_route(without_brackets(as_sent));
    auto const at = last_unquoted_at(whole);
    if (at == whole.npos) return {whole, whole, {}, whole.empty()};
    return {whole, whole.substr(0, at), whole.substr(at + 1), false};
}

std::string_view unquoted(std::string_view local,
                          std::span<char, longest_local_part> buffer) noexcept {
    if (is_plain_local(local) || local.size() > buffer.size()) return local;
    std::size_t size = 0;
    for (std::size_t i = 0; i < local.size(); ++i) {
        if (local[i] == '"') continue;
        if (local[i] == '\\' && i + 1 < local.size()) ++i;
        buffer[size++] = local[i];
    }
    return {buffer.data(), size};
}

bool same_mail_address(mail_address const& a, mail_address const& b) {
    std::array<char, longest_local_part> of_a{}, of_b{};
    return a.is_null == b.is_null &&
           equal_ignoring_case(unquoted(a.local, of_a), unquoted(b.local, of_b)) &&
           same_domain(a.domain, b.domain);
}

} // namespace milter::rule
