// SPDX-License-Identifier: BSL-1.0
// milter/net/connect.hpp - a connection to a filter, before a deadline
#pragma once

#include <milter/net/address.hpp>
#include <milter/net/stream.hpp>
#include <milter/net/watchdog.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace milter::net {

namespace detail {

/// A full backlog of a unix socket is refused with EAGAIN instead of waited for; libmilter's holds 20.
inline constexpr auto backlog_retry = std::chrono::milliseconds(10);

/// A question to the name service, which cannot be interrupted: it may outlive who asked.
struct lookup {
    explicit lookup(asio::any_io_executor const& executor) : resolver(executor), over(executor) {}
    asio::ip::tcp::resolver resolver;
    asio::steady_timer over;
    error_code failure = errc::timed_out;
    std::vector<address> found;
};

inline asio::awaitable<error_code> try_once(socket& fresh, address const& where) {
    error_code ec;
    if (family_of(where) == AF_UNIX) {
        connect_unix(fresh, where, ec);
        co_return ec;
    }
    auto [failed] = co_await fresh.async_connect(where, use_tuple);
    co_return failed;
}

inline asio::awaitable<void> connect_one(socket& fresh, address const& where,
                                         proto::time_point deadline, error_code& ec) {
    bool late = false;
    watchdog dog(fresh.get_executor(), [&] {
        late = true;
        error_code ignored;
        fresh.cancel(ignored);
    });
    dog.until(deadline);
    for (;;) {
        ec = co_await try_once(fresh, where);
        if (ec && late) ec = errc::timed_out;
        if (ec != asio::error::try_again) co_return;
        asio::steady_timer pause(fresh.get_executor(), backlog_retry);
        co_await pause.async_wait(use_tuple);
        if (late) {
            ec = errc::timed_out;
            co_return;
        }
    }
}

} // namespace detail

/// All addresses of `where`, in the order of the name service; a missing host means this machine. Blocks nobody.
/// @errors  timed_out, and what the name service says
inline asio::awaitable<std::vector<address>>
addresses_of(endpoint where, proto::time_point deadline, error_code& ec) {
    bool const is_v6 = where.family == endpoint::kind::inet6;
    if (where.host.empty()) where.host = is_v6 ? "::1" : "127.0.0.1"; // ours, whatever it is called
    if (auto literal = literal_address(where)) co_return std::vector<address>{*literal};
    auto const asked = std::make_shared<detail::lookup>(co_await asio::this_coro::executor);
    auto const family = is_v6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
    asked->over.expires_at(deadline);
    asked->resolver.async_resolve(family, where.host, where.service,
                                  [asked](error_code failed, auto const& results) {
                                      asked->failure = failed;
                                      for (auto const& one : results)
                                          asked->found.emplace_back(one.endpoint());
                                      asked->over.cancel();
                                  });
    co_await asked->over.async_wait(use_tuple);
    asked->resolver.cancel();
    ec = asked->failure;
    co_return asked->found;
}

/// Connects to the first address of `where` that answers.
/// @errors  timed_out, and what the system or the name service says
inline asio::awaitable<socket> connect(endpoint const& where, proto::time_point deadline,
                                       error_code& ec) {
    auto const executor = co_await asio::this_coro::executor;
    auto const found = co_await addresses_of(where, deadline, ec);
    for (auto const& one : found) {
        socket fresh(executor);
        co_await detail::connect_one(fresh, one, deadline, ec);
        if (ec) continue;
        prepare(fresh, family_of(one));
        co_return fresh;
    }
    if (!ec) ec = errc::connect_failed;
    co_return socket(executor);
}

} // namespace milter::net
