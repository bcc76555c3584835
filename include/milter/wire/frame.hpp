// SPDX-License-Identifier: BSL-1.0
// milter/wire/frame.hpp - length, code, payload: the packet of both directions
//
// Source: protocol.md 1.2 and 1.3.
#pragma once

#include <milter/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace milter::wire {

inline constexpr std::size_t frame_header_size = 5;       // bytes: u32 length, code
inline constexpr std::size_t default_data_limit = 65'535; // bytes: MILTER_MAX_DATA_SIZE, mfdef.h
inline constexpr std::size_t data_limit_256k = 262'143;   // bytes: MILTER_MDS_256K
inline constexpr std::size_t data_limit_1m = 1'048'575;   // bytes: MILTER_MDS_1M

// What a session reads at once, bytes; more where a frame needs it. An idle connection keeps as much.
inline constexpr std::size_t idle_room = 512;  // a command with its macros, or a reply
inline constexpr std::size_t busy_room = 4096; // envelope and headers, edits
inline constexpr std::size_t body_room =
    std::size_t{72} * 1024; // a piece of a body, and what follows it

/// One packet, as views into the bytes it was found in.
struct frame_view {
    unsigned char code = 0;
    std::string_view payload;
    std::string_view raw; ///< the whole packet, header included
};

/// What the length field at the front of `bytes` says: code and payload, bytes. `bytes` holds 4 at least.
inline std::uint32_t frame_length(std::string_view bytes) noexcept {
    auto const octet = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
    };
    return octet(0) << 24 | octet(1) << 16 | octet(2) << 8 | octet(3);
}

/// First frame of `bytes`.
/// @param limit  largest payload accepted, bytes; checked on the length field, so a hostile length is
///               refused before anything is buffered
/// @return  the frame, as views into `bytes`; empty when more bytes are needed or when ec is set
/// @errors  frame_empty, frame_too_large
/// @source  protocol.md 1.2; statements 2-6
inline std::optional<frame_view> first_frame(std::string_view bytes, std::size_t limit,
                                             error_code& ec) noexcept {
    if (bytes.size() < 4) return std::nullopt;
    auto const length = frame_length(bytes);
    if (length == 0) {
        ec = errc::frame_empty;
        return std::nullopt;
    }
    if (length - 1 > limit) {
        ec = errc::frame_too_large;
        return std::nullopt;
    }
    if (bytes.size() - 4 < length) return std::nullopt;
    return frame_view{static_cast<unsigned char>(bytes[4]),
                      bytes.substr(frame_header_size, length - 1),
                      bytes.substr(0, 4 + std::size_t{length})};
}

/// How much of the first frame of `bytes` is still to come, as far as its length is known; else 0.
inline std::size_t missing_bytes(std::string_view bytes) noexcept {
    if (bytes.size() < 4) return 0;
    auto const whole = 4 + std::size_t{frame_length(bytes)};
    return whole > bytes.size() ? whole - bytes.size() : 0;
}

/// How many bytes to make room for before a read: `usual`, or what the frame at the front of `buffered` lacks. Who
/// announces much gets no more at once than he has sent, beyond a first step.
inline std::size_t room_to_read(std::string_view buffered, std::size_t usual) noexcept {
    if (buffered.empty()) return usual;
    auto const at_once = std::max(body_room, buffered.size());
    return std::max(idle_room, std::min(missing_bytes(buffered), at_once));
}

/// Whether `bytes` are whole frames, or nothing: a stream that ends behind them was not cut off.
inline bool ends_with_a_frame(std::string_view bytes) noexcept {
    error_code ec;
    while (auto const frame = first_frame(bytes, UINT32_MAX, ec))
        bytes.remove_prefix(frame->raw.size());
    return bytes.empty();
}

/// Whether a first packet looks like a protocol that often knocks on the wrong port, and which.
/// @return  "HTTP", "TLS", "SMTP", or empty
/// @source  protocol.md 6.5; statement 8
inline std::string_view alien_protocol(std::string_view bytes) noexcept {
    auto const begins = [&](std::string_view text) { return bytes.substr(0, text.size()) == text; };
    if (begins("GET ") || begins("POST") || begins("HEAD") || begins("PUT ") || begins("OPTI") ||
        begins("PRI "))
        return "HTTP";
    if (begins("\x16\x03")) return "TLS";
    if (begins("EHLO") || begins("HELO") || begins("220 ") || begins("220-")) return "SMTP";
    return {};
}

inline void append_u32(std::string& out, std::uint32_t value) {
    char const octets[] = {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
                           static_cast<char>(value >> 8), static_cast<char>(value)};
    out.append(octets, 4);
}

inline void append_u16(std::string& out, std::uint16_t value) {
    char const octets[] = {static_cast<char>(value >> 8), static_cast<char>(value)};
    out.append(octets, 2);
}

inline void append_zstr(std::string& out, std::string_view text) {
    out.append(text);
    out.push_back('\0');
}

/// Appends one frame; `code` any byte.
inline void append_frame(std::string& out, unsigned char code, std::string_view payload = {}) {
    append_u32(out, static_cast<std::uint32_t>(payload.size() + 1));
    out.push_back(static_cast<char>(code));
    out.append(payload);
}

/// Writes a frame whose payload is appended between construction and destruction.
class frame_writer {
public:
    frame_writer(std::string& out, unsigned char code) : out_(out), start_(out.size()) {
        append_u32(out, 0);
        out.push_back(static_cast<char>(code));
    }
    frame_writer(frame_writer const&) = delete;
    frame_writer& operator=(frame_writer const&) = delete;
    ~frame_writer() {
        auto const length = static_cast<std::uint32_t>(out_.size() - start_ - 4);
        for (std::size_t i = 0; i < 4; ++i)
            out_[start_ + i] = static_cast<char>(length >> (24 - 8 * i));
    }

private:
    std::string& out_;
    std::size_t start_;
};

} // namespace milter::wire
