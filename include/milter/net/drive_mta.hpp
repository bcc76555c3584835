// SPDX-License-Identifier: BSL-1.0
// milter/net/drive_mta.hpp - the driver of an mta_session: writes commands, waits for replies
#pragma once

#include <milter/net/flush.hpp>
#include <milter/net/stream.hpp>
#include <milter/proto/mta_session.hpp>

#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

namespace milter::net {

class drive_mta {
public:
    drive_mta(stream& peer, proto::mta_session& session,
              proto::duration write_timeout = proto::mta_timeouts{}.write)
        : peer_(peer), session_(session), write_timeout_(write_timeout) {}

    /// Keepalives and edits make a wait longer, as with an MTA: at most this many times its timeout. 0: without end.
    void longest_wait(int times) noexcept { times_ = times; }

    /// Writes what the session has to say.
    asio::awaitable<void> flush(error_code& ec) {
        return net::flush(peer_, session_, write_timeout_, ec);
    }

    /// Negotiates. @return what was agreed
    asio::awaitable<proto::agreement> negotiate(error_code& ec) {
        session_.negotiate(proto::clock::now(), ec);
        if (!ec) co_await settle([](wire::any_reply const&) {}, ec);
        co_return session_.agreed();
    }

    /// Sends a command with its macros in one write and waits for its verdict; edits and keepalives before it go to
    /// `on_reply`, and so does the verdict; when it returns an error, nothing more is waited for. Returns at once where no
    /// verdict is to come (the bytes then wait for the next write, unless flush() is called).
    /// @return the code of the verdict; continue where none is owed; empty with ec
    template <class Command, class OnReply>
    asio::awaitable<std::optional<wire::reply_code>>
    command(Command const& command, wire::zstr_list macros, OnReply on_reply, error_code& ec) {
        auto const now = proto::clock::now();
        if (!macros.empty()) session_.send(wire::macros{Command::code, macros}, now, ec);
        if (!ec) session_.send(command, now, ec);
        bool const due = !ec && session_.awaited();
        // as settle() does it, but without a coroutine for it
        if (due) detail::flush_at_once(peer_, session_, ec);
        if (due && !session_.output().empty()) co_await flush(ec);
        auto const limit = due ? end_of_wait() : proto::never;
        while (due && !ec) {
            if (auto const verdict = heard(on_reply, ec)) co_return verdict;
            if (ec || !session_.awaited()) break;
            auto const room = session_.prepare();
            auto size = is_over(limit, ec) ? 0 : peer_.try_read(room, ec);
            if (size == 0 && !ec)
                size = co_await peer_.read(room, std::min(session_.deadline(), limit), ec);
            arrived(size, ec);
        }
        if (ec) co_return std::nullopt;
        co_return wire::reply_code::proceed;
    }

    /// The same, whatever comes before the verdict.
    template <class Command>
    asio::awaitable<std::optional<wire::reply_code>>
    command(Command const& command, wire::zstr_list macros, error_code& ec) {
        return this->command(
            command, macros, [](wire::any_reply const&) {}, ec);
    }

    /// Waits for the verdict that is owed. @return as command()
    template <class OnReply>
    asio::awaitable<std::optional<wire::reply_code>> settle(OnReply on_reply, error_code& ec) {
        if (!ec) co_await flush(ec);
        auto const limit = end_of_wait();
        while (!ec) {
            if (auto const verdict = heard(on_reply, ec)) co_return verdict;
            if (ec || !session_.awaited()) break;
            if (is_over(limit, ec))
                arrived(0, ec);
            else
                co_await receive(limit, ec);
        }
        if (ec) co_return std::nullopt;
        co_return wire::reply_code::proceed;
    }

    /// Reads once. @errors timed_out at the session's deadline, connection_closed, frame_truncated
    asio::awaitable<void> receive(error_code& ec) { return receive(proto::never, ec); }

private:
    asio::awaitable<void> receive(proto::time_point limit, error_code& ec) {
        auto const room = session_.prepare();
        arrived(co_await peer_.read(room, std::min(session_.deadline(), limit), ec), ec);
    }

    proto::time_point end_of_wait() const {
        if (times_ == 0 || session_.deadline() == proto::never) return proto::never;
        auto const now = proto::clock::now();
        auto const once = session_.deadline() - now;
        if (once > proto::duration::max() / times_) return proto::never;
        return proto::after(now, times_ * once);
    }

    static bool is_over(proto::time_point limit, error_code& ec) {
        if (limit == proto::never || proto::clock::now() < limit) return false;
        ec = errc::timed_out;
        return true;
    }

    /// The verdict, if it has arrived.
    template <class OnReply>
    std::optional<wire::reply_code> heard(OnReply& on_reply, error_code& ec) {
        auto const now = proto::clock::now();
        while (auto reply = session_.next(now, ec)) {
            if constexpr (std::is_void_v<decltype(on_reply(*reply))>)
                on_reply(*reply);
            else if (ec = on_reply(*reply); ec)
                return std::nullopt;
            if (!session_.awaited()) return wire::code_of(*reply);
        }
        return std::nullopt;
    }

    void arrived(std::size_t size, error_code& ec) {
        if (ec == errc::timed_out)
            session_.expire(std::max(proto::clock::now(), session_.deadline()), ec);
        else if (ec == errc::connection_closed)
            session_.ended(ec);
        else if (!ec)
            session_.commit(size);
    }

    stream& peer_;
    proto::mta_session& session_;
    proto::duration write_timeout_;
    int times_ = 0;
};

} // namespace milter::net
