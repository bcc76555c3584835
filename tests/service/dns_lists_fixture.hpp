// SPDX-License-Identifier: BSL-1.0
// tests/service/dns_lists_fixture.hpp - lists asked of the name servers of one test
#pragma once

#include "manager/service/dns_lists.hpp"
#include "name_server.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace support {

using namespace std::chrono_literals;
using milter::manager::dns_lists;
using milter::manager::dns_settings;
using milter::manager::dns_zone;
using milter::manager::listing;
using milter::manager::poller;
using address_bytes = std::vector<std::uint8_t>;

constexpr std::uint32_t loopback(unsigned last) { return 0x7f000000 | last; }

inline dns_zone zone(std::string name, std::vector<char const*> const& ranges = {}) {
    dns_zone made{std::move(name), {}};
    for (auto const* one : ranges)
        made.listed_when.push_back(milter::manager::parse_answer_range(one).value());
    return made;
}

inline address_bytes client(std::uint32_t number) {
    return {10, static_cast<std::uint8_t>(number >> 16), static_cast<std::uint8_t>(number >> 8),
            static_cast<std::uint8_t>(number)};
}

/// Long enough for any machine where an answer is meant to come.
inline dns_settings patient(std::vector<milter::endpoint> servers) {
    dns_settings made;
    made.servers = std::move(servers);
    made.deadline = 60s;
    return made;
}

inline dns_settings impatient(std::vector<milter::endpoint> servers) {
    auto made = patient(std::move(servers));
    made.deadline = 100ms;
    made.failure_ttl = {};
    made.breaker.failures = 0;
    return made;
}

/// Asks, and waits for what is said.
inline listing ask(dns_lists& lists, dns_lists::zone_number zone, address_bytes const& address) {
    poller waits;
    auto said = listing::failed;
    lists.ask(zone, address, waits, [&](listing what) {
        said = what;
        waits.stop();
    });
    waits.run();
    return said;
}

} // namespace support

namespace milter::manager {

inline std::ostream& operator<<(std::ostream& out, listing one) {
    static constexpr char const* names[] = {"listed", "not listed", "failed"};
    return out << names[static_cast<std::size_t>(one)];
}

} // namespace milter::manager
