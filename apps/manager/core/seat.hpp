// SPDX-License-Identifier: BSL-1.0
// manager/core/seat.hpp - how many sessions are connected to one milter at once, over all workers
//
//   seat mine = counter.take(10);
//   if (!mine) ...   // ten others are there
//
// Shared by the workers without a lock.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace milter::manager {

class seat_counter;

/// One session's; given back when it dies, so that none is lost with a session.
class seat {
public:
    seat() = default;
    seat(seat&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    seat& operator=(seat&& other) noexcept {
        if (this == &other) return *this;
        give_back();
        of_ = std::exchange(other.of_, nullptr);
        return *this;
    }
    seat(seat const&) = delete;
    seat& operator=(seat const&) = delete;
    ~seat() { give_back(); }

    explicit operator bool() const noexcept { return of_ != nullptr; }
    inline void give_back() noexcept;

private:
    friend class seat_counter;
    explicit seat(seat_counter* of) noexcept : of_(of) {}

    seat_counter* of_ = nullptr;
};

/// Outlives its seats.
class seat_counter {
public:
    /// @param most  at once; 0: any number, which are counted all the same
    /// @return empty when there are so many
    seat take(std::size_t most) noexcept {
        auto before = taken();
        do {
            if (most != 0 && before >= most) return {};
        } while (!taken_.compare_exchange_weak(before, before + 1, std::memory_order_relaxed));
        return seat(this);
    }
    std::size_t taken() const noexcept { return taken_.load(std::memory_order_relaxed); }

private:
    friend class seat;
    std::atomic<std::size_t> taken_{0};
};

/// Of the places at a milter, for rules: 0 to 100; empty when any number may be there.
/// @param most  as it is in force now: there may be more from before
inline std::optional<unsigned> percent_taken(std::size_t taken, std::size_t most) noexcept {
    if (most == 0) return std::nullopt;
    return static_cast<unsigned>(std::min(taken, most) * 100 / most);
}

inline void seat::give_back() noexcept {
    if (auto* const of = std::exchange(of_, nullptr))
        of->taken_.fetch_sub(1, std::memory_order_relaxed);
}

} // namespace milter::manager
