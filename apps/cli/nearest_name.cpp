// SPDX-License-Identifier: BSL-1.0
// cli/nearest_name.cpp - what somebody may have meant who misspelt a name
#include "cli/nearest_name.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace milter::cli {

namespace {

/// How many letters were added, left out, replaced, or swapped with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last, last, now(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) now[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before_last = std::exchange(last, now);
        now[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            bool const same = a[i - 1] == b[j - 1];
            now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = std::min(now[j], before_last[j - 2] + 1);
        }
    }
    return now[b.size()];
}

} // namespace

std::string nearest_name(std::string_view wrong, std::span<std::string const> names) {
    std::string best;
    auto least = wrong.size() / 3 + 1;
    for (auto const& name : names)
        if (auto const far = distance(wrong, name); far < least) {
            least = far;
            best = name;
        }
    return best;
}

} // namespace milter::cli
