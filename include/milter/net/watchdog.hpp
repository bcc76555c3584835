// SPDX-License-Identifier: BSL-1.0
// milter/net/watchdog.hpp - one timer for a deadline that keeps moving
//
// Deadlines move with every command and almost never come; setting a timer anew each time costs system calls. The timer
// is set when the deadline comes nearer than what it waits for, and otherwise looks again when it fires.
#pragma once

#include <milter/proto/timeouts.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace milter::net {

class watchdog {
public:
    /// Calls `bark` on `executor` when a deadline has passed; once for each deadline.
    watchdog(boost::asio::any_io_executor const& executor, std::function<void()> bark)
        : state_(std::make_shared<state>(executor, std::move(bark))) {}
    watchdog(watchdog const&) = delete;
    watchdog& operator=(watchdog const&) = delete;
    ~watchdog() { stop(); }

    /// Moves the deadline; `never` for none.
    void until(proto::time_point deadline) {
        state_->deadline = deadline;
        if (deadline < state_->armed) arm(state_);
    }

    /// Nothing barks any more; what `bark` refers to may die.
    void stop() noexcept {
        state_->bark = nullptr;
        state_->deadline = proto::never;
        state_->timer.cancel();
    }

private:
    struct state {
        state(boost::asio::any_io_executor const& executor, std::function<void()> on_deadline)
            : timer(executor), bark(std::move(on_deadline)) {}
        boost::asio::steady_timer timer;
        std::function<void()> bark;
        proto::time_point deadline = proto::never;
        proto::time_point armed = proto::never; ///< what the timer waits for
    };

    static void arm(std::shared_ptr<state> const& held) {
        held->armed = held->deadline;
        held->timer.expires_at(held->armed);
        held->timer.async_wait([held](boost::system::error_code ec) { fired(held, ec); });
    }

    static void fired(std::shared_ptr<state> const& held, boost::system::error_code ec) {
        if (ec || !held->bark) return; // set anew, or over
        held->armed = proto::never;
        if (held->deadline == proto::never) return;
        if (held->deadline > proto::clock::now()) return arm(held);
        held->deadline = proto::never;
        auto const bark = held->bark; // it may end us
        bark();
    }

    std::shared_ptr<state> state_;
};

} // namespace milter::net
