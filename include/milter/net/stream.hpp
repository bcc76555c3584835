// SPDX-License-Identifier: BSL-1.0
// milter/net/stream.hpp - a connected socket, TCP or unix, with a deadline on every wait
//
// All coroutines of one stream run on its executor; at most one read and one write at a time.
#pragma once

#include <milter/error.hpp>
#include <milter/net/watchdog.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <span>
#include <string_view>
#include <utility>

namespace milter::net {

namespace asio = boost::asio;

using socket = asio::generic::stream_protocol::socket;

inline constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

/// What every milter connection wants of its socket: no Nagle, where there is one; never blocking.
inline void prepare(socket& connected, int family) noexcept {
    error_code ignored;
    if (family == AF_INET || family == AF_INET6)
        connected.set_option(asio::ip::tcp::no_delay(true), ignored);
    connected.non_blocking(true, ignored);
}

class stream {
public:
    explicit stream(socket connected)
        : socket_(std::move(connected)), watchdog_(socket_.get_executor(), [this] { expired(); }) {}

    socket& lowest_layer() noexcept { return socket_; }

    /// Some bytes into `room`. @return how many; 0 with ec at the end and on failure
    /// @errors  timed_out, connection_closed, and what the system says
    asio::awaitable<std::size_t> read(std::span<char> room, proto::time_point deadline,
                                      error_code& ec) {
        watchdog_.until(deadline);
        auto [failed, size] =
            co_await socket_.async_read_some(asio::buffer(room.data(), room.size()), use_tuple);
        watchdog_.until(proto::never);
        ec = translate(failed);
        co_return size;
    }

    /// All of `bytes`. @errors as read()
    asio::awaitable<void> write(std::string_view bytes, proto::time_point deadline,
                                error_code& ec) {
        watchdog_.until(deadline);
        while (!bytes.empty()) {
            auto [failed, size] = co_await socket_.async_write_some(
                asio::buffer(bytes.data(), bytes.size()), use_tuple);
            bytes.remove_prefix(size);
            bool const late =
                timed_out_; // the watchdog barks once: the next piece would have no deadline
            ec = translate(failed);
            if (late && !ec && !bytes.empty()) ec = errc::timed_out;
            if (ec) break;
        }
        watchdog_.until(proto::never);
    }

    void close() noexcept {
        error_code ignored;
        socket_.close(ignored);
    }

private:
    void expired() noexcept {
        timed_out_ = true;
        error_code ignored;
        socket_.cancel(ignored);
    }

    error_code translate(error_code ec) noexcept {
        if (std::exchange(timed_out_, false) && ec == asio::error::operation_aborted)
            return errc::timed_out;
        if (ec == asio::error::eof || ec == asio::error::connection_reset ||
            ec == asio::error::broken_pipe)
            return errc::connection_closed;
        return ec;
    }

    socket socket_;
    watchdog watchdog_;
    bool timed_out_ = false;
};

} // namespace milter::net
