// SPDX-License-Identifier: BSL-1.0
// tests/allocation/counter.hpp - how often this program has allocated
#pragma once

#include <cstddef>

namespace allocation {

/// Since the program began; of all threads.
std::size_t count() noexcept;

/// What `work` allocates.
template <class Work> std::size_t of(Work work) {
    auto const before = count();
    work();
    return count() - before;
}

} // namespace allocation
