// SPDX-License-Identifier: BSL-1.0
// milter/net/outbox.hpp - bytes on their way to one peer, own and borrowed, for gathered writes
//
// Borrowed bytes stay where they are (a receive buffer, a stored body) until the outbox says that they are written.
#pragma once

#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::net {

class outbox {
public:
    static constexpr std::size_t max_buffers =
        64; // of one gathered write; the system's IOV_MAX is 1024

    /// Takes the bytes over.
    void own(std::string bytes) {
        if (bytes.empty()) return;
        size_ += bytes.size();
        pieces_.push_back({std::move(bytes), {}, nullptr});
    }

    /// Leaves the bytes where they are; `written` is called once, when the last of them was written or on clear().
    void borrow(std::string_view bytes, std::function<void()> written) {
        size_ += bytes.size();
        pieces_.push_back({{}, bytes, std::move(written)});
    }

    bool empty() const noexcept { return pieces_.empty(); }
    std::size_t size() const noexcept { return size_; } ///< bytes not yet written

    /// The first buffers to write; valid until the next call of own(), borrow(), written() or clear().
    std::vector<boost::asio::const_buffer> const& buffers() {
        buffers_.clear();
        for (auto const& one : pieces_) {
            if (buffers_.size() == max_buffers) break;
            auto const rest = one.bytes().substr(buffers_.empty() ? done_ : 0);
            if (!rest.empty()) buffers_.emplace_back(rest.data(), rest.size());
        }
        return buffers_;
    }

    /// The first `count` bytes were written.
    void written(std::size_t count) {
        size_ -= count;
        done_ += count;
        while (!pieces_.empty() && done_ >= pieces_.front().bytes().size()) {
            done_ -= pieces_.front().bytes().size();
            auto const call = std::move(pieces_.front().written);
            pieces_.pop_front();
            if (call) call();
        }
    }

    /// Forgets everything, giving borrowed bytes back.
    void clear() {
        auto const pieces = std::exchange(pieces_, {});
        size_ = done_ = 0;
        for (auto const& one : pieces)
            if (one.written) one.written();
    }

private:
    struct piece {
        std::string owned;
        std::string_view borrowed;
        std::function<void()> written;

        std::string_view bytes() const noexcept {
            return owned.empty() ? borrowed : std::string_view(owned);
        }
    };

    std::deque<piece> pieces_;
    std::size_t size_ = 0;
    std::size_t done_ = 0; ///< bytes of the first piece already written
    std::vector<boost::asio::const_buffer> buffers_;
};

} // namespace milter::net
