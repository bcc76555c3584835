// SPDX-License-Identifier: BSL-1.0
// milter/compat/peer.hpp - the socket of one MTA: reads what is there, writes what it takes, or all before a deadline
#pragma once

#include <milter/error.hpp>
#include <milter/proto/timeouts.hpp>

#include <boost/system/system_category.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace milter::compat {

class peer {
public:
    /// @param descriptor  a connected socket that does not block; closed at the end
    explicit peer(int descriptor) noexcept : descriptor_(descriptor) {}
    peer(peer const&) = delete;
    peer& operator=(peer const&) = delete;
    ~peer() { ::close(descriptor_); }

    /// Some bytes. @return how many; 0 without ec: there are none now
    /// @errors connection_closed, what the system says
    std::size_t read(std::span<char> room, error_code& ec) const noexcept {
        for (;;) {
            auto const size = ::recv(descriptor_, room.data(), room.size(), MSG_DONTWAIT);
            if (size > 0) return static_cast<std::size_t>(size);
            if (size == 0) {
                ec = errc::connection_closed;
                return 0;
            }
            if (errno == EINTR) continue;
            if (errno != EAGAIN && errno != EWOULDBLOCK) ec = last_error();
            return 0;
        }
    }

    /// What the MTA takes of `bytes` without waiting. @return how many; fewer without ec: it takes no more now
    /// @errors connection_closed, what the system says
    std::size_t write_some(std::string_view bytes, error_code& ec) const noexcept {
        std::size_t written = 0;
        while (written != bytes.size()) {
            auto const size = ::send(descriptor_, bytes.data() + written, bytes.size() - written,
                                     MSG_NOSIGNAL | MSG_DONTWAIT);
            if (size >= 0) {
                written += static_cast<std::size_t>(size);
                continue;
            }
            if (errno == EINTR) continue;
            if (errno != EAGAIN && errno != EWOULDBLOCK) ec = last_error();
            break;
        }
        return written;
    }

    /// All of `bytes`; blocks, for `patience` at most, however often the MTA takes a piece.
    /// @errors timed_out, connection_closed, what the system says
    void write_all(std::string_view bytes, proto::duration patience, error_code& ec) noexcept {
        auto const until = proto::after(proto::clock::now(), patience);
        for (;;) {
            bytes.remove_prefix(write_some(bytes, ec));
            if (ec || bytes.empty()) return;
            wait_for_room(until, ec);
            if (ec) return;
        }
    }

    /// What is read from now on is the end; with `both`, nothing can be written either. From any thread.
    enum class direction { reading, both };
    void shut(direction which) const noexcept {
        ::shutdown(descriptor_, which == direction::reading ? SHUT_RD : SHUT_RDWR);
    }

    int descriptor() const noexcept { return descriptor_; }

private:
    static error_code last_error() noexcept {
        if (errno == ECONNRESET || errno == EPIPE) return errc::connection_closed;
        return {errno, boost::system::system_category()};
    }

    void wait_for_room(proto::time_point until, error_code& ec) noexcept {
        for (;;) {
            auto const left =
                std::chrono::ceil<std::chrono::milliseconds>(until - proto::clock::now()).count();
            if (left <= 0) {
                ec = errc::timed_out;
                return;
            }
            pollfd one{descriptor_, POLLOUT, 0};
            auto const ready =
                ::poll(&one, 1, static_cast<int>(std::min<long>(left, longest_poll)));
            if (ready > 0) return;
            if (ready < 0 && errno != EINTR) {
                ec = last_error();
                return;
            }
        }
    }

    static constexpr long longest_poll = 3'600'000;

    int descriptor_;
};

} // namespace milter::compat
