// SPDX-License-Identifier: BSL-1.0
// milter/net/serve_filter.hpp - the driver of a filter_session: reads, hands out commands, writes
//
// The order is: drain commands, stop on error, flush, stop when closed, read.
#pragma once

#include <milter/net/flush.hpp>
#include <milter/net/stream.hpp>
#include <milter/proto/filter_session.hpp>
#include <milter/proto/timeouts.hpp>

#include <boost/asio/awaitable.hpp>

#include <exception>
#include <functional>
#include <type_traits>

namespace milter::net {

struct serve_options {
    proto::duration negotiate = proto::filter_negotiate_timeout; ///< for the offer to come
    proto::duration idle = proto::filter_idle_timeout;           ///< for any later command
    proto::duration write = proto::filter_write_timeout;
    std::function<void(std::exception_ptr)>
        on_exception; ///< is told what a handler throws; throws nothing itself
};

// GCC inlines half of the pair of functions that a coroutine's frame comes from and goes to, and warns of the other half.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace detail {

/// What the handler threw becomes TEMPFAIL and not a reply lost. @errors misuse where that is no answer (to the offer)
/// @source statement 214
inline void answer_for(std::exception_ptr const& thrown, proto::filter_session& session,
                       serve_options const& options, error_code& ec) {
    if (session.awaits_reply()) session.reply(wire::tempfail{}, ec);
    if (!options.on_exception) return;
    try {
        options.on_exception(thrown);
    } catch (...) { // the session is not to end of it
    }
}

} // namespace detail

/// Serves one connection until the MTA ends it. `handler(command, session)` answers with session.reply() before it is
/// done; it may return void or an awaitable. If it throws, the command is answered with TEMPFAIL; one that takes no
/// reply is passed over. What was answered is written, whatever comes behind.
/// @errors  none when the MTA sent QUIT; else why it ended, with session.failure() in words; misuse when the handler
///          left a reply owed, or threw instead of answering the offer
template <class Handler>
asio::awaitable<error_code> serve_filter(stream& peer, proto::filter_session& session,
                                         Handler handler, serve_options options = {}) {
    static_assert(std::is_invocable_v<Handler&, wire::any_command&, proto::filter_session&>,
                  "a handler takes (wire::any_command const&, proto::filter_session&)");
    using answer = std::invoke_result_t<Handler&, wire::any_command&, proto::filter_session&>;
    constexpr bool waits = !std::is_void_v<answer>;
    static_assert(!waits || std::is_same_v<answer, asio::awaitable<void>>,
                  "a handler returns void or asio::awaitable<void>");
    for (;;) {
        error_code ec;
        while (auto command = session.next(ec)) {
            std::exception_ptr thrown;
            try {
                if constexpr (waits)
                    co_await handler(*command, session);
                else
                    handler(*command, session);
            } catch (...) {
                thrown = std::current_exception();
            }
            if (thrown) detail::answer_for(thrown, session, options, ec);
            if (ec) break;
        }
        if (!ec && session.awaits_reply()) ec = errc::misuse;
        error_code unwritten;
        detail::flush_at_once(peer, session, unwritten);
        if (!session.output().empty()) co_await flush(peer, session, options.write, unwritten);
        if (!ec) ec = unwritten;
        if (ec) co_return ec;
        if (session.closed()) co_return error_code{};
        auto const room = session.prepare();
        auto size = peer.try_read(room, ec);
        if (size == 0 && !ec) {
            auto const patience =
                session.at() == proto::phase::start ? options.negotiate : options.idle;
            size = co_await peer.read(room, proto::after(proto::clock::now(), patience), ec);
        }
        if (ec == errc::connection_closed) {
            error_code ended;
            session.ended(ended);
            co_return ended;
        }
        if (ec) co_return ec;
        session.commit(size);
    }
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

} // namespace milter::net
