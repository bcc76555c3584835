// SPDX-License-Identifier: BSL-1.0
// manager/core/mixed_bits.hpp - a number each bit of which depends on all bits of another
//
// Source: the finalizer of SplitMix64 (Steele, Lea, Flood 2014).
#pragma once

#include <cstdint>

namespace milter::manager {

/// Neighbours have nothing in common, and no two numbers give the same.
constexpr std::uint64_t mixed_bits(std::uint64_t of) noexcept {
    of = (of ^ (of >> 30)) * 0xbf58476d1ce4e5b9;
    of = (of ^ (of >> 27)) * 0x94d049bb133111eb;
    return of ^ (of >> 31);
}

} // namespace milter::manager
