// SPDX-License-Identifier: BSL-1.0
// manager/service/gateway.hpp - the listeners, the workers behind them, and the main thread, which serves no mail
//
// The main thread is Asio's: signals, the control socket, and which listeners there are. Workers wait by
// pollers of their own; what concerns them is posted to them. A listener is closed when everybody who had connected has
// been accepted; but who waits on an inherited one is left to the next process.
#pragma once

#include "manager/core/config.hpp"
#include "manager/service/acceptor.hpp"
#include "manager/service/door.hpp"
#include "manager/service/worker.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <future>
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
    void stop() { context_.stop(); }

    /// In force for new sessions, with what sessions count together.
    config const& settings() const noexcept { return *config_; }

    /// Null: there are no rules.
    rule_desk const* desk() const noexcept { return desk_.get(); }

    boost::asio::io_context& context() noexcept { return context_; }
    std::size_t sessions() const noexcept { return acceptor_.sessions(); }
    /// Sessions that run() did not wait for.
    std::size_t cut_off() const noexcept { return cut_off_; }
    std::uint64_t sessions_ever() const noexcept { return acceptor_.sessions_ever(); }

private:
    /// @return  ready when it has taken over what it is told
    std::future<void> tell_acceptor();
    void open_desk();
    void retire(door_ptr const& at);
    void shut(door_ptr const& at);
    void was_shut(door_ptr const& at, std::uint32_t retirement, error_code ec);
    void refuse_the_rest(door_ptr const& at);
    void close(door_ptr const& at, std::uint32_t retirement);
    void check_drained();
    bool drains() const noexcept { return drain_deadline_ != proto::never; }

    boost::asio::io_context asleep_{
        1}; ///< of the listeners: nobody runs it, as a worker waits for them
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::shared_ptr<config const> config_;
    relay_sinks sinks_;
    lookups names_;
    std::unique_ptr<machine_load> load_;                        ///< since rules asked for it first
    std::shared_ptr<rule_desk const> desk_;                     ///< null: there are no rules
    std::vector<std::weak_ptr<rule_desk const>> earlier_desks_; ///< that sessions may still ask
    acceptor::workers workers_;
    acceptor acceptor_;
    doors doors_;
    boost::asio::steady_timer drain_timer_;
    proto::time_point drain_deadline_ = proto::never;
    std::size_t cut_off_ = 0;
};

} // namespace milter::manager
