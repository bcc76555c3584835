// SPDX-License-Identifier: BSL-1.0
// milter/wire/output_memory.hpp - memory for what is written next, passed on between the sessions of a thread
//
// What a session says is mostly written at once. So one piece of memory serves all, and an idle session holds none.
#pragma once

#include <milter/wire/frame.hpp>

#include <cstddef>
#include <string>

namespace milter::wire {

namespace detail {

inline constexpr std::size_t most_output_kept = std::size_t{128} * 1024; // bytes, a thread

inline std::string& spare_output() noexcept {
    thread_local std::string spare;
    return spare;
}

} // namespace detail

/// Before something is appended to `out`.
inline void take_output_memory(std::string& out) noexcept {
    auto& spare = detail::spare_output();
    if (out.empty() && out.capacity() < spare.capacity()) out.swap(spare);
}

/// When all of `out` was written.
inline void give_output_memory_back(std::string& out) noexcept {
    auto& spare = detail::spare_output();
    if (out.capacity() <= idle_room) return;
    if (out.capacity() > spare.capacity() && out.capacity() <= detail::most_output_kept) {
        out.swap(spare);
        spare.clear();
    }
    if (out.capacity() > idle_room) std::string().swap(out);
}

} // namespace milter::wire
