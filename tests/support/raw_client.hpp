// SPDX-License-Identifier: BSL-1.0
// tests/support/raw_client.hpp - bytes to a socket, whatever they mean
#pragma once

#include <boost/test/unit_test.hpp>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>

namespace support {

/// A socket with a timeout is interrupted by the end of any child, which is nothing of the peer's.
inline ssize_t receive(int from, char* room, std::size_t size, int flags) {
    ssize_t got = 0;
    do {
        got = ::recv(from, room, size, flags);
    } while (got < 0 && errno == EINTR);
    return got;
}

/// A client that says what it likes.
class raw_client {
public:
    explicit raw_client(std::string const& path)
        : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        path.copy(where.sun_path, sizeof where.sun_path - 1);
        connect(where);
    }
    explicit raw_client(sockaddr_in const& where)
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        connect(where);
    }
    raw_client(raw_client const&) = delete;
    raw_client& operator=(raw_client const&) = delete;
    ~raw_client() { ::close(fd_); }

    void say(std::string_view bytes) const {
        ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    /// @return  bytes that the system took
    std::size_t try_to_say(std::string_view bytes) const {
        auto const size = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        BOOST_REQUIRE((size >= 0 || errno == EAGAIN || errno == EINTR));
        return size < 0 ? 0 : static_cast<std::size_t>(size);
    }
    bool has_room_within(std::chrono::milliseconds time) const {
        pollfd waits{fd_, POLLOUT, 0};
        return ::poll(&waits, 1, static_cast<int>(time.count())) == 1;
    }
    void end() const { ::shutdown(fd_, SHUT_WR); }

    /// Whatever comes until the other side closes.
    std::string rest() const {
        std::string all;
        char room[4096];
        for (auto n = receive(fd_, room, sizeof room, 0); n > 0;
             n = receive(fd_, room, sizeof room, 0))
            all.append(room, static_cast<std::size_t>(n));
        return all;
    }
    std::string some(std::size_t size) const {
        std::string all(size, '\0');
        receive(fd_, all.data(), size, MSG_WAITALL);
        return all;
    }

private:
    void connect(auto const& where) const {
        BOOST_REQUIRE(::connect(fd_, reinterpret_cast<sockaddr const*>(&where), sizeof where) == 0);
        timeval const patience{30, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }

    int fd_;
};

} // namespace support
