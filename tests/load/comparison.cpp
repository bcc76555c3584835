// SPDX-License-Identifier: BSL-1.0
// tests/load/comparison.cpp - when a difference is one

#include "load/comparison.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace load = milter::load;
using pairs = std::vector<std::pair<double, double>>;

/// Slices of two milters, B `factor` times as slow, each with noise, on a machine that drifts.
pairs noisy(double factor, double noise, std::mt19937_64& source, std::size_t count = 20) {
    std::normal_distribution<double> one(0, noise);
    pairs all;
    for (std::size_t i = 0; i < count; ++i) {
        auto const drift = 1 + 3 * static_cast<double>(i) / static_cast<double>(count);
        all.emplace_back(drift * std::exp(one(source)), drift * factor * std::exp(one(source)));
    }
    return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(load_comparison)

BOOST_AUTO_TEST_CASE(few_slices_tell_nothing) {
    BOOST_TEST(!load::estimate_ratio({}));
    BOOST_TEST(!load::estimate_ratio(pairs(4, {1, 2})));
    BOOST_TEST(!load::estimate_ratio(pairs(50, {0, 2})));
    BOOST_TEST(load::estimate_ratio(pairs(5, {1, 2})).has_value());
}

BOOST_AUTO_TEST_CASE(a_machine_that_drifts_does_not_hide_a_difference) {
    std::mt19937_64 source(1); // NOLINT(cert-msc51-cpp): the same values each time
    auto const seen = load::estimate_ratio(noisy(1.05, 0.01, source));
    BOOST_REQUIRE(seen);
    BOOST_TEST(seen->low > 1.03);
    BOOST_TEST(seen->high < 1.07);
    BOOST_TEST(seen->pairs == 20U);
}

BOOST_AUTO_TEST_CASE(the_interval_holds_the_truth_as_often_as_it_says) {
    std::mt19937_64 source(2); // NOLINT(cert-msc51-cpp): the same values each time
    int held = 0;
    constexpr int rounds = 2000;
    for (int i = 0; i < rounds; ++i) {
        auto const seen = load::estimate_ratio(noisy(1.2, 0.1, source, 8));
        held += seen->low <= 1.2 && 1.2 <= seen->high;
    }
    BOOST_TEST(held > rounds * 93 / 100);
    BOOST_TEST(held < rounds * 97 / 100);
}

BOOST_AUTO_TEST_CASE(the_verdict_is_in_words) {
    BOOST_TEST(load::verdict_of({1.055, 1.04, 1.07, 20}) == "B is 4.0 % to 7.0 % slower than A");
    BOOST_TEST(load::verdict_of({0.9, 0.85, 0.95, 20}) == "B is 5.0 % to 15.0 % faster than A");
    BOOST_TEST(load::verdict_of({1.0, 0.98, 1.03, 20}) ==
               "no difference seen: B is between 2.0 % faster and 3.0 % slower than A");
}

BOOST_AUTO_TEST_SUITE_END()
