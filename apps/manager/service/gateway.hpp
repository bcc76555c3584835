// SPDX-License-Identifier: BSL-1.0
// manager/service/gateway.hpp - listens, and makes a relay of every connection
//
// A descriptor is held in reserve: when there are none left, it lets one more connection be accepted and answered, so
// that the MTA hears a temporary failure instead of waiting.
#pragma once

#include "manager/core/config.hpp"
#include "manager/service/relay.hpp"
#include <milter/net/listener.hpp>
#include <milter/net/workers.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace milter::manager {

class gateway {
public:
    gateway(std::shared_ptr<config const> settings, relay_sinks sinks);
    gateway(gateway const&) = delete;
    gateway& operator=(gateway const&) = delete;
    ~gateway();

    /// Opens all listeners. @return what went wrong, with the endpoint; empty: nothing
    std::string listen();
    /// Where it listens, as text for people.
    std::vector<std::string> addresses() const;

    /// Serves until drain() is through or stop() is called.
    void run();

    /// New sessions run by these settings; the listeners stay.
    void reload(std::shared_ptr<config const> settings) { config_ = std::move(settings); }
    /// Accepts nothing more; run() returns when the last session has ended, or at the deadline of the settings.
    void drain();
    void stop();

    boost::asio::io_context& context() noexcept { return workers_[0]; }
    std::size_t sessions() const noexcept { return count_->load(); }

private:
    struct door {
        explicit door(boost::asio::any_io_executor const& executor) : listener(executor) {}
        net::listener listener;
        endpoint where;
    };

    enum class room { enough, none };

    std::string open(endpoint const& where, listen_config const& as);
    void accept(door& at);
    void accepted(door& at, std::size_t index, error_code ec, net::socket mta);
    void out_of_descriptors(door& at, std::size_t index);
    void begin(door& at, std::size_t index, net::socket mta, room there_is);
    void check_drained();
    void take_reserve() noexcept;

    std::shared_ptr<config const> config_;
    relay_sinks sinks_;
    net::workers workers_;
    std::vector<std::unique_ptr<worker>> states_;
    std::vector<std::unique_ptr<door>> doors_;
    std::shared_ptr<std::atomic<std::size_t>> count_ =
        std::make_shared<std::atomic<std::size_t>>(0);
    boost::asio::steady_timer drain_timer_;
    proto::time_point drain_deadline_ = proto::never;
    std::uint64_t last_id_ = 0;
    int reserve_ = -1;
};

} // namespace milter::manager
