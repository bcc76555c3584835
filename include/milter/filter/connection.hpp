// SPDX-License-Identifier: BSL-1.0
// milter/filter/connection.hpp - one connection of a milter: reads, has the handlers run, waits for them, writes
//
// As net/serve_filter.hpp, with what a server needs besides: a deadline for handlers, keepalives meanwhile, and an end
// between two messages when the server stops. An idle connection is one coroutine; a handler that waits takes another.
#pragma once

#include <milter/filter/async_context.hpp>
#include <milter/filter/dispatch.hpp>
#include <milter/filter/options.hpp>
#include <milter/net/flush.hpp>
#include <milter/net/stream.hpp>
#include <milter/proto/filter_session.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace milter::filter {

/// What the connections of one worker have in common, and the list of them.
struct worker_state : common_state {
    filter::timeouts timeouts;
    std::optional<std::size_t> max_command_bytes;
    class connection_base* first = nullptr;
    bool stopping = false; ///< the server is
    bool closing = false;  ///< connections end where no message is under way
};

/// What there is of a connection whatever the milter is. It is in its worker's list as long as it lives.
class connection_base {
public:
    connection_base(net::socket connected, worker_state& of, std::uint64_t id)
        : worker(of), peer(std::move(connected)),
          session({{}, /*manual_negotiation*/ true, of.max_command_bytes, {}}),
          context(peer, session, of, id, of.timeouts.write), next_(of.first) {
        if (next_) next_->previous_ = this;
        of.first = this;
        tally::add(of.counts.connections);
    }
    connection_base(connection_base const&) = delete;
    connection_base& operator=(connection_base const&) = delete;
    ~connection_base() {
        (previous_ ? previous_->next_ : worker.first) = next_;
        if (next_) next_->previous_ = previous_;
        tally::add(worker.counts.closed);
    }

    connection_base* next() const noexcept { return next_; }

    /// Whether no message would be lost with it.
    bool is_idle() const noexcept {
        return !proto::in_transaction(session.at()) && session.buffered() == 0 &&
               !session.awaits_reply();
    }
    /// Ends it, wherever it is: what it waits for fails.
    void cut() noexcept {
        cut_ = true;
        peer.close();
        if (waiting_) waiting_->emit(asio::cancellation_type::terminal);
    }
    bool is_cut() const noexcept { return cut_; }
    /// What cancels the handler that waits; null: none does.
    void waits_by(asio::cancellation_signal* signal) noexcept { waiting_ = signal; }

    worker_state& worker;
    net::stream peer;
    proto::filter_session session;
    async_context context;

private:
    connection_base* next_;
    connection_base* previous_ = nullptr;
    asio::cancellation_signal* waiting_ = nullptr;
    bool cut_ = false;
};

namespace detail {

// As in net/serve_filter.hpp: GCC inlines half of the pair of functions that a coroutine's frame comes from and goes to.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#pragma GCC diagnostic ignored "-Wsubobject-linkage" // a milter may be of an unnamed namespace
#endif

/// Runs a handler that waits, with its deadline and with keepalives.
template <class T, class Dispatcher>
awaitable<void> wait_for(connection_base& with, Dispatcher& dispatch, awaitable<T> handler) {
    auto const executor = with.context.executor();
    auto const& times = with.worker.timeouts;
    bool const at_end = with.session.owed() == wire::command_code::end_of_message;
    asio::steady_timer wake(executor);
    asio::cancellation_signal cancel;
    bool done = false;
    std::exception_ptr thrown;
    [[maybe_unused]] std::conditional_t<std::is_void_v<T>, std::monostate, T> given;
    auto const ended = [&](std::exception_ptr why, auto&&... value) {
        thrown = std::move(why);
        if constexpr (sizeof...(value) == 1) ((given = std::move(value)), ...);
        done = true;
        wake.cancel();
    };
    with.waits_by(&cancel);
    asio::co_spawn(executor, std::move(handler),
                   asio::bind_cancellation_slot(cancel.slot(), ended));
    auto now = proto::clock::now();
    auto deadline = proto::after(now, at_end ? times.end_of_message : times.handler);
    bool const alive = at_end && times.keepalive > proto::duration::zero();
    while (!done) {
        wake.expires_at(alive ? std::min(deadline, proto::after(now, times.keepalive)) : deadline);
        co_await wake.async_wait(net::use_tuple);
        now = proto::clock::now();
        if (done) break;
        if (now >= deadline) {
            deadline = proto::never;
            dispatch.late();
            with.context.write_now();
            cancel.emit(asio::cancellation_type::terminal);
        } else if (!with.is_cut()) {
            with.context.keep_alive();
        }
    }
    with.waits_by(nullptr);
    if (thrown)
        dispatch.failed(thrown);
    else if constexpr (std::is_void_v<T>)
        dispatch.finish();
    else
        dispatch.finish(given);
}

template <class Dispatcher>
awaitable<void> wait_for_any(connection_base& with, Dispatcher& dispatch,
                             async_context::pending& handler) {
    return std::visit(
        [&](auto& one) -> awaitable<void> {
            if constexpr (std::is_same_v<decltype(one), std::monostate&>)
                return {};
            else
                return wait_for(with, dispatch, std::move(one));
        },
        handler);
}

inline proto::time_point read_deadline(connection_base const& with) noexcept {
    auto const& times = with.worker.timeouts;
    bool const fresh = with.session.at() == proto::phase::start;
    return proto::after(proto::clock::now(), fresh ? times.negotiate : times.idle);
}

/// @param at  where the session stood when the peer closed
inline void report(connection_base& with, proto::phase at, error_code const& ec) {
    if (!ec || with.is_cut() || with.worker.stopping) return;
    // Someone came to see whether anybody is there: a test of the connection, a monitor.
    bool const was_probe = ec == errc::connection_closed && at <= proto::phase::negotiated;
    if (!was_probe) tally::add(with.worker.counts.broken);
    auto const& said = with.session.failure();
    with.context.log(was_probe ? log_level::info : log_level::warning,
                     said.empty() ? ec.message() : said);
}

/// Serves one connection to its end.
template <class Filter>
awaitable<void> serve(net::socket connected, worker_state& worker, proto::wish const& wish,
                      shared_of<Filter>& shared, std::uint64_t id) {
    connection_base with(std::move(connected), worker, id);
    dispatcher<Filter, async_context> dispatch(with.session, with.context, wish, shared);
    auto& session = with.session;
    auto at = proto::phase::closed;
    error_code ec;
    for (;;) {
        while (auto const command = session.next(ec)) {
            auto pending = dispatch.start(*command);
            if constexpr (has_coroutines<Filter, async_context>) {
                if (pending.index() != 0) {
                    // NOLINTNEXTLINE(bugprone-use-after-move): the frame is taken for `connected`
                    co_await wait_for_any(with, dispatch, pending);
                }
            }
            if (dispatch.error() || with.context.broken()) break;
        }
        if (!ec) ec = dispatch.error();
        if (!ec) ec = with.context.broken();
        if (with.context.broken()) break; // not a word more
        error_code unwritten;
        net::detail::flush_at_once(with.peer, session, unwritten);
        if (!session.output().empty())
            co_await net::flush(with.peer, session, worker.timeouts.write, unwritten);
        if (!ec) ec = unwritten;
        if (ec || session.closed()) break;
        if (with.is_cut() || (worker.closing && with.is_idle())) break;
        auto const room = session.prepare();
        auto size = with.peer.try_read(room, ec);
        if (size == 0 && !ec) size = co_await with.peer.read(room, read_deadline(with), ec);
        at = session.at();
        if (ec == errc::connection_closed) session.ended(ec);
        if (ec) break;
        session.commit(size);
    }
    report(with, at, ec);
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

} // namespace detail

} // namespace milter::filter
