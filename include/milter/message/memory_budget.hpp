// SPDX-License-Identifier: BSL-1.0
// milter/message/memory_budget.hpp - bytes that all messages of a process may hold together, and what one of them holds
//
//   memory_budget budget(256 << 20);
//   memory_share mine;
//   if (!mine.grow(&budget, 4096)) ...   // not to be had: others hold the rest
//
// Threads share a budget without a lock; a share belongs to one of them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <utility>

namespace milter::message {

class memory_budget {
public:
    explicit memory_budget(std::size_t limit_bytes) noexcept : limit_(limit_bytes) {}
    memory_budget(memory_budget const&) = delete;
    memory_budget& operator=(memory_budget const&) = delete;
    ~memory_budget() = default;

    /// Less than is taken: nothing more is to be had until enough was given back.
    void limit(std::size_t bytes) noexcept { limit_.store(bytes, std::memory_order_relaxed); }
    std::size_t limit() const noexcept { return limit_.load(std::memory_order_relaxed); }
    std::size_t taken() const noexcept { return taken_.load(std::memory_order_relaxed); }

private:
    friend class memory_share;

    bool take(std::size_t bytes, std::size_t to_leave) noexcept {
        auto const all = limit();
        auto const most = all - std::min(to_leave, all);
        auto before = taken();
        do {
            if (bytes > most - std::min(before, most)) return false;
        } while (!taken_.compare_exchange_weak(before, before + bytes, std::memory_order_relaxed));
        return true;
    }
    void give_back(std::size_t bytes) noexcept {
        taken_.fetch_sub(bytes, std::memory_order_relaxed);
    }

    std::atomic<std::size_t> limit_;
    std::atomic<std::size_t> taken_{0};
};

/// Given back when it dies, which must be before its budget does.
class memory_share {
public:
    memory_share() = default;
    memory_share(memory_share&& other) noexcept { *this = std::move(other); }
    memory_share& operator=(memory_share&& other) noexcept {
        std::swap(of_, other.of_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    memory_share(memory_share const&) = delete;
    memory_share& operator=(memory_share const&) = delete;
    ~memory_share() { clear(); }

    std::size_t size() const noexcept { return bytes_; }

    /// @param of        the same at each call until clear(); null: there is no limit
    /// @param to_leave  bytes that must be left for others
    /// @return  false: not to be had, and nothing has changed
    bool grow(memory_budget* of, std::size_t by_bytes, std::size_t to_leave = 0) noexcept {
        if (of && !of->take(by_bytes, to_leave)) return false;
        of_ = of;
        bytes_ += by_bytes;
        return true;
    }
    /// @pre  by_bytes <= size()
    void shrink(std::size_t by_bytes) noexcept {
        if (of_) of_->give_back(by_bytes);
        bytes_ -= by_bytes;
    }
    void clear() noexcept {
        if (of_) of_->give_back(bytes_);
        of_ = nullptr;
        bytes_ = 0;
    }

private:
    memory_budget* of_ = nullptr;
    std::size_t bytes_ = 0;
};

} // namespace milter::message
