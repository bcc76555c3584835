// SPDX-License-Identifier: BSL-1.0
// milter/net/drive_mta.hpp - the driver of an mta_session: writes commands, waits for replies
#pragma once

#include <milter/net/flush.hpp>
#include <milter/net/stream.hpp>
#include <milter/proto/mta_session.hpp>

#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace milter::net {

class drive_mta {
public:
    drive_mta(stream& peer, proto::mta_session& session,
              proto::duration write_timeout = proto::mta_timeouts{}.write)
        : peer_(peer), session_(session), write_timeout_(write_timeout) {}

    /// Writes what the session has to say.
    asio::awaitable<void> flush(error_code& ec) {
        return detail::flush(peer_, session_, write_timeout_, ec);
    }

    /// Negotiates. @return what was agreed
    asio::awaitable<proto::agreement> negotiate(error_code& ec) {
        session_.negotiate(proto::clock::now(), ec);
        if (!ec) co_await settle([](wire::any_reply const&) {}, ec);
        co_return session_.agreed();
    }

    /// Sends a command with its macros in one write and waits for its verdict; edits and keepalives before it go to
    /// `on_reply`, and so does the verdict. Returns at once where no verdict is to come (the bytes then wait for the next
    /// write, unless flush() is called).
    /// @return the code of the verdict; continue where none is owed
    template <class Command, class OnReply>
    asio::awaitable<wire::reply_code> command(Command const& command, wire::zstr_list macros,
                                              OnReply on_reply, error_code& ec) {
        auto const now = proto::clock::now();
        auto const stage = static_cast<unsigned char>(Command::code);
        if (!macros.empty()) session_.send(wire::macros{stage, macros}, now, ec);
        if (!ec) session_.send(command, now, ec);
        if (ec || !session_.awaited()) co_return wire::reply_code::proceed;
        if (auto const verdict = settle_at_once(on_reply, ec)) co_return *verdict;
        co_return co_await settle(std::move(on_reply), ec);
    }

    /// Waits for the verdict that is owed.
    template <class OnReply>
    asio::awaitable<wire::reply_code> settle(OnReply on_reply, error_code& ec) {
        if (!ec) co_await flush(ec);
        while (!ec) {
            if (auto const verdict = heard(on_reply, ec)) co_return *verdict;
            if (ec || !session_.awaited()) break;
            co_await receive(ec);
        }
        co_return wire::reply_code::proceed;
    }

    /// Reads once. @errors timed_out at the session's deadline, connection_closed, frame_truncated
    asio::awaitable<void> receive(error_code& ec) {
        auto const room = session_.prepare();
        arrived(co_await peer_.read(room, session_.deadline(), ec), ec);
    }

private:
    /// The verdict, if it has arrived.
    template <class OnReply>
    std::optional<wire::reply_code> heard(OnReply& on_reply, error_code& ec) {
        auto const now = proto::clock::now();
        while (auto reply = session_.next(now, ec)) {
            on_reply(*reply);
            if (!session_.awaited()) return wire::code_of(*reply);
        }
        return std::nullopt;
    }

    /// The same after a write and a read, unless one of them has to wait: on a CPU that both ends share, the reply is there
    /// when the write returns.
    template <class OnReply>
    std::optional<wire::reply_code> settle_at_once(OnReply& on_reply, error_code& ec) {
        detail::flush_at_once(peer_, session_, ec);
        if (ec || !session_.output().empty()) return std::nullopt;
        if (auto const verdict = heard(on_reply, ec)) return verdict;
        if (ec || !session_.awaited()) return std::nullopt;
        auto const size = peer_.try_read(session_.prepare(), ec);
        if (size == 0 && !ec) return std::nullopt;
        arrived(size, ec);
        return ec ? std::nullopt : heard(on_reply, ec);
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
};

} // namespace milter::net
