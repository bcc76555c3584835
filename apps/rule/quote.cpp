// SPDX-License-Identifier: BSL-1.0
// rule/quote.cpp
#include "rule/quote.hpp"

#include <algorithm>

namespace milter::rule {

namespace {

constexpr std::size_t longest_shown = 60; // bytes
constexpr std::size_t longest_line = 200; // bytes

void append_escaped(std::string& out, char c) {
    auto const byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte != 0x7f) {
        out += c;
        return;
    }
    constexpr std::string_view digits = "0123456789abcdef";
    (out += "\\x") += digits[byte >> 4];
    out += digits[byte & 15];
}

/// Not in the middle of a character of UTF-8.
std::string_view cut(std::string_view text, std::size_t longest) noexcept {
    if (text.size() <= longest) return text;
    auto end = longest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end);
}

} // namespace

std::string in_quotes(std::string_view text) {
    auto const shown = cut(text, longest_shown);
    std::string out = "\"";
    for (char const c : shown) append_escaped(out, c);
    return out += shown.size() < text.size() ? "\"..." : "\"";
}

std::string on_one_line(std::string_view text) {
    constexpr std::string_view breaks = "\n\r";
    std::string line;
    for (std::size_t i = 0; i < text.size();) {
        auto const end = std::min(text.find_first_of(breaks, i), text.size());
        line += text.substr(i, end - i);
        i = std::min(text.find_first_not_of(" \t\n\r", end), text.size());
        while (end < i && !line.empty() && (line.back() == ' ' || line.back() == '\t'))
            line.pop_back();
        if (end < i && i < text.size()) line += ' ';
    }
    auto const shown = cut(line, longest_line);
    std::string out;
    for (char const c : shown) append_escaped(out, c);
    return shown.size() < line.size() ? out + "..." : out;
}

std::string as_text(std::string_view text) {
    std::string out = "\"";
    for (char const c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out += '"';
}

} // namespace milter::rule
