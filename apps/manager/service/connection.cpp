// SPDX-License-Identifier: BSL-1.0
// manager/service/connection.cpp
#include "manager/service/connection.hpp"

#include <milter/wire/output_memory.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace milter::manager {

namespace {

/// A full queue of a unix socket is refused with EAGAIN instead of waited for; libmilter's holds 20.
constexpr auto full_queue_pause = std::chrono::milliseconds(10);

error_code system_error() noexcept { return {errno, boost::system::system_category()}; }

bool would_block(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK; }

} // namespace

void connection::accept(descriptor accepted, error_code& ec) {
    socket_ = std::move(accepted);
    awaited_ = EPOLLIN;
    poller_.watch(socket_.number(), awaited_, *this, ec);
}

// ---- connecting

void connection::connect(std::vector<net::address> where, error_code ec) {
    left_ = std::move(where);
    std::reverse(left_.begin(), left_.end());
    connect_next(ec ? ec : errc::connect_failed);
}

/// @param ec  why the one before did not answer
void connection::connect_next(error_code ec) {
    while (!left_.empty()) {
        again_at_ = proto::never;
        ec = dial(left_.back());
        if (ec == std::errc::operation_in_progress) return;
        if (!ec) break;
        if (ec == std::errc::resource_unavailable_try_again) {
            again_at_ = poller_.now() + full_queue_pause;
            return;
        }
        left_.pop_back();
    }
    settle(ec);
}

error_code connection::dial(net::address const& where) {
    auto const family = net::family_of(where);
    socket_ = descriptor(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket_.is_open()) return system_error();
    int const yes = 1;
    if (family != AF_UNIX)
        ::setsockopt(socket_.number(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    auto const failed =
        ::connect(socket_.number(), where.data(), static_cast<socklen_t>(where.size())) != 0;
    auto const why = failed ? system_error() : error_code{};
    bool const goes_on = why == std::errc::operation_in_progress;
    if (failed && !goes_on) {
        socket_.close();
        return why;
    }
    stage_ = goes_on ? stage::connecting : stage::open;
    awaited_ = goes_on ? EPOLLOUT : EPOLLIN;
    error_code ec;
    poller_.watch(socket_.number(), awaited_, *this, ec);
    return ec ? ec : why;
}

void connection::settle(error_code ec) {
    std::vector<net::address>().swap(left_);
    if (ec) close();
    owner_.connected(index_, ec);
}

void connection::ready(std::uint32_t events) {
    if (stage_ == stage::connecting) return dialled(events);
    auto const serial = serial_;
    bool const is_writable = (events & EPOLLOUT) != 0 && (awaited_ & EPOLLOUT) != 0;
    if (is_writable && flush()) owner_.drained(index_);
    bool const is_readable = (events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0;
    if (is_readable && serial == serial_) owner_.readable(index_);
}

void connection::dialled(std::uint32_t events) {
    int error = 0;
    socklen_t size = sizeof error;
    if ((events & (EPOLLERR | EPOLLHUP)) != 0)
        ::getsockopt(socket_.number(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0) {
        stage_ = stage::open;
        await(EPOLLIN);
        return settle({});
    }
    close();
    left_.pop_back();
    connect_next({error, boost::system::system_category()});
}

// ---- reading

std::size_t connection::read(std::span<char> room, error_code& ec) noexcept {
    auto const size = ::recv(socket_.number(), room.data(), room.size(), 0);
    if (size > 0) return static_cast<std::size_t>(size);
    if (size == 0)
        ec = errc::connection_closed;
    else if (!would_block(errno) && errno != EINTR)
        ec = system_error();
    return 0;
}

void connection::listen(bool is_wanted) noexcept {
    auto const others = awaited_ & ~static_cast<std::uint32_t>(EPOLLIN | EPOLLRDHUP);
    await(others | static_cast<std::uint32_t>(is_wanted ? EPOLLIN : EPOLLRDHUP));
}

void connection::deafen() noexcept {
    if (is_open() && awaited_ != 0) poller_.forget(socket_.number(), *this);
    awaited_ = 0;
    if (!waiting_.empty()) ::shutdown(socket_.number(), SHUT_WR); // a piece of it may be out
    drop_waiting();
}

// ---- writing

bool connection::write(std::string bytes) {
    if (!waiting_.empty()) {
        waiting_ += bytes;
        return false;
    }
    error_code ec;
    auto const size = send(bytes, ec);
    if (ec) return break_off();
    if (size == bytes.size()) {
        wire::give_output_memory_back(bytes);
        return true;
    }
    waiting_ = std::move(bytes);
    written_ = size;
    stuck_since_ = poller_.now();
    await(awaited_ | EPOLLOUT);
    return false;
}

/// @return true when nothing waits any more
bool connection::flush() {
    error_code ec;
    auto const size = send(std::string_view(waiting_).substr(written_), ec);
    written_ += size;
    if (size > 0) stuck_since_ = poller_.now();
    if (!ec && written_ < waiting_.size()) return false;
    drop_waiting();
    await(awaited_ & ~static_cast<std::uint32_t>(EPOLLOUT));
    return ec ? break_off() : true;
}

/// A packet may be out in part: nothing can follow it, and whoever reads is told of the end.
bool connection::break_off() noexcept {
    ::shutdown(socket_.number(), SHUT_RDWR);
    return false;
}

/// As much as the system takes.
std::size_t connection::send(std::string_view bytes, error_code& ec) noexcept {
    std::size_t done = 0;
    while (done < bytes.size()) {
        auto const size =
            ::send(socket_.number(), bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
        if (size >= 0)
            done += static_cast<std::size_t>(size);
        else if (would_block(errno))
            break;
        else if (errno != EINTR) {
            ec = system_error();
            break;
        }
    }
    return done;
}

void connection::await(std::uint32_t events) noexcept {
    if (events == awaited_ || awaited_ == 0) return;
    awaited_ = events;
    poller_.change(socket_.number(), awaited_, *this);
}

void connection::close(std::string_view last_words) noexcept {
    ++serial_;
    bool const may_speak = is_open() && stage_ == stage::open && waiting_.empty();
    drop_waiting();
    if (!is_open()) return;
    if (may_speak && !last_words.empty()) {
        error_code ignored;
        send(last_words, ignored);
    }
    poller_.forget(socket_.number(), *this);
    socket_.close();
    awaited_ = 0;
}

void connection::drop_waiting() noexcept {
    std::string().swap(waiting_);
    written_ = 0;
    again_at_ = stuck_since_ = proto::never;
}

// ---- time

proto::time_point connection::deadline(proto::duration patience) const noexcept {
    if (stuck_since_ == proto::never) return again_at_;
    return std::min(stuck_since_ + patience, again_at_);
}

bool connection::expire(proto::time_point now, proto::duration patience) {
    if (now >= again_at_) connect_next(errc::connect_failed);
    return stuck_since_ == proto::never || now < stuck_since_ + patience;
}

} // namespace milter::manager
