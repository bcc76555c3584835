// SPDX-License-Identifier: BSL-1.0
// tests/apps/odd_filter.hpp - filters that do what none should, on a socket of their own
#pragma once

#include <milter/wire/reply.hpp>

#include <boost/test/unit_test.hpp>

#include <support/raw_client.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace programs_test {

/// One connection after another, each as the function has it; then it is closed.
class odd_filter {
public:
    odd_filter(std::string const& path, std::function<void(int peer)> session)
        : session_(std::move(session)), door_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        path.copy(where.sun_path, sizeof where.sun_path - 1);
        BOOST_REQUIRE(::bind(door_, reinterpret_cast<sockaddr const*>(&where), sizeof where) == 0);
        BOOST_REQUIRE(::listen(door_, 50) == 0);
        thread_ = std::thread([this] { serve(); });
    }
    odd_filter(odd_filter const&) = delete;
    odd_filter& operator=(odd_filter const&) = delete;
    ~odd_filter() {
        ::shutdown(door_, SHUT_RDWR); // wakes accept()
        thread_.join();
        ::close(door_);
    }

private:
    int accept() const { return ::accept4(door_, nullptr, nullptr, SOCK_CLOEXEC); }
    void serve() const {
        for (int peer = accept(); peer >= 0; peer = accept()) {
            session_(peer);
            ::close(peer);
        }
    }

    std::function<void(int)> session_;
    int door_;
    std::thread thread_;
};

/// Takes what one read gives for one packet, and lets all pass.
/// @param at_end  what to do at end of message; nothing: an answer as ever
inline void answer_in_haste(int peer, void (*at_end)(int) = nullptr) {
    char room[65536];
    ssize_t size = 0;
    while ((size = support::receive(peer, room, sizeof room, 0)) > 4 && room[4] != 'Q') {
        std::string out;
        std::string_view const bytes(room, static_cast<std::size_t>(size));
        if (at_end && bytes.ends_with(std::string_view("\0\0\0\1E", 5))) return at_end(peer);
        if (room[4] == 'O')
            milter::wire::encode(out, milter::wire::negotiate_reply{});
        else if ((at_end || room[4] != 'D') && room[4] != 'A')
            milter::wire::encode(out, milter::wire::proceed{});
        ::send(peer, out.data(), out.size(), MSG_NOSIGNAL);
    }
}

/// PROGRESS, until nobody hears it any more.
inline void live_for_ever(int peer) {
    std::string progress;
    while (progress.size() < 4096) milter::wire::encode(progress, milter::wire::progress{});
    while (::send(peer, progress.data(), progress.size(), MSG_NOSIGNAL) > 0) {
    }
}

} // namespace programs_test
