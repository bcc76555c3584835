// SPDX-License-Identifier: BSL-1.0
// tests/replay/pcap_file.hpp - capture files made by hand
#pragma once

#include <capture/segment.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace made {

inline void append_u32_le(std::string& out, std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift));
}

/// The classic format, microseconds, Ethernet; one packet a millisecond.
class pcap_file {
public:
    explicit pcap_file(std::uint32_t link = 1) {
        append_u32_le(bytes_, 0xA1B2C3D4);
        append_u32_le(bytes_, 0x00040002); // version 2.4
        append_u32_le(bytes_, 0);
        append_u32_le(bytes_, 0);
        append_u32_le(bytes_, 262'144);
        append_u32_le(bytes_, link);
    }
    void packet(std::string_view bytes, std::size_t cut = 0) {
        append_u32_le(bytes_, 1'000'000'000);
        append_u32_le(bytes_, 1000 * ++count_);
        append_u32_le(bytes_, static_cast<std::uint32_t>(bytes.size() - cut));
        append_u32_le(bytes_, static_cast<std::uint32_t>(bytes.size()));
        bytes_.append(bytes.substr(0, bytes.size() - cut));
    }
    void tcp_packet(tcp_end from, tcp_end to, std::uint32_t sequence, unsigned flags,
                    std::string_view payload = {}, std::size_t cut = 0) {
        packet(ethernet(ip(from, to, tcp(from, to, sequence, flags, payload))), cut);
    }
    std::string const& bytes() const { return bytes_; }

private:
    std::string bytes_;
    std::uint32_t count_ = 0;
};

} // namespace made
