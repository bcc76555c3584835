// SPDX-License-Identifier: BSL-1.0
// rule/quote.cpp
#include "rule/quote.hpp"

namespace milter::rule {

namespace {

constexpr std::size_t longest_shown = 60; // bytes

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

} // namespace

std::string in_quotes(std::string_view text) {
    auto shown = text;
    if (text.size() > longest_shown) {
        auto end = longest_shown;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
        shown = text.substr(0, end);
    }
    std::string out = "\"";
    for (char const c : shown) append_escaped(out, c);
    return out += shown.size() < text.size() ? "\"..." : "\"";
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
