// SPDX-License-Identifier: BSL-1.0
// milter/filter/server_base.hpp - what a server is whatever its milter does: listeners, workers, an end in good order
//
// The first worker accepts and hands connections out in turn. To stop: nobody new; connections without a message are
// closed after a moment, the others when their message has ended, or at the deadline.
#pragma once

#include <milter/filter/connection.hpp>
#include <milter/filter/options.hpp>
#include <milter/net/listener.hpp>
#include <milter/net/workers.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace milter::filter {

class server_base {
public:
    server_base(server_base const&) = delete;
    server_base& operator=(server_base const&) = delete;
    virtual ~server_base() {
        for (auto& one : states_) one->deadline.reset(); // it belongs to the thread's context
    }

    /// Listens on all sockets; run() does it when it has not been done.
    /// @throws  std::invalid_argument (a socket that does not parse), std::runtime_error (one that cannot be had)
    void open();

    /// Where it listens in fact: port 0 has become a number.
    std::vector<endpoint> endpoints() const {
        std::vector<endpoint> all;
        for (auto const& one : listeners_) all.push_back(one->socket.local(one->asked));
        return all;
    }

    /// Serves until it is stopped and the last connection has ended. Once only.
    void run() {
        open();
        threads_.run();
    }

    /// From any thread, at any time, but not from a signal handler. Does not wait.
    void stop() {
        asio::post(threads_[0], [this] { stop_here(); });
    }

    /// SIGINT and SIGTERM stop it.
    void stop_on_signals() {
        signals_.add(SIGINT);
        signals_.add(SIGTERM);
        signals_.async_wait([this](error_code ec, int) {
            if (!ec) stop_here();
        });
    }

    /// So far; from any thread.
    counters counts() const noexcept {
        counters sum;
        for (auto const& one : states_) one->counts.add_to(sum);
        return sum;
    }

protected:
    explicit server_base(server_options options);

    /// The coroutine that serves one connection.
    virtual awaitable<void> serve(net::socket connected, worker_state& worker,
                                  std::uint64_t id) = 0;

private:
    struct state : worker_state {
        std::optional<asio::steady_timer> deadline; ///< while it stops
    };
    static constexpr auto accept_pause = std::chrono::milliseconds(100);
    struct door {
        door(asio::any_io_executor const& executor, endpoint where)
            : socket(executor), pause(executor), asked(std::move(where)) {}
        net::listener socket;
        asio::steady_timer pause; ///< before it accepts again
        endpoint asked;
    };

    void listen(std::string const& text);
    void begin_to_accept(door& at);
    awaitable<void> accept(door& at);
    void accept_later(door& at, std::exception_ptr const& thrown);
    void admit(net::socket connected, std::size_t worker);
    void ended(state& worker, std::exception_ptr const& thrown);
    void stop_here();
    void stop_worker(std::size_t at);
    awaitable<void> see_out(state& worker, proto::time_point quiet, proto::time_point busy);
    static awaitable<bool> passed(state& worker, proto::time_point when);
    static void cut_all(state& worker, bool also_busy) noexcept {
        for (auto* one = worker.first; one; one = one->next())
            if (also_busy || one->is_idle()) one->cut();
    }

    server_options options_;
    std::atomic<std::size_t> open_{0};
    std::uint64_t last_id_ = 0;
    bool stopping_ = false;
    std::vector<std::unique_ptr<state>> states_; ///< one a thread; connections refer to them
    net::workers threads_;
    std::vector<std::unique_ptr<door>> listeners_;
    asio::signal_set signals_;
};

inline server_base::server_base(server_options options)
    : options_(std::move(options)), threads_(options_.workers), signals_(threads_[0]) {
    for (std::size_t i = 0; i < threads_.size(); ++i) {
        auto& one = *states_.emplace_back(std::make_unique<state>());
        one.hooks = options_.hooks;
        one.timeouts = options_.timeouts;
        one.max_command_bytes = options_.max_command_bytes;
    }
}

inline void server_base::open() {
    if (!listeners_.empty()) return;
    if (options_.listen.empty()) throw std::invalid_argument("no socket to listen on");
    for (auto const& text : options_.listen) listen(text);
    for (auto const& one : listeners_) begin_to_accept(*one);
}

inline void server_base::listen(std::string const& text) {
    auto const asked = parse_endpoint(text);
    if (!asked) throw std::invalid_argument(text + ": not a socket (unix:PATH, inet:PORT@HOST)");
    error_code ec;
    auto const all = net::listening_endpoints(*asked, ec);
    for (auto const& where : all) {
        auto fresh = std::make_unique<door>(threads_[0].get_executor(), where);
        if (!ec) fresh->socket.open(where, options_.socket, ec);
        if (ec) {
            listeners_.clear();
            throw std::runtime_error("cannot listen on " + text + ": " + ec.message());
        }
        listeners_.push_back(std::move(fresh));
    }
}

inline void server_base::begin_to_accept(door& at) {
    asio::co_spawn(threads_[0], accept(at), [this, &at](std::exception_ptr const& thrown) {
        if (thrown && !stopping_) accept_later(at, thrown);
    });
}

/// There was no memory, say: a server that accepts nobody any more would look as well as ever.
inline void server_base::accept_later(door& at, std::exception_ptr const& thrown) {
    options_.hooks.log(log_level::error, 0, "cannot accept: " + detail::text_of(thrown));
    at.pause.expires_after(accept_pause);
    at.pause.async_wait([this, &at](error_code ec) {
        if (ec || stopping_) return;
        try {
            begin_to_accept(at);
        } catch (...) {
            accept_later(at, std::current_exception());
        }
    });
}

inline awaitable<void> server_base::accept(door& at) {
    while (!stopping_) {
        auto const worker = threads_.next();
        auto [ec, connected] = co_await at.socket.socket().async_accept(
            threads_[worker].get_executor(), net::use_tuple);
        if (stopping_ || ec == asio::error::operation_aborted) co_return;
        if (!ec) {
            admit(std::move(connected), worker);
            continue;
        }
        options_.hooks.log(log_level::error, 0, "cannot accept: " + ec.message());
        at.pause.expires_after(accept_pause);
        co_await at.pause.async_wait(net::use_tuple); // descriptors may come back
    }
}

inline void server_base::admit(net::socket connected, std::size_t worker) {
    auto& there = *states_[worker];
    if (options_.max_connections != 0 && open_ >= options_.max_connections) {
        tally::add(states_[0]->counts.refused); // ours is the thread of the first
        options_.hooks.log(log_level::warning, 0, "too many connections: one is closed at once");
        return;
    }
    ++open_;
    try {
        asio::co_spawn(threads_[worker], serve(std::move(connected), there, ++last_id_),
                       [this, &there](std::exception_ptr const& thrown) { ended(there, thrown); });
    } catch (...) {
        --open_;
        throw;
    }
}

inline void server_base::ended(state& worker, std::exception_ptr const& thrown) {
    --open_;
    if (thrown) worker.hooks.log(log_level::error, 0, detail::text_of(thrown)); // no memory
    if (worker.stopping && !worker.first && worker.deadline) worker.deadline->cancel();
}

inline void server_base::stop_here() {
    if (std::exchange(stopping_, true)) return;
    error_code ignored;
    signals_.cancel(ignored);
    for (auto& one : listeners_) {
        one->socket.close();
        one->pause.cancel();
    }
    for (std::size_t i = 0; i < threads_.size(); ++i)
        asio::post(threads_[i], [this, i] { stop_worker(i); });
    threads_.release();
}

/// Connections without a message get a moment, in which most end by themselves; then those with one their time; then what
/// they wait for is cancelled; a handler that does not hear of that is left behind a little later.
inline void server_base::stop_worker(std::size_t at) {
    auto& worker = *states_[at];
    worker.stopping = true;
    if (!worker.first) return;
    auto const now = proto::clock::now();
    auto const& times = worker.timeouts;
    auto const quiet = proto::after(now, std::min(times.stop_idle, times.stop));
    auto const busy = std::max(quiet, proto::after(now, times.stop));
    worker.deadline.emplace(threads_[at]);
    asio::co_spawn(threads_[at], see_out(worker, quiet, busy),
                   [this, &worker](std::exception_ptr const& thrown) {
                       if (!thrown) return;
                       worker.hooks.log(log_level::error, 0, detail::text_of(thrown));
                       threads_.stop(); // nobody else would end it
                   });
}

inline awaitable<void> server_base::see_out(state& worker, proto::time_point quiet,
                                            proto::time_point busy) {
    bool someone = co_await passed(worker, quiet);
    if (!someone) co_return;
    worker.closing = true;
    cut_all(worker, false);
    someone = co_await passed(worker, busy);
    if (!someone) co_return;
    cut_all(worker, true);
    someone = co_await passed(worker, proto::after(busy, std::chrono::seconds(5)));
    if (!someone) co_return;
    worker.hooks.log(log_level::error, 0, "a handler does not end; it is left behind");
    threads_.stop();
}

/// @return  false: the last connection has ended before
inline awaitable<bool> server_base::passed(state& worker, proto::time_point when) {
    if (!worker.first) co_return false;
    worker.deadline->expires_at(when);
    co_await worker.deadline->async_wait(net::use_tuple);
    co_return worker.first != nullptr;
}

} // namespace milter::filter
