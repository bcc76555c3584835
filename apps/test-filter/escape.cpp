// SPDX-License-Identifier: BSL-1.0
// test-filter/escape.cpp - bytes that cannot be typed
#include "escape.hpp"

#include "action.hpp"

namespace milter::test_filter {

namespace {

int digit_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// The byte that two digits at the front stand for. @throws script_error
char byte_at(std::string_view digits) {
    int const high = digits.empty() ? -1 : digit_value(digits[0]);
    int const low = digits.size() < 2 ? -1 : digit_value(digits[1]);
    if (high < 0 || low < 0)
        throw script_error("expected two hexadecimal digits instead of \"" +
                           std::string(digits.substr(0, 2)) + "\"");
    return static_cast<char>(high * 16 + low);
}

} // namespace

std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        char const next = ++i < text.size() ? text[i] : ' ';
        switch (next) {
        case 'n': out += '\n'; break;
        case 'r': out += '\r'; break;
        case 't': out += '\t'; break;
        case '0': out += '\0'; break;
        case '\\': out += '\\'; break;
        case 'x':
            out += byte_at(text.substr(i + 1));
            i += 2;
            break;
        default:
            throw script_error("a backslash stands before n, r, t, 0, xHH or another backslash");
        }
    }
    return out;
}

std::string parse_bytes(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        if (text.front() == ' ') {
            text.remove_prefix(1);
        } else if (text.front() == '\'') {
            auto const end = text.find('\'', 1);
            if (end == text.npos) throw script_error("a single quote has no end");
            out += text.substr(1, end - 1);
            text.remove_prefix(end + 1);
        } else {
            out += byte_at(text);
            text.remove_prefix(2);
        }
    }
    return out;
}

} // namespace milter::test_filter
