// SPDX-License-Identifier: BSL-1.0
// tests/rule/sample.cpp - a sample is as large as it says, of neighbours too, and another one for another salt
#include "rule/sample.hpp"

#include "rule/ip.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace milter::rule;

namespace {

constexpr std::uint32_t share = 500; // 5 %
constexpr int many = 40'000;

bool has_address(sampling const& in, int number) {
    auto const address =
        parse_ip("10.7." + std::to_string(number / 256 % 256) + "." + std::to_string(number % 256));
    return in.has(type::ip, known_ip(*address), share);
}

bool has_name(sampling const& in, int number) {
    auto const name = "host" + std::to_string(number) + ".example.com";
    return in.has(type::domain, known_text(name), share);
}

} // namespace

BOOST_AUTO_TEST_SUITE(rule_sample)

BOOST_AUTO_TEST_CASE(five_percent_of_neighbours_are_five_percent) {
    for (auto const* const salt : {"", "canary", "rspamd"}) {
        sampling const one((std::string_view(salt)));
        int addresses = 0, names = 0;
        for (int i = 0; i < many; ++i) addresses += has_address(one, i), names += has_name(one, i);
        BOOST_TEST_CONTEXT(salt) {
            BOOST_TEST(addresses > many / 20 - 250);
            BOOST_TEST(addresses < many / 20 + 250);
            BOOST_TEST(names > many / 20 - 250);
            BOOST_TEST(names < many / 20 + 250);
        }
    }
}

BOOST_AUTO_TEST_CASE(who_is_in_one_sample_is_no_more_often_in_another) {
    sampling const one("canary"), other("canarz");
    int in_both = 0;
    for (int i = 0; i < many; ++i) in_both += has_address(one, i) && has_address(other, i);
    BOOST_TEST(in_both > 50); // 100 expected
    BOOST_TEST(in_both < 150);
}

BOOST_AUTO_TEST_CASE(larger_share_has_all_of_a_smaller_one) {
    sampling const one("canary");
    for (int i = 0; i < 5'000; ++i) {
        auto const name = std::to_string(i) + ".example.com";
        auto const value = known_text(name);
        BOOST_TEST(
            (!one.has(type::domain, value, share) || one.has(type::domain, value, 2 * share)));
    }
}

BOOST_AUTO_TEST_CASE(letter_case_does_not_count_and_releases_agree) {
    sampling const one("canary");
    for (auto const* const name : {"Example.COM", "example.com"})
        BOOST_TEST(one.has(type::domain, known_text(name), 10'000));
    // of a sample that has begun nobody drops out with an update
    std::string chosen;
    for (int i = 0; i < 120; ++i)
        if (has_name(one, i)) chosen += std::to_string(i) + ' ';
    BOOST_TEST(chosen == "22 57 107 ");
}

BOOST_AUTO_TEST_SUITE_END()
