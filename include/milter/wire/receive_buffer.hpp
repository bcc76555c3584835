// SPDX-License-Identifier: BSL-1.0
// milter/wire/receive_buffer.hpp - bytes read and not yet consumed
//
// Memory is kept until release() says that nothing more is expected soon; an idle connection owns none, or as little as its
// owner wants. A piece for a large frame comes from, and goes back to, a few that each thread keeps.
#pragma once

#include <milter/wire/spare_pieces.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace milter::wire {

/// Usage: room = prepare(n); n = read(room); commit(n); ... data() ...; consume(k).
/// Views from data() die at the next prepare() or append().
class receive_buffer {
public:
    receive_buffer() = default;
    receive_buffer(receive_buffer&& other) noexcept { swap(other); }
    receive_buffer& operator=(receive_buffer&& other) noexcept {
        receive_buffer gone(std::move(*this));
        swap(other);
        return *this;
    }
    receive_buffer(receive_buffer const&) = delete;
    receive_buffer& operator=(receive_buffer const&) = delete;
    ~receive_buffer() = default;

    std::string_view data() const noexcept { return {storage_.get() + begin_, end_ - begin_}; }
    bool empty() const noexcept { return begin_ == end_; }

    /// At least `size` writable bytes behind the data: all that is free. Allocates when there are fewer.
    std::span<char> prepare(std::size_t size) {
        if (capacity_ - end_ < size) {
            if (capacity_ - (end_ - begin_) < size)
                grow(size);
            else
                move_to_front(storage_.get());
        }
        return {storage_.get() + end_, capacity_ - end_};
    }

    /// `size` bytes of prepare()'s span were written. @pre size <= prepare().size()
    void commit(std::size_t size) noexcept { end_ += size; }

    void append(std::string_view bytes) {
        if (bytes.empty()) return;
        std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
        commit(bytes.size());
    }

    /// Views of what stays remain valid.
    void consume(std::size_t size) noexcept {
        begin_ += size;
        if (begin_ == end_) begin_ = end_ = 0;
    }

    /// Gives the memory back when nothing is buffered and it is more than `keep` bytes.
    void release(std::size_t keep = 0) noexcept {
        if (!empty() || capacity_ <= keep) return;
        spare_pieces::of_this_thread().give_back(std::move(storage_), capacity_);
        capacity_ = 0;
    }

    std::size_t capacity() const noexcept { return capacity_; }

private:
    void grow(std::size_t size) {
        // by a factor, or many small appends would copy each byte many times
        auto capacity = std::max(end_ - begin_ + size, capacity_ + capacity_ / 2);
        auto& spare = spare_pieces::of_this_thread();
        auto larger = spare.take(capacity);
        move_to_front(larger.get());
        spare.give_back(std::exchange(storage_, std::move(larger)), capacity_);
        capacity_ = capacity;
    }

    void move_to_front(char* to) noexcept {
        if (begin_ != end_) std::memmove(to, storage_.get() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }

    void swap(receive_buffer& other) noexcept {
        std::swap(storage_, other.storage_);
        std::swap(capacity_, other.capacity_);
        std::swap(begin_, other.begin_);
        std::swap(end_, other.end_);
    }

    std::unique_ptr<char[]> storage_; // not a vector, which would write zeros first
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

} // namespace milter::wire
