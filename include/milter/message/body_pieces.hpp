// SPDX-License-Identifier: BSL-1.0
// milter/message/body_pieces.hpp - bytes of a body in memory, in pieces as large as those in which MTAs send it
//
// So what an MTA sent in one packet goes to a milter in one packet without being put together first, and what is not needed
// any more can go piece by piece. Memory of whole pieces is passed on within the thread.
#pragma once

#include <milter/message/memory_budget.hpp>
#include <milter/wire/spare_pieces.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::message {

/// Offsets are counted from the first byte that is kept.
class body_pieces {
public:
    static constexpr std::size_t piece_size = wire::default_data_limit; // bytes

    body_pieces() = default;
    body_pieces(body_pieces&& other) noexcept { *this = std::move(other); }
    body_pieces& operator=(body_pieces&& other) noexcept {
        std::swap(pieces_, other.pieces_);
        std::swap(share_, other.share_);
        std::swap(size_, other.size_);
        return *this;
    }
    body_pieces(body_pieces const&) = delete;
    body_pieces& operator=(body_pieces const&) = delete;
    ~body_pieces() { clear(); }

    std::size_t size() const noexcept { return size_; } // bytes

    /// Makes room for append(). A short body grows by doubling, so that what is held and what is counted are the same.
    /// @param budget    null: there is no limit; the same at each call until clear()
    /// @param to_leave  bytes of it that must be left for others
    /// @return  false: not to be had, and nothing has changed
    bool reserve(std::size_t more, memory_budget* budget, std::size_t to_leave) {
        auto const needed = size_ + more;
        auto const held = share_.size();
        auto const wanted = memory_for(needed, held);
        if (wanted > held && !share_.grow(budget, wanted - held, to_leave)) return false;
        while (room_of_all() < needed) add_room(needed, held);
        return true;
    }

    /// @pre  reserve(bytes.size()) was true
    void append(std::string_view bytes) noexcept {
        while (!bytes.empty()) {
            auto const used = size_ % piece_size;
            auto const now = bytes.substr(0, piece_size - used);
            std::memcpy(pieces_[size_ / piece_size].memory.get() + used, now.data(), now.size());
            size_ += now.size();
            bytes.remove_prefix(now.size());
        }
    }

    /// @pre     offset + size <= size()
    /// @return  view that lives until the next reserve(), drop(), clear() or use of `scratch`, which holds bytes of
    ///          more than one piece
    std::string_view read(std::size_t offset, std::size_t size, std::string& scratch) const {
        auto first = in_one_piece(offset, size);
        if (first.size() == size) return first;
        scratch.assign(first);
        while (scratch.size() < size)
            scratch += in_one_piece(offset + scratch.size(), size - scratch.size());
        return scratch;
    }

    /// Forgets the first `bytes`, as far as these are whole pieces. @return  how many that were
    std::size_t drop(std::size_t bytes) noexcept {
        auto const count = std::min(bytes, size_) / piece_size;
        for (std::size_t i = 0; i < count; ++i) give_back(pieces_[i]);
        pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(count));
        size_ -= count * piece_size;
        return count * piece_size;
    }

    void clear() noexcept {
        for (auto& one : pieces_) give_back(one);
        std::vector<piece>().swap(pieces_); // clear() would keep memory
        share_.clear();
        size_ = 0;
    }

private:
    struct piece {
        std::unique_ptr<char[]> memory;
        std::size_t size = 0; ///< of the memory: piece_size or more but for the only one
    };

    /// Bytes of memory for a body of `needed` bytes.
    static std::size_t memory_for(std::size_t needed, std::size_t held) noexcept {
        auto const grown = std::max(needed, 2 * held);
        if (needed <= piece_size && grown <= piece_size / 2) return grown;
        return (needed + piece_size - 1) / piece_size * wire::spare_pieces::large;
    }

    std::size_t room_of_all() const noexcept {
        if (pieces_.size() == 1) return std::min(pieces_[0].size, piece_size);
        return pieces_.size() * piece_size;
    }

    void add_room(std::size_t needed, std::size_t held) {
        bool const is_only_one = pieces_.size() == 1 && pieces_[0].size < piece_size;
        auto const missing =
            pieces_.empty() || is_only_one ? std::min(needed, piece_size) : piece_size;
        auto size = memory_for(missing, held);
        piece fresh{};
        fresh.memory = size < wire::spare_pieces::large
                           ? std::make_unique_for_overwrite<char[]>(size)
                           : wire::spare_pieces::of_this_thread().take(size);
        fresh.size = size;
        if (!is_only_one) return pieces_.push_back(std::move(fresh));
        std::memcpy(fresh.memory.get(), pieces_[0].memory.get(), size_);
        pieces_[0] = std::move(fresh);
    }

    void give_back(piece& one) noexcept {
        share_.shrink(one.size);
        wire::spare_pieces::of_this_thread().give_back(std::move(one.memory), one.size);
    }

    std::string_view in_one_piece(std::size_t offset, std::size_t limit) const noexcept {
        if (limit == 0) return {};
        auto const begin = offset % piece_size;
        return {pieces_[offset / piece_size].memory.get() + begin,
                std::min(limit, piece_size - begin)};
    }

    std::vector<piece> pieces_; ///< all full but the last
    memory_share share_;        ///< for pieces_
    std::size_t size_ = 0;
};

} // namespace milter::message
