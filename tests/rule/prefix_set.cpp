// SPDX-License-Identifier: BSL-1.0
// tests/rule/prefix_set.cpp - which prefix an address lies in
//
// Oracle: all prefixes one by one.

#include "rule/prefix_set.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <random>
#include <string_view>
#include <vector>

using namespace milter;
using rule::prefix_choice;
using rule::prefix_set;

namespace {

rule::ip must(std::string_view text) { return rule::parse_ip(text).value(); }
rule::prefix network(std::string_view text) { return rule::parse_prefix(text).value.value(); }

struct valued_prefix {
    rule::prefix network;
    std::uint32_t value;
};

std::optional<std::uint32_t> expected(std::vector<valued_prefix> const& all,
                                      rule::ip const& address, prefix_choice choice) {
    valued_prefix const* best = nullptr;
    for (auto const& one : all) {
        if (!contains(one.network, address)) continue;
        bool const better =
            !best || (choice == prefix_choice::first ? one.value < best->value
                                                     : one.network.length > best->network.length);
        if (better) best = &one;
    }
    return best ? std::optional(best->value) : std::nullopt;
}

/// Few different bits, so that prefixes nest and meet.
rule::ip random_address(std::mt19937& random) {
    rule::ip out = must(random() % 2 == 0 ? "0.0.0.0" : "2001:db8::");
    static constexpr std::uint8_t bytes[] = {0, 1, 0x80, 0xff, 0x7f};
    for (std::size_t i = out.is_v6 ? 0 : 12; i < 16; ++i)
        if (random() % 3 != 0) out.bytes[i] = bytes[random() % std::size(bytes)];
    if (out.is_v6 && random() % 2 == 0) out.bytes[0] = 0x20;
    if (out.is_v6 && out.bytes[0] == 0) out.bytes[0] = 0xff;
    return out;
}

rule::prefix random_prefix(std::mt19937& random) {
    auto base = random_address(random);
    auto const length = static_cast<unsigned>(random() % (base.is_v6 ? 129 : 33));
    for (unsigned bit = length + (base.is_v6 ? 0 : rule::v4_offset); bit < 128; ++bit)
        base.bytes[bit / 8] = static_cast<std::uint8_t>(base.bytes[bit / 8] & ~(0x80 >> bit % 8));
    return {base, length};
}

rule::ip neighbour(rule::ip address, int step) {
    for (std::size_t i = 16; i-- > 0;) {
        auto const sum = address.bytes[i] + step;
        address.bytes[i] = static_cast<std::uint8_t>(sum & 0xff);
        if (sum >= 0 && sum <= 255) break;
    }
    return address;
}

/// Of the same family: stepping over an end of IPv4 leaves it.
bool is_address(rule::ip const& address) { return address == rule::parse_ip(to_string(address)); }

} // namespace

BOOST_AUTO_TEST_SUITE(prefix_sets)

BOOST_AUTO_TEST_CASE(longest_prefix_counts) {
    prefix_set set;
    set.add(network("10.0.0.0/8"), 8);
    set.add(network("10.1.0.0/16"), 16);
    set.add(network("10.1.2.3"), 32);
    set.add(network("2001:db8::/32"), 632);
    set.add(network("2001:db8::1"), 6128);
    set.build();
    BOOST_TEST(set.size() == 5u);
    BOOST_TEST(set.find(must("10.1.2.3")).value() == 32u);
    BOOST_TEST(set.find(must("10.1.2.4")).value() == 16u);
    BOOST_TEST(set.find(must("10.2.0.0")).value() == 8u);
    BOOST_TEST(set.find(must("::ffff:10.2.0.0")).value() == 8u);
    BOOST_TEST(set.find(must("2001:db8::1")).value() == 6128u);
    BOOST_TEST(set.find(must("2001:db8::2")).value() == 632u);
    BOOST_TEST(!set.find(must("11.0.0.0")).has_value());
    BOOST_TEST(!set.find(must("9.255.255.255")).has_value());
    BOOST_TEST(!set.find(must("2001:db9::")).has_value());
}

BOOST_AUTO_TEST_CASE(nothing_is_found_in_an_empty_set_or_before_it_is_built) {
    prefix_set set;
    BOOST_TEST(!set.find(must("10.0.0.1")).has_value());
    set.add(network("10.0.0.0/8"), 1);
    BOOST_TEST(!set.find(must("10.0.0.1")).has_value());
    prefix_set built;
    built.build();
    BOOST_TEST(!built.find(must("::1")).has_value());
}

BOOST_AUTO_TEST_CASE(whole_family_can_be_in_it_without_the_other) {
    prefix_set v4, v6;
    v4.add(network("0.0.0.0/0"), 4);
    v6.add(network("::/0"), 6);
    v4.build(), v6.build();
    for (auto const text : {"0.0.0.0", "255.255.255.255", "::ffff:1.2.3.4"}) {
        BOOST_TEST(v4.find(must(text)).has_value());
        BOOST_TEST(!v6.find(must(text)).has_value());
    }
    for (auto const text : {"::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::1"}) {
        auto address = must(text);
        BOOST_TEST(!v4.find(address).has_value());
        BOOST_TEST(v6.find(address).has_value());
    }
}

BOOST_AUTO_TEST_CASE(of_equal_prefixes_the_first_counts) {
    prefix_set set;
    set.add(network("10.0.0.0/8"), 2);
    set.add(network("10.0.0.0/8"), 1);
    set.build();
    BOOST_TEST(set.find(must("10.0.0.1")).value() == 2u);
}

BOOST_AUTO_TEST_CASE(random_sets_find_what_a_search_of_all_finds) {
    std::mt19937 random(7);
    for (int round = 0; round < 400; ++round) {
        auto const choice = round % 2 == 0 ? prefix_choice::longest : prefix_choice::first;
        std::vector<valued_prefix> all;
        prefix_set set;
        for (auto left = random() % (round % 10 == 0 ? 500 : 20); left > 0; --left) {
            all.push_back({random_prefix(random), static_cast<std::uint32_t>(random() % 5)});
            set.add(all.back().network, all.back().value);
        }
        set.build(choice);
        for (int i = 0; i < 100; ++i) {
            auto address = random_address(random);
            if (!all.empty() && i % 2 == 0) {
                auto const& base = all[random() % all.size()].network.base;
                address = neighbour(base, static_cast<int>(random() % 3) - 1);
                if (!is_address(address)) continue;
            }
            BOOST_TEST_CONTEXT(to_string(address))
            BOOST_REQUIRE((set.find(address) == expected(all, address, choice)));
        }
    }
}

BOOST_AUTO_TEST_CASE(million_prefixes_are_found) {
    prefix_set set;
    auto const nth = [](std::uint32_t i) {
        auto address = must("0.0.0.0");
        auto const spread = i * 2'654'435'761U;
        for (std::size_t k = 0; k < 4; ++k)
            address.bytes[12 + k] = static_cast<std::uint8_t>(spread >> (24 - 8 * k));
        return address;
    };
    for (std::uint32_t i = 0; i < 1'000'000; ++i) set.add({nth(i), 32}, i);
    set.build();
    for (std::uint32_t i = 0; i < 1'000'000; i += 97) BOOST_REQUIRE(set.find(nth(i)).value() == i);
    BOOST_TEST(!set.find(nth(1'000'000)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
