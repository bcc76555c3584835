// SPDX-License-Identifier: BSL-1.0
// cli/printable.cpp - text of a peer for a terminal
#include "printable.hpp"

namespace milter::cli {

namespace {

void append_escaped(std::string& out, char c) {
    constexpr char digits[] = "0123456789abcdef";
    auto const byte = static_cast<unsigned char>(c);
    switch (c) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    case '\\': out += "\\\\"; return;
    default: break;
    }
    if (byte >= 0x20 && byte < 0x7f) {
        out += c;
        return;
    }
    out += "\\x";
    out += digits[byte >> 4];
    out += digits[byte & 15];
}

} // namespace

std::string printable(std::string_view text) {
    std::string out;
    for (char c : text) append_escaped(out, c);
    return out;
}

std::string printable_lines(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i, 2) == "\r\n") continue;
        if (text[i] == '\n' || text[i] == '\t' || text[i] == '\\')
            out += text[i];
        else
            append_escaped(out, text[i]);
    }
    return out;
}

} // namespace milter::cli
