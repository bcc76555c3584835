// SPDX-License-Identifier: BSL-1.0
// tests/manager/dns_zone.cpp - what lists are asked, and what their answers mean

#include "manager/core/dns_zone.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <ostream>
#include <string>
#include <vector>

using namespace milter::manager;

namespace milter::manager {

static std::ostream& operator<<(std::ostream& out, listing one) {
    static constexpr char const* names[] = {"listed", "not listed", "failed"};
    return out << names[static_cast<std::size_t>(one)];
}

} // namespace milter::manager

namespace {

std::uint32_t v4(unsigned a, unsigned b, unsigned c, unsigned d) {
    return a << 24 | b << 16 | c << 8 | d;
}

dns_zone zone(std::vector<char const*> const& ranges) {
    dns_zone made{"list.example", {}};
    for (auto const* one : ranges) made.listed_when.push_back(parse_answer_range(one).value());
    return made;
}

std::string name_of(std::vector<std::uint8_t> const& address) {
    return question_name(zone({}), dns_subject::from(address).value());
}

} // namespace

BOOST_AUTO_TEST_SUITE(manager_dns_zone)

BOOST_AUTO_TEST_CASE(ranges_are_read) {
    struct {
        char const* text;
        std::uint32_t first, last;
    } const rows[] = {
        {"127.0.0.2", v4(127, 0, 0, 2), v4(127, 0, 0, 2)},
        {"127.0.0.2-127.0.0.11", v4(127, 0, 0, 2), v4(127, 0, 0, 11)},
        {"127.0.0.10/31", v4(127, 0, 0, 10), v4(127, 0, 0, 11)},
        {"127.0.0.4/32", v4(127, 0, 0, 4), v4(127, 0, 0, 4)},
        {"127.0.0.0/8", v4(127, 0, 0, 0), v4(127, 255, 255, 255)},
        {"0.0.0.0/0", 0, 0xffffffff},
    };
    for (auto const& row : rows) {
        auto const found = parse_answer_range(row.text);
        BOOST_TEST_CONTEXT(row.text) {
            BOOST_REQUIRE(found.has_value());
            BOOST_TEST(found->first == row.first);
            BOOST_TEST(found->last == row.last);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_range_is_refused) {
    for (auto const* text : {"",
                             "127",
                             "127.0.0",
                             "127.0.0.",
                             "127.0.0.2.3",
                             "127.0.0.256",
                             "127.0.0.-1",
                             "127.0.0.02",
                             " 127.0.0.2",
                             "127.0.0.2 ",
                             "127.0.0.x",
                             "::1",
                             "127.0.0.2-",
                             "-127.0.0.2",
                             "127.0.0.3-127.0.0.2",
                             "127.0.0.2-3",
                             "127.0.0.11/31",
                             "127.0.0.0/33",
                             "127.0.0.0/",
                             "127.0.0.0/-1",
                             "127.0.0.2,127.0.0.3",
                             "127.0.0.2-127.0.0.3/32",
                             "127..0.2"})
        BOOST_TEST(!parse_answer_range(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(addresses_are_judged_together) {
    auto const any = zone({});
    auto const some = zone({"127.0.0.2", "127.0.0.10/31"});
    auto const complaint = zone({"127.255.255.254"});
    struct {
        dns_zone const& in;
        std::vector<std::uint32_t> all;
        listing said;
    } const rows[] = {
        {any, {}, listing::not_listed},
        {any, {v4(127, 0, 0, 2)}, listing::listed},
        {any, {v4(127, 255, 254, 1)}, listing::listed},
        {any, {v4(127, 255, 255, 254)}, listing::failed},
        {any, {v4(127, 255, 255, 254), v4(127, 0, 0, 4)}, listing::listed},
        {any, {v4(192, 0, 2, 80)}, listing::failed}, // a domain that somebody else has now
        {some, {v4(127, 0, 0, 4)}, listing::not_listed},
        {some, {v4(127, 0, 0, 4), v4(127, 0, 0, 11)}, listing::listed},
        {some, {v4(127, 0, 0, 4), v4(127, 255, 255, 255)}, listing::failed},
        {some, {v4(192, 0, 2, 80)}, listing::failed},
        {complaint, {v4(127, 255, 255, 254)}, listing::listed},
    };
    for (auto const& row : rows)
        BOOST_TEST(judge(row.in, row.all) == row.said,
                   "row " << &row - rows << ": " << judge(row.in, row.all));
}

BOOST_AUTO_TEST_CASE(question_is_the_address_in_reverse) {
    BOOST_TEST(name_of({192, 0, 2, 99}) == "99.2.0.192.list.example");
    // RFC 5782 2.4
    BOOST_TEST(name_of({0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, 0, 3, 0, 4, 0x05, 0x67, 0x89, 0xab}) ==
               "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.list.example");
}

BOOST_AUTO_TEST_CASE(mapped_address_is_an_ipv4_address) {
    BOOST_TEST(name_of({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}) ==
               "1.2.0.192.list.example");
}

BOOST_AUTO_TEST_CASE(other_sizes_are_no_address) {
    std::array<std::uint8_t, 17> const bytes{};
    for (std::size_t size = 0; size <= bytes.size(); ++size)
        BOOST_TEST(dns_subject::from(std::span(bytes).first(size)).has_value() ==
                   (size == 4 || size == 16));
}

BOOST_AUTO_TEST_CASE(longest_zone_fits_with_ipv6) {
    dns_zone const long_one{std::string(longest_zone, 'x'), {}};
    std::vector<std::uint8_t> const address(16, 0xff);
    BOOST_TEST(question_name(long_one, dns_subject::from(address).value()).size() == 253u);
}

BOOST_AUTO_TEST_CASE(address_is_described) {
    BOOST_TEST(describe_answer(v4(127, 255, 255, 254)) == "127.255.255.254");
}

BOOST_AUTO_TEST_SUITE_END()
