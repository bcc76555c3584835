// SPDX-License-Identifier: BSL-1.0
// milter/net/drive_mta.hpp - the driver of an mta_session: writes commands, waits for replies
#pragma once

#include <milter/net/stream.hpp>
#include <milter/proto/mta_session.hpp>

#include <boost/asio/awaitable.hpp>

#include <array>
#include <utility>

namespace milter::net {

class drive_mta {
public:
    drive_mta(stream& peer, proto::mta_session& session,
              proto::duration write_timeout = proto::mta_timeouts{}.write)
        : peer_(peer), session_(session), write_timeout_(write_timeout) {}

    /// Writes what the session has to say.
    asio::awaitable<void> flush(error_code& ec) {
        while (!session_.output().empty() && !ec) {
            auto const bytes = std::exchange(session_.output(), {});
            co_await peer_.write(bytes, proto::clock::now() + write_timeout_, ec);
        }
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
        co_return co_await settle(on_reply, ec);
    }

    /// Waits for the verdict that is owed.
    template <class OnReply>
    asio::awaitable<wire::reply_code> settle(OnReply on_reply, error_code& ec) {
        co_await flush(ec);
        while (!ec) {
            while (auto reply = session_.next(proto::clock::now(), ec)) {
                on_reply(*reply);
                if (!session_.awaited()) co_return wire::code_of(*reply);
            }
            if (ec || !session_.awaited()) break;
            co_await receive(ec);
        }
        co_return wire::reply_code::proceed;
    }

    /// Reads once. @errors timed_out at the session's deadline, connection_closed, frame_truncated
    asio::awaitable<void> receive(error_code& ec) {
        auto const size = co_await peer_.read(room_, session_.deadline(), ec);
        if (ec == errc::timed_out)
            session_.expire(std::max(proto::clock::now(), session_.deadline()), ec);
        else if (ec == errc::connection_closed)
            session_.ended(ec);
        else if (!ec)
            session_.received({room_.data(), size});
    }

private:
    stream& peer_;
    proto::mta_session& session_;
    proto::duration write_timeout_;
    std::array<char, 16'384> room_{};
};

} // namespace milter::net
