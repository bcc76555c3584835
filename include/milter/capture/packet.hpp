// SPDX-License-Identifier: BSL-1.0
// milter/capture/packet.hpp - one captured packet, down to its TCP segment
//
// Everything is bounds-checked: a capture is as hostile as its sender. What is no TCP segment says why.
// Source: pcap-linktype(7), RFC 791, RFC 8200, RFC 9293, IEEE 802.1Q.
#pragma once

#include <milter/endpoint.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace milter::capture {

/// What the bytes of a packet begin with: the DLT_ and LINKTYPE_ numbers.
enum class link_type : std::uint32_t {
    bsd_null = 0,
    ethernet = 1,
    raw_ip = 12, ///< as libpcap tells it on Linux
    raw_ip_bsd = 14,
    raw_ip_file = 101, ///< as it is in a file
    bsd_loop = 108,
    cooked = 113,
    ipv4 = 228,
    ipv6 = 229,
    cooked_v2 = 276,
};

/// One end of a TCP connection.
struct tcp_end {
    std::array<unsigned char, 16> address{}; ///< network order; IPv4 in the first four
    bool v6 = false;
    std::uint16_t port = 0;
    auto operator<=>(tcp_end const&) const = default;
};

/// As milter/endpoint.hpp spells it: "inet:8891@[127.0.0.1]".
inline std::string to_string(tcp_end const& one) {
    char text[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(one.v6 ? AF_INET6 : AF_INET, one.address.data(), text, sizeof text);
    return milter::to_string(endpoint{
        one.v6 ? endpoint::kind::inet6 : endpoint::kind::inet, {}, text, std::to_string(one.port)});
}

struct tcp_segment {
    tcp_end source, destination;
    std::uint32_t sequence = 0;
    bool syn = false, ack = false, fin = false, rst = false;
    std::string_view payload; ///< views into the packet
    std::size_t missing = 0;  ///< bytes that were on the wire behind `payload` but not captured
};

/// Why a packet shows no TCP segment.
enum class skipped : unsigned char {
    link,     ///< a link layer we do not read
    no_ip,    ///< ARP and the like
    no_tcp,   ///< UDP, ICMP and the like
    fragment, ///< of an IP packet
    cut,      ///< captured so short that the headers are not whole
};

constexpr std::string_view name_of(skipped why) noexcept {
    switch (why) {
    case skipped::link: return "of a link layer that is not read";
    case skipped::no_ip: return "without IP";
    case skipped::no_tcp: return "without TCP";
    case skipped::fragment: return "in IP fragments";
    case skipped::cut: return "without whole headers";
    }
    return "";
}

namespace detail {

class octets {
public:
    explicit octets(std::string_view bytes) noexcept : bytes_(bytes) {}
    bool has(std::size_t size) const noexcept { return bytes_.size() >= size; }
    std::size_t size() const noexcept { return bytes_.size(); }
    unsigned u8(std::size_t at) const noexcept { return static_cast<unsigned char>(bytes_[at]); }
    unsigned u16(std::size_t at) const noexcept { return u8(at) << 8 | u8(at + 1); }
    std::uint32_t u32(std::size_t at) const noexcept { return u16(at) << 16 | u16(at + 2); }
    octets from(std::size_t at) const noexcept {
        return octets(bytes_.substr(std::min(at, size())));
    }
    octets first(std::size_t size) const noexcept { return octets(bytes_.substr(0, size)); }
    std::string_view text() const noexcept { return bytes_; }

private:
    std::string_view bytes_;
};

using found = std::variant<tcp_segment, skipped>;

inline constexpr unsigned ethertype_ipv4 = 0x0800, ethertype_ipv6 = 0x86DD;

constexpr bool is_vlan_tag(unsigned type) noexcept {
    return type == 0x8100 || type == 0x88A8 || type == 0x9100;
}

/// What `network` is part of: its size on the wire counts what the capture cut off.
struct network_packet {
    octets network;
    std::size_t on_wire = 0;
};

inline found read_tcp(octets segment, std::size_t on_wire, tcp_end source, tcp_end destination) {
    if (!segment.has(20)) return skipped::cut;
    std::size_t const header = (segment.u8(12) >> 4) * std::size_t{4};
    if (header < 20 || header > on_wire) return skipped::cut;
    auto const flags = segment.u8(13);
    tcp_segment out;
    out.source = source;
    out.destination = destination;
    out.source.port = static_cast<std::uint16_t>(segment.u16(0));
    out.destination.port = static_cast<std::uint16_t>(segment.u16(2));
    out.sequence = segment.u32(4);
    out.fin = (flags & 0x01) != 0;
    out.syn = (flags & 0x02) != 0;
    out.rst = (flags & 0x04) != 0;
    out.ack = (flags & 0x10) != 0;
    auto const size = on_wire - header;
    out.payload = segment.from(header).first(size).text();
    out.missing = size - out.payload.size();
    return out;
}

inline tcp_end address_at(octets bytes, std::size_t at, bool v6) {
    tcp_end out;
    out.v6 = v6;
    auto const text = bytes.from(at).first(v6 ? 16 : 4).text();
    std::copy(text.begin(), text.end(), reinterpret_cast<char*>(out.address.data()));
    return out;
}

inline found read_ipv4(network_packet packet) {
    auto const ip = packet.network;
    if (!ip.has(20)) return skipped::cut;
    std::size_t const header = (ip.u8(0) & 15) * std::size_t{4};
    std::size_t total = ip.u16(2);
    if (total == 0)
        total = packet.on_wire; // offloaded to the network card: the length was not known yet
    if (header < 20 || total < header) return skipped::cut;
    if ((ip.u16(6) & 0x3FFF) != 0) return skipped::fragment;
    if (ip.u8(9) != 6) return skipped::no_tcp;
    return read_tcp(ip.first(total).from(header), total - header, address_at(ip, 12, false),
                    address_at(ip, 16, false));
}

constexpr bool is_extension(unsigned next) noexcept {
    return next == 0 || next == 43 || next == 60; // hop by hop, routing, destination options
}

inline found read_ipv6(network_packet packet) {
    auto const ip = packet.network;
    if (!ip.has(40)) return skipped::cut;
    std::size_t const payload = ip.u16(4);
    auto const total = payload == 0 ? packet.on_wire : 40 + payload;
    auto next = ip.u8(6);
    std::size_t at = 40;
    while (is_extension(next)) {
        if (!ip.has(at + 2)) return skipped::cut;
        next = ip.u8(at);
        at += 8 + ip.u8(at + 1) * std::size_t{8};
    }
    if (next == 44) return skipped::fragment;
    if (next != 6) return skipped::no_tcp;
    if (at > total) return skipped::cut;
    return read_tcp(ip.first(total).from(at), total - at, address_at(ip, 8, true),
                    address_at(ip, 24, true));
}

inline found read_ip(octets packet, std::size_t on_wire) {
    if (!packet.has(1)) return skipped::cut;
    auto const version = packet.u8(0) >> 4;
    if (version == 4) return read_ipv4({packet, on_wire});
    if (version == 6) return read_ipv6({packet, on_wire});
    return skipped::no_ip;
}

/// From an EtherType at `at` on, tags included.
inline found read_typed(octets packet, std::size_t at, std::size_t header, std::size_t on_wire) {
    if (!packet.has(header)) return skipped::cut;
    auto type = packet.u16(at);
    while (is_vlan_tag(type)) {
        if (!packet.has(header + 4)) return skipped::cut;
        type = packet.u16(header + 2);
        header += 4;
    }
    if (type != ethertype_ipv4 && type != ethertype_ipv6) return skipped::no_ip;
    if (on_wire < header) return skipped::cut;
    return read_ip(packet.from(header), on_wire - header);
}

} // namespace detail

/// The TCP segment in a captured packet.
/// @param on_wire  the packet's size before the capture cut it, bytes
inline std::variant<tcp_segment, skipped> read_packet(link_type link, std::string_view bytes,
                                                      std::size_t on_wire) {
    detail::octets const packet(bytes);
    on_wire = std::max(on_wire, bytes.size());
    switch (link) {
    case link_type::ethernet: return detail::read_typed(packet, 12, 14, on_wire);
    case link_type::cooked: return detail::read_typed(packet, 14, 16, on_wire);
    case link_type::cooked_v2: return detail::read_typed(packet, 0, 20, on_wire);
    case link_type::bsd_null:
    case link_type::bsd_loop: // the four bytes are the sender's AF_ number, which differs by system
        if (!packet.has(4)) return skipped::cut;
        return detail::read_ip(packet.from(4), on_wire - 4);
    case link_type::raw_ip:
    case link_type::raw_ip_bsd:
    case link_type::raw_ip_file:
    case link_type::ipv4:
    case link_type::ipv6: return detail::read_ip(packet, on_wire);
    }
    return skipped::link;
}

} // namespace milter::capture
