// SPDX-License-Identifier: BSL-1.0
// manager/core/dns_zone.hpp - a block or allow list in DNS: what it is asked for an address, and what its answer means
//
// A list answers 127.0.0.x for what stands in it, and "no such name" for the rest. Where nothing else is said, each of
// 127.0.0.0/8 means listed, but for 127.255.255.0/24, by which the large lists say that they do not serve who asks. An
// address outside of 127.0.0.0/8 is no answer of a list: its domain was lost, or a resolver tells stories.
// Source: RFC 5782 sections 2.1, 2.4, 5; Spamhaus, "DNSBL return codes"
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

/// Whether an address stands in a list.
enum class listing {
    listed,
    not_listed,
    failed, ///< nobody knows: no answer in time, or none that means anything
};

/// Answers that mean "listed", the last one included; in host byte order.
struct answer_range {
    std::uint32_t first = 0;
    std::uint32_t last = 0;

    bool contains(std::uint32_t address) const noexcept {
        return address >= first && address <= last;
    }
    friend bool operator==(answer_range const&, answer_range const&) = default;
};

/// `127.0.0.2`, `127.0.0.2-127.0.0.11`, `127.0.0.10/31`; empty for anything else, and for a range that runs backwards or
/// a prefix with bits behind it.
std::optional<answer_range> parse_answer_range(std::string_view text);

struct dns_zone {
    std::string name;                      ///< `zen.spamhaus.org`; a good name of a host
    std::vector<answer_range> listed_when; ///< empty: as at the head of this file

    friend bool operator==(dns_zone const&, dns_zone const&) = default;
};

/// What only a list says that does not serve, or somebody who is no list, unless `listed_when` has it.
bool is_no_answer(std::uint32_t address) noexcept;

/// `127.0.0.2`
std::string describe_answer(std::uint32_t address);

/// Of a zone, so that a question about IPv6 is a name.
inline constexpr std::size_t longest_zone =
    253 - 64; // characters: RFC 1035 2.3.4 less 32 nibbles and dots

/// What the addresses of an answer mean together. @param addresses  in host byte order; none: not listed
listing judge(dns_zone const& zone, std::span<std::uint32_t const> addresses) noexcept;

/// Whom a list is asked about: an IPv4 address, also when it came as `::ffff:192.0.2.1`, or one of IPv6.
class dns_subject {
public:
    /// @param address  4 or 16 bytes in network order; empty for any other number
    static std::optional<dns_subject> from(std::span<std::uint8_t const> address) noexcept;

    bool is_v4() const noexcept { return size_ == 4; }
    std::span<std::uint8_t const> bytes() const noexcept { return {bytes_.data(), size_}; }

    friend bool operator==(dns_subject const&, dns_subject const&) = default;

private:
    std::array<std::uint8_t, 16> bytes_{};
    std::uint8_t size_ = 0;
};

/// `1.2.0.192.zen.spamhaus.org`: bytes, or nibbles, in reverse.
std::string question_name(dns_zone const& zone, dns_subject const& about);

} // namespace milter::manager
