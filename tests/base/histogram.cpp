// SPDX-License-Identifier: BSL-1.0
// tests/base/histogram.cpp - what a histogram tells is what the sorted values tell, within its error

#include <milter/histogram.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace {

using milter::histogram;

/// The nearest rank, of sorted values.
std::uint64_t true_quantile(std::vector<std::uint64_t> const& sorted, double q) {
    auto const size = static_cast<double>(sorted.size());
    auto const rank = std::clamp(std::ceil(q * size), 1.0, size);
    return sorted[static_cast<std::size_t>(rank) - 1];
}

bool is_near(std::uint64_t got, std::uint64_t expected) {
    auto const a = static_cast<double>(got), b = static_cast<double>(expected);
    return std::abs(a - b) <= b * histogram::relative_error;
}

/// Values of any size: each number of bits is as likely as another.
std::vector<std::uint64_t> random_values(std::mt19937_64& source, std::size_t count) {
    std::vector<std::uint64_t> values(count);
    for (auto& one : values) one = source() >> (source() % 64);
    return values;
}

histogram of(std::vector<std::uint64_t> const& values) {
    histogram all;
    for (auto const one : values) all.record(one);
    return all;
}

constexpr double quantiles[] = {0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1};

} // namespace

BOOST_AUTO_TEST_SUITE(base_histogram)

BOOST_AUTO_TEST_CASE(without_values_all_is_zero) {
    histogram const none;
    BOOST_TEST(none.empty());
    BOOST_TEST(none.count() == 0U);
    BOOST_TEST(none.min() == 0U);
    BOOST_TEST(none.max() == 0U);
    BOOST_TEST(none.mean() == 0);
    BOOST_TEST(none.quantile(0.5) == 0U);
}

BOOST_AUTO_TEST_CASE(small_values_are_exact) {
    histogram all;
    for (std::uint64_t i = 0; i < 256; ++i) all.record(i);
    BOOST_TEST(all.quantile(0) == 0U);
    BOOST_TEST(all.quantile(0.5) == 127U);
    BOOST_TEST(all.quantile(1) == 255U);
    BOOST_TEST(all.mean() == 127.5);
}

BOOST_AUTO_TEST_CASE(a_value_can_be_recorded_so_many_times) {
    histogram all;
    all.record(7, 0);
    BOOST_TEST(all.empty());
    all.record(1'000, 3);
    all.record(10);
    BOOST_TEST(all.count() == 4U);
    BOOST_TEST(all.min() == 10U);
    BOOST_TEST(all.mean() == 752.5);
    BOOST_TEST(is_near(all.quantile(0.5), 1'000));
}

BOOST_AUTO_TEST_CASE(quantiles_are_those_of_the_sorted_values_within_the_error) {
    std::mt19937_64 source(1); // NOLINT(cert-msc51-cpp): the same values each time
    for (int round = 0; round < 200; ++round) {
        auto values = random_values(source, 1 + source() % 400);
        auto const all = of(values);
        std::sort(values.begin(), values.end());
        BOOST_TEST(all.count() == values.size());
        BOOST_TEST(all.min() == values.front());
        BOOST_TEST(all.max() == values.back());
        for (auto const q : quantiles)
            BOOST_TEST(is_near(all.quantile(q), true_quantile(values, q)),
                       "q " << q << " of " << values.size() << ": " << all.quantile(q)
                            << " instead of " << true_quantile(values, q));
    }
}

BOOST_AUTO_TEST_CASE(values_at_the_edges_of_buckets_stay_within_the_error) {
    for (unsigned bit = 0; bit < 64; ++bit)
        for (std::uint64_t const value : {(std::uint64_t{1} << bit) - 1, std::uint64_t{1} << bit,
                                          (std::uint64_t{1} << bit) + 1}) {
            histogram all;
            all.record(value);
            all.record(UINT64_MAX); // so that the bucket's middle is not cut off
            BOOST_TEST(is_near(all.quantile(0.5), value), value);
        }
}

BOOST_AUTO_TEST_CASE(merged_ones_tell_the_same_as_one_that_had_all_values) {
    std::mt19937_64 source(2); // NOLINT(cert-msc51-cpp): the same values each time
    for (int round = 0; round < 50; ++round) {
        auto const a = random_values(source, source() % 100), b = random_values(source, 100);
        auto together = a;
        together.insert(together.end(), b.begin(), b.end());
        auto merged = of(a);
        merged.merge(of(b));
        auto const whole = of(together);
        BOOST_TEST(merged.count() == whole.count());
        BOOST_TEST(merged.min() == whole.min());
        BOOST_TEST(merged.max() == whole.max());
        BOOST_TEST(std::abs(merged.mean() - whole.mean()) <= whole.mean() * 1e-9);
        for (auto const q : quantiles) BOOST_TEST(merged.quantile(q) == whole.quantile(q));
    }
}

BOOST_AUTO_TEST_CASE(buckets_hold_all_values_and_do_not_overlap) {
    std::mt19937_64 source(3); // NOLINT(cert-msc51-cpp): the same values each time
    auto values = random_values(source, 1000);
    std::sort(values.begin(), values.end());
    std::uint64_t seen = 0, next = 0;
    of(values).for_each_bucket([&](std::uint64_t first, std::uint64_t last, std::uint64_t count) {
        BOOST_TEST(first >= next);
        BOOST_TEST(last >= first);
        auto const from = std::lower_bound(values.begin(), values.end(), first);
        auto const to = std::upper_bound(from, values.end(), last);
        BOOST_TEST(static_cast<std::uint64_t>(to - from) == count);
        seen += count;
        next = last == UINT64_MAX ? last : last + 1;
    });
    BOOST_TEST(seen == values.size());
}

BOOST_AUTO_TEST_SUITE_END()
