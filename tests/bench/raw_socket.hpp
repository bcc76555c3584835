// SPDX-License-Identifier: BSL-1.0
// tests/bench/raw_socket.hpp - sockets without a library, for the programs that others are measured against
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace bench {

[[noreturn]] inline void give_up(char const* what) {
    std::perror(what);
    std::exit(1);
}

/// "unix:PATH" or "inet:PORT@A.B.C.D"
struct socket_address {
    explicit socket_address(std::string const& text) {
        if (text.rfind("unix:", 0) == 0) {
            auto* to = reinterpret_cast<sockaddr_un*>(&storage);
            path = text.substr(5);
            to->sun_family = AF_UNIX;
            std::memcpy(to->sun_path, path.c_str(),
                        std::min(path.size() + 1, sizeof to->sun_path - 1));
            size = sizeof *to;
            return;
        }
        auto* to = reinterpret_cast<sockaddr_in*>(&storage);
        auto const at = text.find('@');
        to->sin_family = AF_INET;
        if (text.rfind("inet:", 0) != 0 || at == text.npos ||
            inet_pton(AF_INET, text.c_str() + at + 1, &to->sin_addr) != 1) {
            std::fprintf(stderr, "not unix:PATH or inet:PORT@A.B.C.D: %s\n", text.c_str());
            std::exit(64);
        }
        to->sin_port = htons(static_cast<std::uint16_t>(std::atoi(text.c_str() + 5)));
        size = sizeof *to;
    }

    int family() const noexcept { return storage.ss_family; }
    sockaddr const* get() const noexcept { return reinterpret_cast<sockaddr const*>(&storage); }

    sockaddr_storage storage{};
    socklen_t size = 0;
    std::string path;
};

inline void no_delay(int descriptor, int family) noexcept {
    int const on = 1;
    if (family == AF_INET) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

inline int listen_on(socket_address const& where) {
    int const on = 1;
    int const listener = socket(where.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!where.path.empty()) unlink(where.path.c_str());
    if (bind(listener, where.get(), where.size) != 0 || listen(listener, 1024) != 0)
        give_up("listen");
    return listener;
}

/// A set of sockets, each with what belongs to it.
class poller {
public:
    void add(int descriptor, void* whose, std::uint32_t events = EPOLLIN) const noexcept {
        control(EPOLL_CTL_ADD, descriptor, whose, events);
    }
    void change(int descriptor, void* whose, std::uint32_t events) const noexcept {
        control(EPOLL_CTL_MOD, descriptor, whose, events);
    }
    /// @return how many of `ready` are; timeout in milliseconds, -1 for none
    template <std::size_t Size>
    int wait(epoll_event (&ready)[Size], int timeout = -1) const noexcept {
        return epoll_wait(descriptor_, ready, static_cast<int>(Size), timeout);
    }

private:
    void control(int what, int descriptor, void* whose, std::uint32_t events) const noexcept {
        epoll_event event{};
        event.events = events;
        event.data.ptr = whose;
        epoll_ctl(descriptor_, what, descriptor, &event);
    }
    int descriptor_ = epoll_create1(EPOLL_CLOEXEC);
};

} // namespace bench
