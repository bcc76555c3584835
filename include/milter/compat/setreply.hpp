// SPDX-License-Identifier: BSL-1.0
// milter/compat/setreply.hpp - the text of smfi_setreply() and smfi_setmlreply(), by libmilter's rules
//
// What these rules let through and Postfix would call malformed is repaired: an enhanced code of another class.
// Source: protocol.md 3.6; libmilter smfi.c.
#pragma once

#include <milter/proto/smtp_reply.hpp>

#include <cstring>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace milter::compat {

/// `X.YYY.ZZZ`, X of 2, 4 and 5.
inline bool is_enhanced_code(std::string_view text) noexcept {
    if (text.size() < 5 || (text[0] != '2' && text[0] != '4' && text[0] != '5')) return false;
    auto const padded = std::string(text) + ' ';
    return proto::detail::enhanced_code_size(padded, text[0]) == padded.size();
}

namespace detail {

inline bool good_line(std::string_view line) noexcept {
    return line.size() <= proto::reply_text_limits{}.line_bytes &&
           line.find_first_of("\r\n") == line.npos;
}

inline std::optional<std::string> valid_for_both(std::string text) {
    if (!proto::check_reply_text(text)) return text;
    return proto::repair_reply_text(text);
}

inline bool good_codes(char const* code, char const* enhanced) noexcept {
    return code && std::strlen(code) == 3 && proto::reply_class(code) != 0 &&
           (!enhanced || is_enhanced_code(enhanced));
}

} // namespace detail

/// The text of one line; empty when an argument breaks a rule. Null: left out.
inline std::optional<std::string> reply_line(char const* code, char const* enhanced,
                                             char const* message) {
    if (!detail::good_codes(code, enhanced)) return std::nullopt;
    if (message && !detail::good_line(message)) return std::nullopt;
    std::string text = std::string(code) + ' ';
    if (enhanced) text += enhanced;
    if (enhanced && message) text += ' ';
    if (message) text += message;
    return detail::valid_for_both(std::move(text));
}

/// The text of several lines, each with its codes; without an enhanced code X.0.0.
inline std::optional<std::string> reply_lines(char const* code, char const* enhanced,
                                              std::span<char const* const> lines) {
    if (!detail::good_codes(code, enhanced)) return std::nullopt;
    if (lines.size() > proto::reply_text_limits{}.lines) return std::nullopt;
    std::string const codes = enhanced ? std::string(enhanced) : std::string(1, code[0]) + ".0.0";
    std::string text;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!detail::good_line(lines[i])) return std::nullopt;
        if (i != 0) text += "\r\n";
        text += std::string(code) + (i + 1 == lines.size() ? ' ' : '-') + codes + ' ' + lines[i];
    }
    if (lines.empty()) text = std::string(code) + ' ' + codes;
    return detail::valid_for_both(std::move(text));
}

} // namespace milter::compat
