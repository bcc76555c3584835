// SPDX-License-Identifier: BSL-1.0
// manager/service/gateway.hpp - listens, and makes a relay of every connection
//
// A descriptor is held in reserve: when there are none left, it lets one more connection be accepted and answered, so
// that the MTA hears a temporary failure instead of waiting. A listener is closed when everybody who had connected has
// been accepted; but who waits on an inherited one is left to the next process.
#pragma once

#include "manager/core/config.hpp"
#include "manager/service/door.hpp"
#include "manager/service/relay.hpp"
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
    /// @param inherited  sockets to listen on instead of opening them; outlives us
    gateway(std::shared_ptr<config const> const& settings, relay_sinks sinks,
            inherited_sockets* inherited);
    gateway(gateway const&) = delete;
    gateway& operator=(gateway const&) = delete;
    ~gateway();

    /// Opens all listeners. @return what went wrong, with the endpoint; empty: nothing
    std::string listen();
    /// Where it listens, those included that are about to be closed.
    std::vector<door_ptr> const& listeners() const noexcept { return doors_.all(); }

    /// Serves until drain() is through or stop() is called.
    void run();

    /// What reload() needs: the listeners of other settings.
    door_plan plan(config const& settings) const { return doors_.plan(settings.listens); }
    /// New sessions run by these settings, on these listeners. What is known of milters that are down stays.
    void reload(std::shared_ptr<config const> const& settings, door_plan&& listeners);
    /// Accepts nothing more; run() returns when the last session has ended, or after `patience`. When it drains
    /// already, this moves the end.
    void drain(proto::duration patience);
    void stop();

    boost::asio::io_context& context() noexcept { return workers_[0]; }
    std::size_t sessions() const noexcept { return count_->load(); }
    std::uint64_t sessions_ever() const noexcept { return last_id_; }

private:
    enum class room { enough, none };

    void accept(door_ptr const& at);
    void accepted(door_ptr const& at, std::size_t index, error_code ec, net::socket mta);
    void out_of_descriptors(door_ptr const& at, std::size_t index);
    void admit(door_ptr const& at, std::size_t index, net::socket mta);
    void refuse_one(door_ptr const& at, std::size_t index);
    void begin(door_ptr const& at, std::size_t index, net::socket mta, room there_is);
    void retire(door_ptr const& at);
    void shut(door_ptr const& at);
    error_code accept_waiting(door_ptr const& at);
    void check_drained();
    void take_reserve() noexcept;

    std::shared_ptr<config const> config_;
    relay_sinks sinks_;
    net::workers workers_;
    std::vector<std::unique_ptr<worker>> states_;
    doors doors_;
    std::shared_ptr<std::atomic<std::size_t>> count_ =
        std::make_shared<std::atomic<std::size_t>>(0);
    boost::asio::steady_timer drain_timer_;
    proto::time_point drain_deadline_ = proto::never;
    std::uint64_t last_id_ = 0;
    int reserve_ = -1;
};

} // namespace milter::manager
