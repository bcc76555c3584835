// SPDX-License-Identifier: BSL-1.0
// milter/net/flush.hpp - what a session has to say goes to its stream
#pragma once

#include <milter/net/stream.hpp>
#include <milter/proto/timeouts.hpp>

#include <boost/asio/awaitable.hpp>

#include <string>
#include <utility>

namespace milter::net {

namespace detail {

/// What the socket takes at once. What cannot be written any more is dropped.
template <class Session> void flush_at_once(stream& peer, Session& session, error_code& ec) {
    if (session.output().empty()) return;
    session.sent(peer.try_write(session.output(), ec));
    if (ec) session.sent(session.output().size());
}

} // namespace detail

/// Writes all that a filter_session or an mta_session has to say, and what it says meanwhile. The drivers do it by
/// themselves; a handler does it whose PROGRESS must go out before its verdict is known. Do not cancel it: half a packet
/// would have been sent.
/// @errors  timed_out (for each write), connection_closed, and what the system says
template <class Session>
asio::awaitable<void> flush(stream& peer, Session& session, proto::duration timeout,
                            error_code& ec) {
    while (!session.output().empty() && !ec) {
        auto const bytes = std::exchange(session.output(), {});
        co_await peer.write(bytes, proto::after(proto::clock::now(), timeout), ec);
    }
}

} // namespace milter::net
