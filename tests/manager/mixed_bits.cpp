// SPDX-License-Identifier: BSL-1.0
// tests/manager/mixed_bits.cpp - bits that depend on all bits of a number

#include "manager/core/mixed_bits.hpp"

#include <boost/test/unit_test.hpp>

#include <bit>

using milter::manager::mixed_bits;

BOOST_AUTO_TEST_SUITE(bits_mixed)

// The first numbers of SplitMix64 from seed 0, which adds the golden ratio before each.
BOOST_AUTO_TEST_CASE(are_those_of_splitmix64) {
    constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;
    BOOST_TEST(mixed_bits(golden) == 0xe220a8397b1dcdafU);
    BOOST_TEST(mixed_bits(2 * golden) == 0x6e789e6aa1b965f4U);
    BOOST_TEST(mixed_bits(3 * golden) == 0x06c45d188009454fU);
}

BOOST_AUTO_TEST_CASE(each_bit_changes_about_half_of_them) {
    for (unsigned bit = 0; bit < 64; ++bit) BOOST_TEST_CONTEXT("bit " << bit) {
            auto const changed =
                std::popcount(mixed_bits(12'345) ^ mixed_bits(12'345 ^ (std::uint64_t{1} << bit)));
            BOOST_TEST(changed > 12);
            BOOST_TEST(changed < 52);
        }
}

BOOST_AUTO_TEST_SUITE_END()
