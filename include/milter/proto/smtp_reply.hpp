// SPDX-License-Identifier: BSL-1.0
// milter/proto/smtp_reply.hpp - the text of a `y` reply, valid for both MTAs
//
// Postfix drops a filter whose text is malformed; Sendmail replaces it by its own, perhaps of another
// class. The rules here are the intersection of what both accept.
// Source: protocol.md 3.6; statements 107-119.
#pragma once

#include <milter/error.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace milter::proto {

/// How long a reply text may be. The defaults are those of libmilter's API (smfi_setmlreply, MAXREPLYLEN).
struct reply_text_limits {
    std::size_t lines = 32;
    std::size_t line_bytes = 980; ///< of one line, behind its codes
};

/// 4 or 5 when `text` begins with a 4xx or 5xx code, else 0.
constexpr int reply_class(std::string_view text) noexcept {
    auto const digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.size() < 3 || (text[0] != '4' && text[0] != '5') || !digit(text[1]) || !digit(text[2]))
        return 0;
    return text[0] - '0';
}

/// A percent sign that is not doubled: Postfix drops it, Sendmail throws the whole text away.
constexpr bool has_lone_percent(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') continue;
        if (i + 1 == text.size() || text[i + 1] != '%') return true;
        ++i;
    }
    return false;
}

namespace detail {

/// How much of `text` is an enhanced status code (RFC 3463) of that class with the blank behind it.
constexpr std::size_t enhanced_code_size(std::string_view text, char reply_class) noexcept {
    if (text.substr(0, 1) != std::string_view(&reply_class, 1)) return 0;
    std::size_t at = 1;
    for (int part = 0; part < 2; ++part) {
        if (at == text.size() || text[at] != '.') return 0;
        auto const first = ++at;
        while (at < text.size() && at < first + 3 && text[at] >= '0' && text[at] <= '9') ++at;
        if (at == first) return 0;
    }
    return at < text.size() && text[at] == ' ' ? at + 1 : 0;
}

/// How much of a line's text fits, with its enhanced status code.
constexpr std::size_t reply_line_room(std::string_view text, char reply_class,
                                      reply_text_limits const& limits) noexcept {
    auto const code = enhanced_code_size(text, reply_class);
    return std::max(limits.line_bytes, limits.line_bytes + code); // no limit stays none
}

/// One line without its CRLF: `XYZ-text` or, when it is the last, `XYZ text`.
constexpr bool good_reply_line(std::string_view line, std::string_view code, bool last,
                               reply_text_limits const& limits) noexcept {
    if (line.size() < 4 || line.substr(0, 3) != code) return false;
    if (line[3] != (last ? ' ' : '-')) return false;
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != line.npos) return false;
    if (line.size() - 4 > reply_line_room(line.substr(4), code[0], limits)) return false;
    // Postfix reads a digit here as an enhanced status code, whose class must agree
    return line.size() == 4 || line[4] < '0' || line[4] > '9' || line[4] == code[0];
}

} // namespace detail

/// Whether both MTAs pass `text` (without its NUL) on: same 4xx or 5xx code on each line, `-` on all
/// but the last, CRLF between lines, enhanced code of the same class, lines no longer and no more than `limits`. Lone percent signs are judged by has_lone_percent() alone.
/// @errors  bad_reply_text
inline error_code check_reply_text(std::string_view text,
                                   reply_text_limits const& limits = {}) noexcept {
    if (reply_class(text) == 0) return errc::bad_reply_text;
    auto const code = text.substr(0, 3);
    for (std::size_t lines = 1;; ++lines) {
        auto const end = text.find("\r\n");
        bool const last = end == text.npos;
        if (lines > limits.lines) return errc::bad_reply_text;
        if (!detail::good_reply_line(text.substr(0, end), code, last, limits))
            return errc::bad_reply_text;
        if (last) return {};
        text.remove_prefix(end + 2);
    }
}

/// `text` with every percent sign that stands alone doubled.
inline std::string double_percent(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        out += text[i];
        if (text[i] != '%') continue;
        out += '%';
        if (i + 1 < text.size() && text[i + 1] == '%') ++i;
    }
    return out;
}

/// Puts trivial faults right: line ends, separators, a missing code on later lines, an enhanced code of
/// another class (one of the right class goes before it). Cuts what is beyond `limits`. Empty when there is no 4xx or
/// 5xx code, or no line is allowed.
inline std::optional<std::string> repair_reply_text(std::string_view text,
                                                    reply_text_limits const& limits = {}) {
    if (reply_class(text) == 0 || limits.lines == 0) return std::nullopt;
    auto const code = text.substr(0, 3);
    std::string out;
    std::size_t lines = 0;
    std::size_t last_line = 0;
    while (lines < limits.lines) {
        auto const end = text.find_first_of("\r\n");
        auto line = text.substr(0, end);
        if (line.substr(0, 3) == code) {
            line.remove_prefix(3);
            if (!line.empty() && (line[0] == ' ' || line[0] == '-')) line.remove_prefix(1);
        }
        out.append(lines == 0 ? "" : "\r\n");
        last_line = out.size();
        out.append(code).append("-");
        std::string said(line.substr(0, detail::reply_line_room(line, code[0], limits)));
        std::erase(said, '\0');
        if (!said.empty() && said[0] >= '0' && said[0] <= '9' && said[0] != code[0])
            said.insert(0, std::string(1, code[0]) + ".0.0 ");
        out.append(said, 0, detail::reply_line_room(said, code[0], limits));
        ++lines;
        if (end == text.npos) break;
        text.remove_prefix(end + (text.substr(end, 2) == "\r\n" ? 2 : 1));
        if (text.empty()) break;
    }
    out[last_line + 3] = ' ';
    return out;
}

} // namespace milter::proto
