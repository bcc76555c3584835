// SPDX-License-Identifier: BSL-1.0
// tests/bench/rule_sets.cpp - what one look into a large set of the rules costs, in nanoseconds of the processor
//
// Usage: bench_rule_sets [entries]. Half of what is looked up is in the set, or near; order is random.

#include "rule/domain_set.hpp"
#include "rule/mail_set.hpp"
#include "rule/match.hpp"
#include "rule/prefix_set.hpp"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace milter;

constexpr std::size_t subjects = 1 << 16;
constexpr int rounds = 20;

/// @param look  looks for the subject of that number
template <class Look> void measure(char const* what, std::size_t entries, Look const& look) {
    std::size_t found = 0;
    for (std::size_t i = 0; i < subjects; ++i) found += look(i); // warms up
    auto const begin = std::clock();
    for (int round = 0; round < rounds; ++round)
        for (std::size_t i = 0; i < subjects; ++i) found += look(i);
    auto const took = static_cast<double>(std::clock() - begin) * (1e9 / CLOCKS_PER_SEC);
    auto const looks = static_cast<double>(subjects) * rounds;
    std::printf("%-22s %8zu entries %8.1f ns, %.0f %% found\n", what, entries, took / looks,
                100.0 * static_cast<double>(found) / (looks + static_cast<double>(subjects)));
}

class source {
public:
    std::uint32_t number() { return static_cast<std::uint32_t>(random_()); }
    rule::ip v4() {
        auto address = *rule::parse_ip("0.0.0.0");
        fill(address, 12);
        return address;
    }
    /// As the registries hand them out: a few /12, in them many /32 and /48.
    rule::ip v6() {
        static constexpr std::uint8_t fronts[][2] = {
            {0x20, 1}, {0x24, 0}, {0x26, 0}, {0x28, 0}, {0x2a, 0}};
        auto address = *rule::parse_ip("2001::");
        auto const& front = fronts[number() % std::size(fronts)];
        fill(address, 2);
        address.bytes[0] = front[0];
        address.bytes[1] = static_cast<std::uint8_t>(front[1] | (number() & 15));
        return address;
    }
    std::string domain(std::size_t index) {
        static constexpr char const* tops[] = {"com", "example", "net", "co.test"};
        return "host" + std::to_string(index * 7919) + "." + tops[index % 4];
    }

private:
    void fill(rule::ip& address, std::size_t from) {
        for (std::size_t i = from; i < 16; ++i)
            address.bytes[i] = static_cast<std::uint8_t>(number());
    }

    std::mt19937 random_{1};
};

rule::prefix front_of(rule::ip address, unsigned length) {
    for (auto bit = length + (address.is_v6 ? 0 : rule::v4_offset); bit < 128; ++bit)
        address.bytes[bit / 8] =
            static_cast<std::uint8_t>(address.bytes[bit / 8] & ~(0x80 >> bit % 8));
    return {address, length};
}

template <class Address>
void prefixes(char const* what, std::size_t entries, unsigned shortest, Address const& address) {
    source from;
    rule::prefix_set set;
    std::vector<rule::ip> bases, looked;
    for (std::size_t i = 0; i < entries; ++i) {
        bases.push_back(address(from));
        set.add(front_of(bases.back(), shortest + from.number() % 17),
                static_cast<std::uint32_t>(i));
    }
    set.build();
    for (std::size_t i = 0; i < subjects; ++i)
        looked.push_back(i % 2 == 0 ? address(from) : bases[from.number() % entries]);
    measure(what, entries, [&](std::size_t i) { return set.find(looked[i]).has_value(); });
}

void domains(std::size_t entries) {
    source from;
    rule::domain_set set;
    for (std::size_t i = 0; i < entries; ++i) set.add((i % 2 == 0 ? "" : ".") + from.domain(i));
    std::vector<std::string> looked;
    for (std::size_t i = 0; i < subjects; ++i)
        looked.push_back("mx1.mail." + from.domain(from.number() % (2 * entries)));
    measure("domains", entries, [&](std::size_t i) { return set.has(looked[i]); });
}

void mail(std::size_t entries) {
    source from;
    rule::mail_set set;
    for (std::size_t i = 0; i < entries; ++i) set.add("john.doe@" + from.domain(i));
    std::vector<std::string> looked;
    for (std::size_t i = 0; i < subjects; ++i)
        looked.push_back("<john.doe@" + from.domain(from.number() % (2 * entries)) + ">");
    measure("mail, with parsing", entries,
            [&](std::size_t i) { return set.has(rule::parse_mail_address(looked[i])); });
}

void patterns(char const* what, std::size_t entries, unsigned share) {
    source from;
    rule::pattern_list list;
    for (std::size_t i = 0; i < entries; ++i)
        list.add(*rule::pattern::compile("^dyn[-.]?\\d+.*\\.pool" + std::to_string(i) +
                                             "\\.(isp|net)\\d*\\.test$",
                                         true)
                      .value);
    list.build();
    std::vector<std::string> looked;
    for (std::size_t i = 0; i < subjects; ++i) {
        auto const pool = from.number() % entries + (from.number() % 100 < share ? 0 : entries);
        looked.push_back("dyn-" + std::to_string(from.number() % 256) + "-1.pool" +
                         std::to_string(pool) + ".isp1.test");
    }
    measure(what, entries, [&](std::size_t i) { return list.any_match(looked[i]); });
    measure("  which is first", entries,
            [&](std::size_t i) { return list.first_match(looked[i]).has_value(); });
}

} // namespace

int main(int argc, char** argv) {
    auto const entries = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 200'000;
    if (entries == 0) return 64;
    prefixes("prefixes, IPv4", entries, 16, [](source& from) { return from.v4(); });
    prefixes("prefixes, IPv6", entries, 32, [](source& from) { return from.v6(); });
    domains(entries);
    mail(entries);
    patterns("patterns, 10 % found", 200, 10);
    patterns("patterns, none found", 200, 0);
}
