// SPDX-License-Identifier: BSL-1.0
// rule/ip.hpp - IP addresses and prefixes: from text, to text, and which lies in which
//
// An IPv4 address is kept as ::ffff:a.b.c.d with `is_v6` false, and that spelling is read as the IPv4 address that it
// is: a client is the same one whether the MTA listens on IPv4 or on both. So a prefix of IPv6 never holds an IPv4
// address, not even ::/0, as in Postfix' cidr tables.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace milter::rule {

/// Without a value: "::", which no client has.
struct ip {
    std::array<std::uint8_t, 16> bytes{}; ///< in network order
    bool is_v6 = false;

    friend bool operator==(ip const&, ip const&) = default;
};

inline constexpr unsigned v4_offset = 96; ///< bits before an IPv4 address in `ip::bytes`

/// @param text  as MTAs send it: "192.0.2.1", "2001:db8::1", "IPv6:2001:db8::1". Octets with leading zeros, brackets
///              and zone ids are refused, as their meaning is not the same everywhere.
/// Does not allocate.
std::optional<ip> parse_ip(std::string_view text) noexcept;

/// An address in the one spelling of RFC 5952, without allocating.
class ip_text {
public:
    explicit ip_text(ip const& address) noexcept;
    std::string_view view() const noexcept { return {text_.data(), size_}; }

private:
    void append(std::string_view text) noexcept;
    void append(unsigned number, int base) noexcept;
    void append_v4(ip const& address) noexcept;
    void append_v6(ip const& address) noexcept;

    std::array<char, 48> text_; // of which 39 are used
    std::size_t size_ = 0;
};

std::string to_string(ip const& address);

/// All addresses whose first `length` bits are those of `base`, where all further bits are zero.
struct prefix {
    ip base;
    unsigned length = 0; ///< 0 to 32, or 0 to 128

    friend bool operator==(prefix const&, prefix const&) = default;
};

struct prefix_parse {
    std::optional<prefix> value;
    std::string problem; ///< for people; empty when there is a value
};

/// @param text  an address, which stands for itself alone, or address/length
prefix_parse parse_prefix(std::string_view text);

std::string to_string(prefix const& network);

/// Bits from the front of `ip::bytes` that the prefix fixes.
inline unsigned fixed_bits(prefix const& network) noexcept {
    return network.length + (network.base.is_v6 ? 0 : v4_offset);
}

bool contains(prefix const& network, ip const& address) noexcept;

/// Not of the public internet: loopback, RFC 1918, link-local, shared (RFC 6598: carriers' NAT), unique local (RFC 4193).
bool is_private(ip const& address) noexcept;

} // namespace milter::rule
