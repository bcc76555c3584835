// SPDX-License-Identifier: BSL-1.0
// milter/corpus/byte_text.hpp - is it UTF-8, and base64: bytes of mail as text, without loss
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace milter::corpus {

namespace detail {

/// Length of the UTF-8 sequence at the front, 0 when it is none. @source RFC 3629
inline std::size_t utf8_sequence(std::string_view bytes) noexcept {
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

inline constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

} // namespace detail

inline bool is_utf8(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        auto const size = detail::utf8_sequence(bytes);
        if (size == 0) return false;
        bytes.remove_prefix(size);
    }
    return true;
}

/// With padding, in one line. @source RFC 4648 section 4
inline std::string to_base64(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        auto const octet = [&](std::size_t k) {
            return i + k < bytes.size()
                       ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i + k]))
                       : 0U;
        };
        auto const group = octet(0) << 16 | octet(1) << 8 | octet(2);
        auto const here = bytes.size() - i;
        out += detail::base64_digits[group >> 18 & 63];
        out += detail::base64_digits[group >> 12 & 63];
        out += here > 1 ? detail::base64_digits[group >> 6 & 63] : '=';
        out += here > 2 ? detail::base64_digits[group & 63] : '=';
    }
    return out;
}

/// Empty when `text` is not what to_base64() gives for any bytes.
inline std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::string out;
    out.reserve(text.size() / 4 * 3);
    for (std::size_t i = 0; i < text.size(); i += 4) {
        bool const last = i + 4 == text.size();
        std::size_t const pad = !last || text[i + 3] != '=' ? 0 : text[i + 2] == '=' ? 2 : 1;
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            auto const digit = k >= 4 - pad ? 0 : detail::base64_digits.find(text[i + k]);
            if (digit == std::string_view::npos) return std::nullopt;
            group = group << 6 | static_cast<std::uint32_t>(digit);
        }
        bool const surplus_bits =
            (pad == 1 && (group & 0xff) != 0) || (pad == 2 && (group & 0xffff) != 0);
        if (surplus_bits) return std::nullopt;
        for (std::size_t k = 0; k < 3 - pad; ++k)
            out.push_back(static_cast<char>(group >> (16 - 8 * k) & 0xff));
    }
    return out;
}

} // namespace milter::corpus
