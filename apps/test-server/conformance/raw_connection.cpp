// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/raw_connection.cpp - a connection to a milter for one case
#include "test-server/conformance/raw_connection.hpp"

#include <milter/net/address.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace milter::test_server {

using steady = std::chrono::steady_clock;

namespace {

constexpr std::size_t reply_limit = std::size_t{64} << 20; // rspamd sends a new body whole
constexpr std::size_t most_drained = 100'000;              // packets; more are a flood
constexpr milliseconds glance{200};                        // how late a signal may be noticed

} // namespace

std::optional<socket_address> look_up(endpoint const& where, error_code& ec) {
    auto const found = net::resolve(where, false, ec);
    if (ec || found.empty()) return std::nullopt;
    socket_address address;
    address.size = static_cast<socklen_t>(std::min(found[0].size(), sizeof address.bytes));
    std::memcpy(&address.bytes, found[0].data(), address.size);
    return address;
}

raw_connection::raw_connection(socket_address const& where, milliseconds patience,
                               transcript_lines& log, interruption stop)
    : log_(log), stop_(stop) {
    auto const until = steady::now() + patience;
    auto const* name = reinterpret_cast<sockaddr const*>(&where.bytes);
    do { // a full backlog of a unix socket is refused with EAGAIN
        fd_ = ::socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd_ >= 0 && ::connect(fd_, name, where.size) == 0) break;
        int failed = errno;
        if (fd_ >= 0 && failed == EINPROGRESS) {
            socklen_t size = sizeof failed;
            failed = ETIMEDOUT;
            if (wait(POLLOUT, until)) ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &failed, &size);
        }
        if (failed == 0) break;
        refusal_.assign(failed, std::system_category());
        close();
        if (failed != EAGAIN) break;
        ::poll(nullptr, 0, 10);
    } while (!stopped() && steady::now() < until);
    int const on = 1;
    if (fd_ < 0)
        log_.note("cannot connect");
    else if (name->sa_family != AF_UNIX)
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

raw_connection::~raw_connection() { close(); }

void raw_connection::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

void raw_connection::half_close() {
    log_.note("we end our direction");
    if (fd_ >= 0) ::shutdown(fd_, SHUT_WR);
}

bool raw_connection::wait(short events, steady::time_point until) const {
    for (;;) {
        if (stopped()) return false;
        auto const left = std::chrono::ceil<milliseconds>(until - steady::now());
        auto const slice = std::clamp(left, milliseconds(0), glance).count();
        pollfd one{fd_, events, 0};
        int const ready = ::poll(&one, 1, static_cast<int>(slice));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
        if (left <= milliseconds(0)) return false;
    }
}

bool raw_connection::write_all(std::string_view bytes, milliseconds patience) {
    auto const until = steady::now() + patience;
    while (!bytes.empty()) {
        if (fd_ < 0 || stopped()) return false;
        auto const size = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (size >= 0)
            bytes.remove_prefix(static_cast<std::size_t>(size));
        else if (errno != EINTR && (errno != EAGAIN || !wait(POLLOUT, until)))
            return false;
    }
    return true;
}

bool raw_connection::send(std::string_view bytes, milliseconds patience) {
    log_.sent(bytes);
    return write_all(bytes, patience);
}

bool raw_connection::send_in_pieces(std::string_view bytes, std::size_t piece,
                                    milliseconds patience) {
    log_.note(piece == 1 ? "byte by byte:" : "in pieces:");
    log_.sent(bytes);
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
        if (stopped() || !write_all(bytes.substr(0, piece), patience)) return false;
        ::poll(nullptr, 0, 1); // so that the next is not put into the same packet of the network
    }
    return true;
}

came raw_connection::read_until(wire::frame_view& frame, steady::time_point until) {
    input_.erase(0, consumed_);
    consumed_ = 0;
    for (bool is_late = false;; is_late = steady::now() >= until) {
        error_code ec;
        if (auto const whole = wire::first_frame(input_, reply_limit, ec)) {
            frame = *whole;
            consumed_ = whole->raw.size();
            log_.received(whole->raw);
            return came::frame;
        }
        if (ec) {
            log_.received(input_);
            return came::rubbish;
        }
        if (fd_ < 0) return came::closed;
        if (is_late || !wait(POLLIN, until)) return stopped() ? came::interrupted : came::silence;
        char room[16384];
        auto const size = ::recv(fd_, room, sizeof room, 0);
        if (size > 0) {
            input_.append(room, static_cast<std::size_t>(size));
        } else if (size == 0 || (errno != EINTR && errno != EAGAIN)) {
            if (!input_.empty()) log_.received(input_);
            log_.note("the milter closes");
            close();
            return input_.empty() ? came::closed : came::cut;
        }
    }
}

came raw_connection::drain(milliseconds patience, std::size_t& frames) {
    auto const until = steady::now() + patience;
    wire::frame_view frame;
    for (frames = 0; frames < most_drained; ++frames)
        if (auto const what = read_until(frame, until); what != came::frame)
            return what;
        else if (steady::now() >= until)
            return came::silence;
    return came::flood;
}

} // namespace milter::test_server
