// SPDX-License-Identifier: BSL-1.0
// manager/service/periodic.hpp - something that the main thread does again and again
#pragma once

#include <milter/error.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <utility>

namespace milter::manager {

/// From one period after its making on, while it lives.
class periodic {
public:
    periodic(boost::asio::io_context& context, std::chrono::milliseconds period,
             std::function<void()> what)
        : timer_(context), period_(period), what_(std::move(what)) {
        wait();
    }
    periodic(periodic const&) = delete;
    periodic& operator=(periodic const&) = delete;
    ~periodic() = default;

private:
    void wait() {
        timer_.expires_after(period_);
        timer_.async_wait([this](error_code ec) {
            if (ec) return;
            what_();
            wait();
        });
    }

    boost::asio::steady_timer timer_;
    std::chrono::milliseconds period_;
    std::function<void()> what_;
};

} // namespace milter::manager
