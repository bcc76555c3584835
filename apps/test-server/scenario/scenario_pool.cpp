// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/scenario_pool.cpp - plays scenarios, some at the same time
#include "test-server/scenario/scenario_pool.hpp"

#include "test-server/scenario/started_milter.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <utility>

namespace milter::test_server {

namespace asio = boost::asio;

namespace {

constexpr auto pause = std::chrono::milliseconds(20);
constexpr auto patience = std::chrono::milliseconds(5000); // for what ends, to have ended

} // namespace

bool scenario_pool::run() {
    asio::io_context context{1};
    asio::signal_set signals(context, SIGINT, SIGTERM);
    passed_signals const these; // where they are held, that nobody is left behind
    bool interrupted = false;
    signals.async_wait([&](error_code ec, int) {
        interrupted = !ec;
        if (!ec) context.stop();
    });
    auto const ended = [&](std::exception_ptr const& why) {
        if (why) std::rethrow_exception(why); // out of context.run()
        if (--working_ == 0) signals.cancel();
    };
    working_ = std::min(wanted_.jobs, std::max<std::size_t>(all_.size(), 1));
    for (auto left = working_; left > 0; --left) asio::co_spawn(context, play_some(), ended);
    context.run();
    if (interrupted) keep_what_is_done();
    return !interrupted;
}

asio::awaitable<void> scenario_pool::play_some() {
    while (next_ < all_.size()) {
        auto const mine = next_++;
        auto& one = all_[mine];
        auto const log = log_of(one);
        if (one.broken.empty()) one.result = co_await play(one.wanted, wanted_.how, log);
        if (!one.result.unreachable.empty()) co_await explain(one.result.unreachable);
        finish(mine);
    }
}

/// A milter that has ended is what is wrong, not its socket. That is gone a little earlier.
asio::awaitable<void> scenario_pool::explain(std::string& unreachable) const {
    if (!wanted_.status_of_milter) co_return;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (auto waited = pause; !wanted_.status_of_milter() && waited < patience; waited += pause) {
        timer.expires_after(pause);
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    if (auto const status = wanted_.status_of_milter())
        unreachable = fmt::format("the milter has ended with {}: {}", *status, unreachable);
}

/// Each is told as soon as those before it are done.
void scenario_pool::finish(std::size_t which) {
    done_[which] = true;
    for (; told_ < all_.size() && done_[told_]; ++told_)
        if (tell_) tell_(all_[told_]);
}

transcript scenario_pool::log_of(played_scenario const& one) const {
    if (!wanted_.packets) return {};
    return [&one](std::string_view line) {
        fmt::print(stderr, "{}: {}\n", std::filesystem::path(one.file).stem().string(), line);
    };
}

void scenario_pool::keep_what_is_done() {
    std::vector<played_scenario> kept;
    for (std::size_t i = 0; i < all_.size(); ++i) {
        if (!done_[i]) continue;
        if (i >= told_ && tell_) tell_(all_[i]);
        kept.push_back(std::move(all_[i]));
    }
    all_ = std::move(kept);
}

} // namespace milter::test_server
