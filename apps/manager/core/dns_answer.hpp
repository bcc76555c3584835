// SPDX-License-Identifier: BSL-1.0
// manager/core/dns_answer.hpp - the IPv4 addresses in a packet of a name server, and how long they hold
//
// The packet may be anything. An address counts only when it is of the name that was asked for, or of what that is an
// alias of, by records in this order; so nobody is listed by what a server says of others.
// Source: RFC 1035 sections 3 and 4, RFC 2181 5.2 and 8, RFC 2308 section 5
#pragma once

#include <milter/proto/timeouts.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

struct dns_answer {
    bool usable = false; ///< else nothing is known of the name
    std::vector<std::uint32_t>
        addresses; ///< in host byte order; none: there is no such name, or none of it
    std::optional<proto::duration> ttl; ///< empty: the server does not say
    std::string_view why;               ///< not usable
};

inline constexpr std::size_t most_dns_addresses =
    64; ///< lists have five; a packet with more is not usable
inline constexpr std::size_t most_dns_aliases = 8; ///< one behind the other

/// @param asked  name without a dot at its end
dns_answer read_dns_answer(std::string_view packet, std::string_view asked);

} // namespace milter::manager
