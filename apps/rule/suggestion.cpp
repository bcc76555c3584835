// SPDX-License-Identifier: BSL-1.0
// rule/suggestion.cpp - edit distance by dynamic programming
#include "rule/suggestion.hpp"

#include <algorithm>
#include <vector>

namespace milter::rule {

namespace {

constexpr std::size_t word_limit = 64; // bytes: a longer word is no misspelled key

/// The longer name is the other one, with "-", "_" or "." and something else at one end of it.
bool has_at_one_end(std::string_view longer, std::string_view part) {
    constexpr std::string_view joints = "-_.";
    if (part.empty() || longer.size() < part.size() + 2) return false;
    return (longer.ends_with(part) &&
            joints.find(longer[longer.size() - part.size() - 1]) != joints.npos) ||
           (longer.starts_with(part) && joints.find(longer[part.size()]) != joints.npos);
}

} // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            std::size_t const replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
            bool const swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

std::string_view nearest(std::string_view wrong, std::span<std::string_view const> candidates) {
    if (wrong.size() > word_limit) return {};
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(1, wrong.size() / 3) + 1;
    for (auto const candidate : candidates) {
        auto const distance = edit_distance(wrong, candidate);
        if (distance >= best_distance) continue;
        best = candidate;
        best_distance = distance;
    }
    return best;
}

std::string_view nearest_name(std::string_view wrong,
                              std::span<std::string_view const> candidates) {
    if (auto const near = nearest(wrong, candidates); !near.empty()) return near;
    for (auto const candidate : candidates)
        if (has_at_one_end(wrong, candidate) || has_at_one_end(candidate, wrong)) return candidate;
    return {};
}

} // namespace milter::rule
