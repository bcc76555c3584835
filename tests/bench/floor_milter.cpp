// SPDX-License-Identifier: BSL-1.0
// tests/bench/floor_milter.cpp - the least that a milter on sockets can spend: the measure of all others
//
//     floor_milter unix:PATH|inet:PORT@A.B.C.D
//
// One thread, epoll, one read and one write for each command. Finds the frames and answers "continue" by their code; looks
// at no payload, checks nothing, keeps no state but where the frame ends.
#include "raw_socket.hpp"

#include <vector>

namespace {

struct connection {
    int descriptor = -1;
    unsigned char header[5]{};
    unsigned in_header = 0;    ///< how many bytes of it are there
    std::uint32_t to_skip = 0; ///< bytes of the payload
};

constexpr unsigned char agreed[] = {0, 0, 0, 13, 'O', 0, 0, 0, 6, 0, 0, 1, 0xFF, 0, 0, 0, 0};
constexpr unsigned char proceed[] = {0, 0, 0, 1, 'c'};

struct replies { // NOLINT(cppcoreguidelines-pro-type-member-init): zeros would cost time
    unsigned char bytes[4096];
    std::size_t size = 0;

    template <std::size_t Size> void add(unsigned char const (&packet)[Size]) noexcept {
        std::memcpy(bytes + size, packet, Size);
        size += Size;
    }
    bool nearly_full() const noexcept { return size > sizeof bytes - sizeof agreed; }
    bool send_to(int descriptor) noexcept {
        bool const sent = size == 0 || send(descriptor, bytes, size, MSG_NOSIGNAL) >= 0;
        size = 0;
        return sent;
    }
};

/// @return false when the connection is over
bool answer(unsigned char code, replies& out) {
    switch (code) {
    case 'Q': return false;
    case 'O': out.add(agreed); break;
    case 'D':
    case 'A':
    case 'K': break;
    default: out.add(proceed);
    }
    return true;
}

/// @return false when the connection is over
bool serve(connection& one, unsigned char const* at, std::size_t size, replies& out) {
    for (auto const* const end = at + size; at != end;) {
        if (one.in_header < sizeof one.header) {
            one.header[one.in_header++] = *at++;
            if (one.in_header < sizeof one.header) continue;
            std::uint32_t length = 0;
            std::memcpy(&length, one.header, sizeof length);
            one.to_skip = ntohl(length) - 1;
        }
        auto const skipped = std::min<std::size_t>(static_cast<std::size_t>(end - at), one.to_skip);
        at += skipped;
        one.to_skip -= static_cast<std::uint32_t>(skipped);
        if (one.to_skip != 0) continue;
        one.in_header = 0;
        if (!answer(one.header[4], out)) return false;
        if (out.nearly_full() && !out.send_to(one.descriptor)) return false;
    }
    return out.send_to(one.descriptor);
}

/// @return false when the connection is over
bool readable(connection& one, std::vector<unsigned char>& room) {
    auto const size = recv(one.descriptor, room.data(), room.size(), 0);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    replies out;
    return size != 0 && serve(one, room.data(), static_cast<std::size_t>(size), out);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 64;
    bench::socket_address const where(argv[1]);
    int const listener = bench::listen_on(where);
    bench::poller const sockets;
    sockets.add(listener, nullptr);
    std::vector<unsigned char> room(std::size_t{256} * 1024);
    epoll_event ready[256];
    for (;;) {
        int const count = sockets.wait(ready);
        for (int i = 0; i < count; ++i) {
            auto* const one = static_cast<connection*>(ready[i].data.ptr);
            if (!one) {
                int const fresh = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
                if (fresh < 0) continue;
                bench::no_delay(fresh, where.family());
                sockets.add(fresh, new connection{fresh, {}, 0, 0});
            } else if (!readable(*one, room)) {
                close(one->descriptor);
                delete one;
            }
        }
    }
}
