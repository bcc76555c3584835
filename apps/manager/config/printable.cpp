// SPDX-License-Identifier: BSL-1.0
// manager/config/printable.cpp - decodes UTF-8 strictly and escapes what is not for display
#include "manager/config/printable.hpp"

namespace milter::manager {

namespace {

struct form {
    unsigned char mask, lead; ///< first byte & mask == lead
    std::size_t size;
    char32_t least; ///< smaller values are overlong
};

constexpr form forms[] = {
    {0x80, 0x00, 1, 0}, {0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};

bool is_scalar(char32_t value) noexcept {
    return value < 0xd800 || (value > 0xdfff && value <= 0x10ffff);
}

void append_escaped(std::string& out, std::string_view bytes) {
    constexpr char digits[] = "0123456789abcdef";
    for (char c : bytes) {
        auto const byte = static_cast<unsigned char>(c);
        switch (c) {
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default: (out += "\\x") += {digits[byte >> 4], digits[byte & 15]};
        }
    }
}

} // namespace

code_point first_code_point(std::string_view text) noexcept {
    auto const lead = static_cast<unsigned char>(text.front());
    for (auto const& form : forms) {
        if ((lead & form.mask) != form.lead) continue;
        if (text.size() < form.size) break;
        auto value = static_cast<char32_t>(lead & static_cast<unsigned char>(~form.mask));
        for (std::size_t i = 1; i < form.size; ++i) {
            auto const byte = static_cast<unsigned char>(text[i]);
            if ((byte & 0xc0) != 0x80) return {lead, 1, false};
            value = value << 6 | (byte & 0x3f);
        }
        if (value < form.least || !is_scalar(value)) break;
        return {value, form.size, true};
    }
    return {lead, 1, false};
}

bool disturbs_display(char32_t c) noexcept {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) || // C0, C1, bidi
           c == 0x200e || c == 0x200f || (c >= 0x2066 && c <= 0x2069) || c == 0x061c || c == 0xfeff;
}

std::string printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        auto const next = first_code_point(text);
        auto const bytes = text.substr(0, next.size);
        if (next.valid && !disturbs_display(next.value))
            out += bytes;
        else
            append_escaped(out, bytes);
        text.remove_prefix(next.size);
    }
    return out;
}

std::string in_quotes(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) return '"' + printable(text) + '"';
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80)
        --limit; // whole characters
    return '"' + printable(text.substr(0, limit)) + "...\"";
}

} // namespace milter::manager
