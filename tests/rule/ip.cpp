// SPDX-License-Identifier: BSL-1.0
// tests/rule/ip.cpp - addresses and prefixes from text, and back
//
// Oracle: inet_pton() and inet_ntop() of the system.

#include "rule/ip.hpp"

#include <boost/test/unit_test.hpp>

#include <arpa/inet.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

using namespace milter;
using rule::parse_ip;
using rule::parse_prefix;

namespace {

rule::ip must(std::string_view text) {
    auto const found = parse_ip(text);
    BOOST_REQUIRE_MESSAGE(found.has_value(), text);
    return *found;
}

/// What the system makes of it; IPv4 as ::ffff:a.b.c.d.
std::optional<std::array<std::uint8_t, 16>> known_to_system(std::string const& text) {
    std::array<std::uint8_t, 16> bytes{};
    if (text.find(':') != text.npos) {
        if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return std::nullopt;
        return bytes;
    }
    bytes[10] = bytes[11] = 0xff;
    if (inet_pton(AF_INET, text.c_str(), bytes.data() + 12) != 1) return std::nullopt;
    return bytes;
}

std::string random_text(std::mt19937& random) {
    static constexpr std::string_view pieces[] = {"0",  "1",   "25", "255", "256",  "00",
                                                  ".",  ".",   ".",  ":",   "::",   ":",
                                                  "ab", "F0f", "g",  "/",   "12345"};
    std::string text;
    for (auto left = 1 + random() % 16; left > 0; --left)
        text += pieces[random() % std::size(pieces)];
    return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(ip)

BOOST_AUTO_TEST_CASE(address_is_read_as_the_mta_sends_it) {
    BOOST_TEST(to_string(must("192.0.2.1")) == "192.0.2.1");
    BOOST_TEST(to_string(must("2001:DB8:0:0:0::1")) == "2001:db8::1");
    BOOST_TEST(to_string(must("IPv6:2001:db8::1")) == "2001:db8::1");
    BOOST_TEST(to_string(must("ipv6:::1")) == "::1");
    BOOST_TEST(!must("192.0.2.1").is_v6);
    BOOST_TEST(must("::1").is_v6);
}

BOOST_AUTO_TEST_CASE(mapped_address_is_the_address_of_ipv4) {
    BOOST_TEST((must("::ffff:192.0.2.1") == must("192.0.2.1")));
    BOOST_TEST((must("IPv6:::FFFF:c000:201") == must("192.0.2.1")));
    BOOST_TEST(to_string(must("::ffff:192.0.2.1")) == "192.0.2.1");
    BOOST_TEST(must("::fffe:192.0.2.1").is_v6);
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_refused) {
    for (std::string_view const text : {"",
                                        "1",
                                        "1.2.3",
                                        "1.2.3.4.5",
                                        "1.2.3.256",
                                        "01.2.3.4",
                                        "1.2.3.4 ",
                                        " 1.2.3.4",
                                        "1.2.3.",
                                        "1..2.3",
                                        "+1.2.3.4",
                                        "0x1.2.3.4",
                                        ":",
                                        ":::",
                                        "1:2:3:4:5:6:7",
                                        "1:2:3:4:5:6:7:8:9",
                                        "1::2::3",
                                        "12345::",
                                        "::g",
                                        "[::1]",
                                        "[1.2.3.4]",
                                        "fe80::1%eth0",
                                        "IPv6:1.2.3.4",
                                        "IPv6:",
                                        "::1.2.3",
                                        "::1.2.3.4:5",
                                        "1.2.3.4::",
                                        "1:2:3:4:5:6:7::8",
                                        "::/0",
                                        "unix:socket"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(!parse_ip(text).has_value());
    BOOST_TEST(!parse_ip(std::string_view("1.2.3.4\0", 8)).has_value());
    BOOST_TEST(!parse_ip(std::string(1'000'000, ':')).has_value());
    BOOST_TEST(!parse_ip(std::string(1'000'000, '1')).has_value());
}

BOOST_AUTO_TEST_CASE(random_texts_are_read_as_by_the_system) {
    std::mt19937 random(1);
    unsigned good = 0;
    for (int i = 0; i < 60'000; ++i) {
        auto const text = random_text(random);
        auto const found = parse_ip(text);
        auto const known = known_to_system(text);
        BOOST_TEST_CONTEXT(text) {
            // glibc refuses a "::" that stands for a single group no more than we do
            BOOST_REQUIRE(found.has_value() == known.has_value());
            if (found) BOOST_TEST((found->bytes == *known));
        }
        good += found.has_value();
    }
    BOOST_TEST(good > 300u);
}

BOOST_AUTO_TEST_CASE(random_addresses_are_written_as_by_the_system_and_read_again) {
    std::mt19937 random(2);
    for (int i = 0; i < 20'000; ++i) {
        rule::ip address;
        address.is_v6 = true;
        for (auto& byte : address.bytes)
            byte = static_cast<std::uint8_t>(random() % 2 == 0 ? 0 : random());
        address.bytes[0] = 0x20;
        char known[INET6_ADDRSTRLEN];
        inet_ntop(AF_INET6, address.bytes.data(), known, sizeof known);
        BOOST_REQUIRE(to_string(address) == known);
        BOOST_REQUIRE((must(known) == address));
    }
}

BOOST_AUTO_TEST_CASE(prefix_is_an_address_alone_or_with_a_length) {
    BOOST_TEST(to_string(*parse_prefix("192.0.2.1").value) == "192.0.2.1/32");
    BOOST_TEST(to_string(*parse_prefix("10.0.0.0/8").value) == "10.0.0.0/8");
    BOOST_TEST(to_string(*parse_prefix("0.0.0.0/0").value) == "0.0.0.0/0");
    BOOST_TEST(to_string(*parse_prefix("2001:db8::/32").value) == "2001:db8::/32");
    BOOST_TEST(to_string(*parse_prefix("::/0").value) == "::/0");
    BOOST_TEST(to_string(*parse_prefix("::ffff:10.0.0.0/104").value) == "10.0.0.0/8");
}

BOOST_AUTO_TEST_CASE(prefix_that_is_wrong_says_how_it_is_right) {
    auto const problem = [](std::string_view text) {
        auto const parsed = parse_prefix(text);
        BOOST_TEST(!parsed.value.has_value());
        return parsed.problem;
    };
    BOOST_TEST(problem("10.1.2.3/8") ==
               "\"10.1.2.3/8\" has bits set behind its length; did you mean \"10.0.0.0/8\"?");
    BOOST_TEST(problem("2001:db8::1/32").ends_with("did you mean \"2001:db8::/32\"?"));
    BOOST_TEST(problem("10.0.0.0/33").ends_with("is 0 to 32"));
    BOOST_TEST(problem("::/129").ends_with("is 0 to 128"));
    BOOST_TEST(problem("::ffff:0:0/95").ends_with("is 96 to 128"));
    BOOST_TEST(problem("192.168.1") == "\"192.168.1\" is not an IP address");
    BOOST_TEST(problem("[::1]").ends_with("without brackets"));
    BOOST_TEST(problem("fe80::1%eth0").ends_with("zone cannot be compared"));
    for (auto const text : {"10.0.0.0/", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/8/8", "/8"})
        BOOST_TEST(!problem(text).empty());
}

BOOST_AUTO_TEST_CASE(prefix_contains_what_begins_with_its_bits_and_only_its_family) {
    auto const in = [](std::string_view network, std::string_view address) {
        return rule::contains(*parse_prefix(network).value, must(address));
    };
    BOOST_TEST(in("10.0.0.0/8", "10.255.0.1"));
    BOOST_TEST(!in("10.0.0.0/8", "11.0.0.0"));
    BOOST_TEST(in("192.0.2.128/25", "192.0.2.255"));
    BOOST_TEST(!in("192.0.2.128/25", "192.0.2.127"));
    BOOST_TEST(in("0.0.0.0/0", "255.255.255.255"));
    BOOST_TEST(in("0.0.0.0/0", "::ffff:1.2.3.4"));
    BOOST_TEST(!in("0.0.0.0/0", "::1"));
    BOOST_TEST(in("::/0", "::1"));
    BOOST_TEST(!in("::/0", "1.2.3.4"));
    BOOST_TEST(!in("::/0", "::ffff:1.2.3.4"));
    BOOST_TEST(in("2001:db8::/33", "2001:db8:7fff::1"));
    BOOST_TEST(!in("2001:db8::/33", "2001:db8:8000::"));
}

BOOST_AUTO_TEST_CASE(private_addresses_are_those_that_are_not_routed) {
    for (auto const text : {"127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1",
                            "169.254.1.1", "100.64.0.1", "100.127.255.255", "::1", "fe80::1",
                            "febf::1", "fc00::1", "fdff::1", "::ffff:10.0.0.1", "IPv6:::1"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(rule::is_private(must(text)));
    for (auto const text :
         {"128.0.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1", "169.253.0.1", "100.63.0.1",
          "100.128.0.0", "::2", "::", "fec0::1", "fe00::1", "2001:db8::1", "::ffff:8.8.8.8"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(!rule::is_private(must(text)));
}

BOOST_AUTO_TEST_SUITE_END()
