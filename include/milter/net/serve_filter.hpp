// SPDX-License-Identifier: BSL-1.0
// milter/net/serve_filter.hpp - the driver of a filter_session: reads, hands out commands, writes
//
// The order is: drain commands, stop on error, flush, stop when closed, read.
#pragma once

#include <milter/net/stream.hpp>
#include <milter/proto/filter_session.hpp>
#include <milter/proto/timeouts.hpp>

#include <boost/asio/awaitable.hpp>

#include <array>
#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

namespace milter::net {

struct serve_options {
    proto::duration negotiate = proto::filter_negotiate_timeout; ///< for the offer to come
    proto::duration idle = proto::filter_idle_timeout;           ///< for any later command
    proto::duration write = proto::filter_write_timeout;
    std::function<void(std::exception_ptr)> on_exception; ///< is told what a handler throws
};

// GCC inlines half of the pair of functions that a coroutine's frame comes from and goes to, and warns of the other half.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace detail {

/// What the handler throws becomes TEMPFAIL and not a reply lost; ec is set where that is no answer (to the offer).
/// @source statement 214
template <class Handler>
asio::awaitable<void> hand(Handler& handler, wire::any_command const& command,
                           proto::filter_session& session, serve_options const& options,
                           error_code& ec) {
    std::exception_ptr thrown;
    try {
        if constexpr (std::is_void_v<decltype(handler(command, session))>)
            handler(command, session);
        else
            co_await handler(command, session);
    } catch (...) {
        thrown = std::current_exception();
    }
    if (!thrown) co_return;
    if (options.on_exception) options.on_exception(thrown);
    if (session.awaits_reply()) session.reply(wire::tempfail{}, ec);
}

inline asio::awaitable<void> flush(stream& peer, proto::filter_session& session,
                                   proto::duration timeout, error_code& ec) {
    while (!session.output().empty() && !ec) {
        auto const bytes = std::exchange(session.output(), {});
        co_await peer.write(bytes, proto::clock::now() + timeout, ec);
    }
}

} // namespace detail

/// Serves one connection until the MTA ends it. `handler(command, session)` answers with session.reply(); it may return
/// void or an awaitable. If it throws, the command is answered with TEMPFAIL; one that takes no reply is passed over.
/// @errors  none when the MTA sent QUIT; else why it ended, with session.failure() in words; misuse when the handler
///          threw instead of answering the offer
template <class Handler>
asio::awaitable<error_code> serve_filter(stream& peer, proto::filter_session& session,
                                         Handler handler, serve_options options = {}) {
    std::array<char, 16'384> room{};
    for (;;) {
        error_code ec;
        while (auto command = session.next(ec)) {
            co_await detail::hand(handler, *command, session, options, ec);
            if (ec) co_return ec;
        }
        if (ec) co_return ec;
        co_await detail::flush(peer, session, options.write, ec);
        if (ec) co_return ec;
        if (session.closed()) co_return error_code{};
        auto const patience =
            session.at() == proto::phase::start ? options.negotiate : options.idle;
        auto const size = co_await peer.read(room, proto::clock::now() + patience, ec);
        if (ec == errc::connection_closed) {
            error_code ended;
            session.ended(ended);
            co_return ended;
        }
        if (ec) co_return ec;
        session.received({room.data(), size});
    }
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

} // namespace milter::net
