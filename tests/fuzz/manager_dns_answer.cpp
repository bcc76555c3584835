// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/manager_dns_answer.cpp - a packet of a name server, whole and cut short, and what a list means by it
//
// Input: 2 bytes where the packet is cut, then the packet. The name asked for is 2.0.0.127.list.example.

#include "invariant.hpp"
#include "manager/core/dns_answer.hpp"
#include "manager/core/dns_zone.hpp"

#include <support/exact_copy.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace manager = milter::manager;
using fuzz::require;

namespace {

constexpr std::string_view asked = "2.0.0.127.list.example";

bool has(std::string_view packet, std::uint32_t address) {
    char bytes[4];
    for (int i = 0; i < 4; ++i) bytes[i] = static_cast<char>(address >> (24 - 8 * i) & 0xff);
    return packet.find(std::string_view(bytes, 4)) != packet.npos;
}

void check(manager::dns_answer const& found, std::string_view packet) {
    require(found.usable == found.why.empty(), "who is not usable says why");
    require(found.usable || found.addresses.empty(), "nobody is listed by what is not usable");
    require(found.addresses.size() <= manager::most_dns_addresses, "there are not too many");
    require(std::all_of(found.addresses.begin(), found.addresses.end(),
                        [&](auto one) { return has(packet, one); }),
            "addresses are of the packet");
    require(!found.ttl || found.ttl->count() >= 0, "nothing held only in the past");
    require(found.addresses.empty() || found.ttl, "addresses hold for a time");
}

void check_meaning(manager::dns_answer const& found) {
    manager::dns_zone const any{"list.example", {}};
    auto const said = judge(any, found.addresses);
    require(!found.addresses.empty() || said == manager::listing::not_listed,
            "no address, no entry");
    for (auto const one : found.addresses) fuzz::require_harmless(manager::describe_answer(one));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 2) return 0;
    auto const packet = fuzz::view(data + 2, size - 2);
    auto const found = manager::read_dns_answer(packet, asked);
    check(found, packet);
    check_meaning(found);
    require(!found.usable || !manager::read_dns_answer(packet, "3.0.0.127.list.example").usable,
            "it answers one question");
    auto const cut = std::size_t{data[0]} << 8 | data[1];
    support::exact_copy const copy(packet.substr(0, cut % (packet.size() + 1)));
    auto const part = copy.view();
    auto const of_part = manager::read_dns_answer(part, asked);
    check(of_part, part);
    require(!of_part.usable || (found.addresses == of_part.addresses && found.ttl == of_part.ttl),
            "what is cut off says nothing else");
    return 0;
}
