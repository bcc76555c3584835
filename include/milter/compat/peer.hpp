// SPDX-License-Identifier: BSL-1.0
// milter/compat/peer.hpp - the socket of one MTA: reads what is there, writes all before a deadline
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
    std::size_t read(std::span<char> room, error_code& ec) noexcept {
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

    /// All of `bytes`; blocks, `patience` for each piece that the MTA takes.
    /// @errors timed_out, connection_closed, what the system says
    void write(std::string_view bytes, proto::duration patience, error_code& ec) noexcept {
        while (!bytes.empty() && !ec) {
            auto const size =
                ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (size >= 0)
                bytes.remove_prefix(static_cast<std::size_t>(size));
            else if (errno == EAGAIN || errno == EWOULDBLOCK)
                wait_for_room(patience, ec);
            else if (errno != EINTR)
                ec = last_error();
        }
    }

    /// What is read from now on is the end; with `both`, nothing can be written either. From any thread.
    enum class direction { reading, both };
    void shut(direction which) noexcept {
        ::shutdown(descriptor_, which == direction::reading ? SHUT_RD : SHUT_RDWR);
    }

    int descriptor() const noexcept { return descriptor_; }

private:
    static error_code last_error() noexcept {
        if (errno == ECONNRESET || errno == EPIPE) return errc::connection_closed;
        return {errno, boost::system::system_category()};
    }

    void wait_for_room(proto::duration patience, error_code& ec) noexcept {
        auto const until = proto::clock::now() + patience;
        for (;;) {
            auto const left = std::chrono::ceil<std::chrono::milliseconds>(
                std::max(until - proto::clock::now(), proto::duration::zero()));
            pollfd one{descriptor_, POLLOUT, 0};
            auto const ready = ::poll(&one, 1, static_cast<int>(left.count()));
            if (ready > 0) return;
            if (ready == 0) ec = errc::timed_out;
            if (ready == 0 || errno != EINTR) {
                if (!ec) ec = last_error();
                return;
            }
        }
    }

    int descriptor_;
};

} // namespace milter::compat
