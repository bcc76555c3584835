// SPDX-License-Identifier: BSL-1.0
// tests/capture/segment.hpp - captured packets made by hand
#pragma once

#include <milter/capture/packet.hpp>
#include <milter/wire/frame.hpp>

#include <string>
#include <string_view>

namespace made {

using milter::capture::tcp_end;

enum flag : unsigned char { fin = 0x01, syn = 0x02, rst = 0x04, push = 0x08, ack = 0x10 };

inline tcp_end end_at(unsigned char last, std::uint16_t port, bool v6 = false) {
    tcp_end one;
    one.v6 = v6;
    one.port = port;
    one.address = {10, 0, 0, last};
    if (v6) one.address = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last};
    return one;
}

inline std::string tcp(tcp_end from, tcp_end to, std::uint32_t sequence, unsigned flags,
                       std::string_view payload, std::size_t options = 0) {
    std::string out;
    milter::wire::append_u16(out, from.port);
    milter::wire::append_u16(out, to.port);
    milter::wire::append_u32(out, sequence);
    milter::wire::append_u32(out, 0);
    out.push_back(static_cast<char>((5 + options) << 4));
    out.push_back(static_cast<char>(flags));
    out.append(6 + 4 * options, '\0');
    out.append(payload);
    return out;
}

inline std::string address(tcp_end one) {
    return {reinterpret_cast<char const*>(one.address.data()), one.v6 ? 16U : 4U};
}

/// `protocol` 6: TCP. `extension`: bytes between the header and `payload`, with their own protocol number first.
inline std::string ip(tcp_end from, tcp_end to, std::string_view payload,
                      unsigned char protocol = 6, std::uint16_t fragment = 0) {
    std::string out;
    if (from.v6) {
        milter::wire::append_u32(out, 0x6000'0000);
        milter::wire::append_u16(out, static_cast<std::uint16_t>(payload.size()));
        out.push_back(static_cast<char>(protocol));
        out.push_back(64);
    } else {
        milter::wire::append_u16(out, 0x4500);
        milter::wire::append_u16(out, static_cast<std::uint16_t>(20 + payload.size()));
        milter::wire::append_u16(out, 1);
        milter::wire::append_u16(out, fragment);
        out.push_back(64);
        out.push_back(static_cast<char>(protocol));
        out.append(2, '\0');
    }
    return out + address(from) + address(to) + std::string(payload);
}

inline std::string ethernet(std::string_view packet, std::uint16_t type = 0x0800,
                            std::string_view tags = {}) {
    std::string out(12, '\x02');
    out.append(tags);
    milter::wire::append_u16(out, type);
    return out + std::string(packet);
}

} // namespace made
