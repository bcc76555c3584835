// SPDX-License-Identifier: BSL-1.0
// tests/support/coroutine.hpp - coroutines of net/ run to their end, and connected sockets for them
#pragma once

#include <milter/net/stream.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace support {

namespace asio = boost::asio;

namespace detail {

template <class T> asio::awaitable<void> keep(asio::awaitable<T> work, std::optional<T>& result) {
    result.emplace(co_await std::move(work));
}

} // namespace detail

/// Runs everything on `context` until `work` is done. Timers may still be running then.
inline void run(asio::io_context& context, asio::awaitable<void> work) {
    std::exception_ptr thrown;
    bool done = false;
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr e) {
        thrown = std::move(e);
        done = true;
    });
    context.restart();
    while (!done && context.run_one() != 0) {
    }
    if (thrown) std::rethrow_exception(thrown);
}

/// The same. @return what `work` gave
template <class T> T run(asio::io_context& context, asio::awaitable<T> work) {
    std::optional<T> result;
    run(context, detail::keep(std::move(work), result));
    return std::move(result.value());
}

/// Begins `work`; it goes on in the next run().
template <class T> void begin(asio::io_context& context, asio::awaitable<T> work) {
    asio::co_spawn(context, std::move(work), asio::detached);
}

struct socket_pair {
    milter::net::socket first, second;
};

/// Two unix sockets connected with each other.
inline socket_pair connected_pair(asio::io_context& context) {
    using local = asio::local::stream_protocol::socket;
    local a(context), b(context);
    asio::local::connect_pair(a, b);
    return {milter::net::socket(std::move(a)), milter::net::socket(std::move(b))};
}

} // namespace support
