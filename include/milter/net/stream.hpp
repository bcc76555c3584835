// SPDX-License-Identifier: BSL-1.0
// milter/net/stream.hpp - a connected socket, TCP or unix, with a deadline on every wait
//
// All coroutines of one stream run on its executor; at most one read and one write at a time. try_read() and try_write()
// are for what need not wait: no coroutine, no turn of the event loop, no deadline.
#pragma once

#include <milter/error.hpp>
#include <milter/net/watchdog.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <span>
#include <string_view>
#include <utility>

namespace milter::net {

namespace asio = boost::asio;

using socket = asio::generic::stream_protocol::socket;

inline constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

/// What every milter connection wants of its socket: no Nagle, where there is one; never blocking. A stream sees to it.
inline void prepare(socket& connected, int family) noexcept {
    error_code ignored;
    if (family != AF_UNIX) connected.set_option(asio::ip::tcp::no_delay(true), ignored);
    if (!connected.non_blocking()) connected.non_blocking(true, ignored);
}

enum class stream_end {
    closed, ///< in good order
    reset,  ///< broken off
};

/// Is told what passes a stream: a recorder. It throws nothing.
class stream_tap {
public:
    virtual void received(std::string_view bytes) = 0;
    virtual void sent(std::string_view bytes) = 0;
    virtual void peer_ended(stream_end how) = 0;
    virtual void ended(stream_end how) = 0; ///< by close() or reset()

protected:
    ~stream_tap() = default;
};

class stream {
public:
    explicit stream(socket connected)
        : socket_(std::move(connected)), watchdog_(socket_.get_executor(), [this] { expired(); }) {
        prepare(socket_, AF_UNSPEC);
    }

    socket& lowest_layer() noexcept { return socket_; }

    /// `one` is told from now on, and must outlive the stream; null: nobody is.
    void tap(stream_tap* one) noexcept { tap_ = one; }

    /// Some bytes that are there already. Where the peer is never that quick, as on a CPU of its own, it is tried now and
    /// then only; where it always is, others still get their turn. read() is what follows when none came.
    /// @return how many; 0 without ec when there are none, or it was not tried; 0 with ec as read()
    std::size_t try_read(std::span<char> room, error_code& ec) {
        ec = {};
        if (pass_ != 0) {
            --pass_;
            return 0;
        }
        error_code failed;
        auto const size = socket_.read_some(asio::buffer(room.data(), room.size()), failed);
        if (failed == asio::error::would_block || failed == asio::error::interrupted) {
            row_ = 0;
            pass_ = pass_after_none;
            return 0;
        }
        if (++row_ == longest_row) row_ = 0, pass_ = 1;
        ec = translate(failed);
        tell(room.data(), size, failed);
        return size;
    }

    /// As many of `bytes` as the system takes at once; now and then none, so that others get their turn. write() is what
    /// follows for the rest.
    /// @return how many. @errors connection_closed, what the system says
    std::size_t try_write(std::string_view bytes, error_code& ec) {
        ec = {};
        if (++written_ == longest_row) written_ = 0, must_wait_ = true;
        return must_wait_ ? 0 : write_at_once(bytes, ec);
    }

    /// The same for who says something now and then, and need not give way: it is always tried.
    std::size_t write_at_once(std::string_view bytes, error_code& ec) {
        ec = {};
        std::size_t done = 0;
        while (done != bytes.size()) {
            error_code failed;
            auto const rest = bytes.substr(done);
            auto const size = socket_.write_some(asio::buffer(rest.data(), rest.size()), failed);
            done += size;
            if (tap_ && size != 0) tap_->sent(rest.substr(0, size));
            if (failed == asio::error::would_block) {
                must_wait_ = true;
                break;
            }
            if (failed == asio::error::interrupted) continue;
            ec = translate(failed);
            if (ec) break;
        }
        return done;
    }

    /// Some bytes into `room`. @return how many; 0 with ec at the end and on failure
    /// @errors  timed_out, connection_closed, and what the system says
    asio::awaitable<std::size_t> read(std::span<char> room, proto::time_point deadline,
                                      error_code& ec) {
        // not a coroutine around another: one frame is allocated instead of two
        return asio::async_initiate<asio::use_awaitable_t<> const, void(std::size_t)>(
            [this](auto handler, std::span<char> into, proto::time_point until,
                   error_code* result) {
                watchdog_.until(until);
                written_ = 0;
                socket_.async_read_some(
                    asio::buffer(into.data(), into.size()),
                    read_handler<decltype(handler)>{this, into.data(), result, std::move(handler)});
            },
            asio::use_awaitable, room, deadline, &ec);
    }

    /// All of `bytes`. @errors as read()
    asio::awaitable<void> write(std::string_view bytes, proto::time_point deadline,
                                error_code& ec) {
        bytes.remove_prefix(try_write(bytes, ec));
        if (bytes.empty() || ec) co_return;
        must_wait_ = false;
        watchdog_.until(deadline);
        while (!bytes.empty()) {
            auto [failed, size] = co_await socket_.async_write_some(
                asio::buffer(bytes.data(), bytes.size()), use_tuple);
            if (tap_ && size != 0) tap_->sent(bytes.substr(0, size));
            bytes.remove_prefix(size);
            bool const late =
                timed_out_; // the watchdog barks once: the next piece would have no deadline
            ec = translate(failed);
            if (late && !ec && !bytes.empty()) ec = errc::timed_out;
            if (ec) break;
        }
        watchdog_.until(proto::never);
    }

    void close() noexcept { end(stream_end::closed); }

    /// Breaks the connection off: RST on TCP.
    void reset() noexcept {
        error_code ignored;
        socket_.set_option(asio::socket_base::linger(true, 0), ignored);
        end(stream_end::reset);
    }

private:
    template <class Handler> struct read_handler {
        using executor_type = asio::associated_executor_t<Handler>;
        using cancellation_slot_type = asio::associated_cancellation_slot_t<Handler>;

        executor_type get_executor() const noexcept {
            return asio::get_associated_executor(handler);
        }
        cancellation_slot_type get_cancellation_slot() const noexcept {
            return asio::get_associated_cancellation_slot(handler);
        }
        void operator()(error_code failed, std::size_t size) {
            from->watchdog_.until(proto::never);
            *result = from->translate(failed);
            from->tell(into, size, failed);
            std::move(handler)(size);
        }

        stream* from;
        char const* into;
        error_code* result;
        Handler handler;
    };

    void end(stream_end how) noexcept {
        if (tap_ && socket_.is_open()) tap_->ended(how);
        error_code ignored;
        socket_.close(ignored);
    }

    /// What a read came to, for the tap.
    void tell(char const* room, std::size_t size, error_code failed) {
        if (!tap_) return;
        if (size != 0) tap_->received({room, size});
        if (failed == asio::error::eof) tap_->peer_ended(stream_end::closed);
        if (failed == asio::error::connection_reset) tap_->peer_ended(stream_end::reset);
    }

    void expired() noexcept {
        timed_out_ = true;
        error_code ignored;
        socket_.cancel(ignored);
    }

    error_code translate(error_code ec) noexcept {
        if (!ec && !timed_out_) return ec;
        if (std::exchange(timed_out_, false) && ec == asio::error::operation_aborted)
            return errc::timed_out;
        if (ec == asio::error::eof || ec == asio::error::connection_reset ||
            ec == asio::error::broken_pipe)
            return errc::connection_closed;
        return ec;
    }

    static constexpr unsigned pass_after_none = 15; // a failed try costs a system call
    static constexpr unsigned longest_row = 16;     // reads, or writes, without a turn for others

    socket socket_;
    watchdog watchdog_;
    stream_tap* tap_ = nullptr;
    bool timed_out_ = false;
    unsigned pass_ = 0;      ///< how many calls of try_read() are to be passed over
    unsigned row_ = 0;       ///< how many in a row found something
    unsigned written_ = 0;   ///< calls of try_write() since somebody waited
    bool must_wait_ = false; ///< the next write waits before it writes
};

} // namespace milter::net
