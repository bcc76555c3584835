// SPDX-License-Identifier: BSL-1.0
// milter/wire/receive_buffer.hpp - bytes read and not yet consumed
//
// Holds memory only while something is buffered; an idle connection owns none.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace milter::wire {

/// Usage: room = prepare(n); n = read(room); commit(n); ... data() ...; consume(k).
/// Views from data() die at the next prepare() or append().
class receive_buffer {
public:
    std::string_view data() const noexcept { return {storage_.data() + begin_, end_ - begin_}; }
    bool empty() const noexcept { return begin_ == end_; }

    /// At least `size` writable bytes behind the data.
    std::span<char> prepare(std::size_t size) {
        if (storage_.size() - end_ < size) {
            if (begin_ != 0) {
                if (begin_ != end_)
                    std::memmove(storage_.data(), storage_.data() + begin_, end_ - begin_);
                end_ -= begin_;
                begin_ = 0;
            }
            if (storage_.size() - end_ < size) storage_.resize(end_ + size);
        }
        return {storage_.data() + end_, storage_.size() - end_};
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

    /// Gives the memory back when nothing is buffered.
    void release() noexcept {
        if (empty())
            std::vector<char>().swap(
                storage_); // `= {}` would assign no elements and keep the memory
    }

    std::size_t capacity() const noexcept { return storage_.size(); }

private:
    std::vector<char> storage_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

} // namespace milter::wire
