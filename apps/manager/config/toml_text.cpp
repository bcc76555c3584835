// SPDX-License-Identifier: BSL-1.0
// manager/config/toml_text.cpp
#include "manager/config/toml_text.hpp"

#include <milter/ascii.hpp>

#include <algorithm>

namespace milter::manager {

namespace {

void append_escaped(std::string& out, char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    auto const byte = static_cast<unsigned char>(c);
    switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    default:
        if (byte >= 0x20 && byte != 0x7f) {
            out += c;
            break;
        }
        out += "\\u00";
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
}

bool is_bare(char c) {
    auto const low = to_lower(c);
    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

} // namespace

std::string toml_text(std::string_view text) {
    std::string out = "\"";
    for (char const c : text) append_escaped(out, c);
    return out + '"';
}

std::string toml_key(std::string_view key) {
    bool const bare = !key.empty() && std::all_of(key.begin(), key.end(), is_bare);
    return bare ? std::string(key) : toml_text(key);
}

std::string toml_list(std::vector<std::string> const& texts) {
    std::string out;
    for (auto const& one : texts) (out += out.empty() ? "" : ", ") += toml_text(one);
    return '[' + out + ']';
}

} // namespace milter::manager
