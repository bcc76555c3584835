// SPDX-License-Identifier: BSL-1.0
// tests/support/hex.hpp - packets written as in the protocol description, and back
//
//   bytes("00 00 00 06 71 'spam' 00")
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace support {

inline int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    throw std::invalid_argument("not a hexadecimal digit");
}

/// Hexadecimal digits in pairs, blanks between them ignored; text in single quotes stands for itself.
inline std::string bytes(std::string_view notation) {
    std::string out;
    for (std::size_t at = 0; at < notation.size();) {
        char const c = notation[at];
        if (c == ' ' || c == '\n') {
            ++at;
        } else if (c == '\'') {
            auto const end = notation.find('\'', at + 1);
            if (end == notation.npos) throw std::invalid_argument("quote without end");
            out += notation.substr(at + 1, end - at - 1);
            at = end + 1;
        } else {
            if (at + 1 == notation.size()) throw std::invalid_argument("half a byte");
            out.push_back(static_cast<char>(hex_digit(c) * 16 + hex_digit(notation[at + 1])));
            at += 2;
        }
    }
    return out;
}

/// For failure messages: the first `limit` bytes as pairs of digits.
inline std::string to_hex(std::string_view data, std::size_t limit = 96) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (char c : data.substr(0, limit)) {
        auto const byte = static_cast<unsigned char>(c);
        if (!out.empty()) out += ' ';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    if (data.size() > limit) out += " ... (" + std::to_string(data.size()) + " bytes)";
    return out;
}

} // namespace support
