// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/invariant.hpp - stops a fuzz target at the first thing that must never be
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace fuzz {

/// assert() that release builds keep.
inline void require(bool holds, char const* what) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

inline std::string_view view(std::uint8_t const* data, std::size_t size) {
    return {reinterpret_cast<char const*>(data), size};
}

/// For what goes into a log: printable ASCII, and not long whatever came in.
inline void require_harmless(std::string_view text) {
    require(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }),
            "description is printable ASCII");
    require(!text.empty() && text.size() <= 4096, "description is neither empty nor long");
}

} // namespace fuzz
