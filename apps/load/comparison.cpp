// SPDX-License-Identifier: BSL-1.0
// load/comparison.cpp - whether one milter is slower than another, and how sure that is
#include "load/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>

namespace milter::load {

namespace {

/// 97.5 % quantile of Student's t; beyond the table, that of 30 degrees, which is a little too careful.
double t_quantile(std::size_t degrees) noexcept {
    constexpr double table[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                                2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
                                2.110,  2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
                                2.060,  2.056, 2.052, 2.048, 2.045, 2.042};
    return table[std::min(degrees, std::size(table)) - 1];
}

std::string percent(double ratio) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f %%", std::abs(ratio - 1) * 100);
    return text;
}

} // namespace

std::optional<ratio_estimate> estimate_ratio(std::vector<std::pair<double, double>> const& pairs) {
    std::vector<double> logs;
    for (auto const& [a, b] : pairs)
        if (a > 0 && b > 0) logs.push_back(std::log(b / a));
    if (logs.size() < least_pairs) return std::nullopt;
    auto const count = static_cast<double>(logs.size());
    double sum = 0, squares = 0;
    for (auto const one : logs) sum += one;
    auto const mean = sum / count;
    for (auto const one : logs) squares += (one - mean) * (one - mean);
    auto const error = std::sqrt(squares / (count - 1) / count);
    auto const reach = t_quantile(logs.size() - 1) * error;
    return ratio_estimate{std::exp(mean), std::exp(mean - reach), std::exp(mean + reach),
                          logs.size()};
}

std::string verdict_of(ratio_estimate const& one) {
    if (one.low > 1)
        return "B is " + percent(one.low) + " to " + percent(one.high) + " slower than A";
    if (one.high < 1)
        return "B is " + percent(one.high) + " to " + percent(one.low) + " faster than A";
    return "no difference seen: B is between " + percent(one.low) + " faster and " +
           percent(one.high) + " slower than A";
}

} // namespace milter::load
