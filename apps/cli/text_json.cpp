// SPDX-License-Identifier: BSL-1.0
// cli/text_json.cpp - bytes of mail in JSON, without loss
#include "text_json.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

namespace milter::cli {

namespace {

/// Length of the UTF-8 sequence at the front, 0 when it is none. @source RFC 3629
std::size_t sequence(std::string_view bytes) noexcept {
    auto const at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    auto const lead = at(0);
    if (lead < 0x80) return 1;
    std::size_t const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || bytes.size() < size) return 0;
    for (std::size_t i = 1; i < size; ++i)
        if ((at(i) & 0xc0) != 0x80) return 0;
    bool const too_long = (lead == 0xe0 && at(1) < 0xa0) || (lead == 0xf0 && at(1) < 0x90);
    bool const surrogate = lead == 0xed && at(1) > 0x9f;
    bool const too_large = lead == 0xf4 && at(1) > 0x8f;
    return too_long || surrogate || too_large ? 0 : size;
}

std::string base64(std::string_view bytes) {
    constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        auto const octet = [&](std::size_t k) {
            return i + k < bytes.size()
                       ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i + k]))
                       : 0U;
        };
        auto const group = octet(0) << 16 | octet(1) << 8 | octet(2);
        auto const here = bytes.size() - i;
        out += digits[group >> 18 & 63];
        out += digits[group >> 12 & 63];
        out += here > 1 ? digits[group >> 6 & 63] : '=';
        out += here > 2 ? digits[group & 63] : '=';
    }
    return out;
}

} // namespace

bool is_utf8(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        auto const size = sequence(bytes);
        if (size == 0) return false;
        bytes.remove_prefix(size);
    }
    return true;
}

nlohmann::ordered_json text_json(std::string_view bytes) {
    if (is_utf8(bytes)) return std::string(bytes);
    return {{"base64", base64(bytes)}};
}

} // namespace milter::cli
