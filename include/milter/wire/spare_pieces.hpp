// SPDX-License-Identifier: BSL-1.0
// milter/wire/spare_pieces.hpp - pieces of memory that a thread keeps for the next who needs one
//
// malloc would give the pages of a large piece back to the system, and fetching them again costs more than reading a frame.
#pragma once

#include <milter/wire/frame.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

namespace milter::wire {

/// Of two sizes, at most 64 of each: no more than were in use at a time.
class spare_pieces {
public:
    static constexpr std::size_t too_small = idle_room; // not worth it
    static constexpr std::size_t small = busy_room;
    static constexpr std::size_t large = body_room;

    static spare_pieces& of_this_thread() noexcept {
        thread_local spare_pieces all;
        return all;
    }

    /// `size` bytes, which may become more.
    std::unique_ptr<char[]> take(std::size_t& size) {
        if (size > too_small && size <= large) size = size <= small ? small : large;
        auto* const from = of_size(size);
        if (from && from->count != 0) return std::move(from->kept[--from->count]);
        return std::make_unique_for_overwrite<char[]>(size);
    }

    /// @param size  what take() made of it
    void give_back(std::unique_ptr<char[]> memory, std::size_t size) noexcept {
        auto* const to = of_size(size);
        if (to && to->count != to->kept.size()) to->kept[to->count++] = std::move(memory);
    }

private:
    struct stack {
        std::array<std::unique_ptr<char[]>, 64> kept;
        std::size_t count = 0;
    };

    stack* of_size(std::size_t size) noexcept {
        return size == small ? &small_ : size == large ? &large_ : nullptr;
    }

    stack small_, large_;
};

} // namespace milter::wire
