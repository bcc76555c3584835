// SPDX-License-Identifier: BSL-1.0
// milter/net/workers.hpp - threads that share nothing
//
// A session lives on one worker from accept to close. The first worker runs on the thread that calls run().
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace milter::net {

class workers {
public:
    explicit workers(std::size_t count) {
        for (std::size_t i = 0; i < (count == 0 ? 1 : count); ++i)
            all_.push_back(std::make_unique<worker>());
    }

    std::size_t size() const noexcept { return all_.size(); }
    boost::asio::io_context& operator[](std::size_t i) noexcept { return all_[i]->context; }

    /// Round robin.
    std::size_t next() noexcept { return turn_++ % all_.size(); }

    /// Runs until stop() is called, or release() and all work is done.
    void run() {
        std::vector<std::thread> threads;
        for (std::size_t i = 1; i < all_.size(); ++i)
            threads.emplace_back([this, i] { all_[i]->context.run(); });
        all_[0]->context.run();
        for (auto& one : threads) one.join();
    }

    /// run() may return when nothing is left to do.
    void release() noexcept {
        for (auto& one : all_) one->guard.reset();
    }

    void stop() noexcept {
        for (auto& one : all_) one->context.stop();
    }

private:
    struct worker {
        boost::asio::io_context context{1};
        boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{
            context.get_executor()};
    };

    std::vector<std::unique_ptr<worker>> all_;
    std::size_t turn_ = 0;
};

} // namespace milter::net
