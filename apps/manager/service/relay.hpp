// SPDX-License-Identifier: BSL-1.0
// manager/service/relay.hpp - one manager session on real sockets: executes effects, reports what happens
//
// Runs on one worker from accept to close and keeps itself alive while something is pending. Reads go through the
// worker's scratch buffer, so an idle session owns no buffer. Writes are tried at once and wait only when the socket is
// full; a peer that does not read loses its connection after a while.
#pragma once

#include "manager/core/session.hpp"
#include <milter/net/outbox.hpp>
#include <milter/net/stream.hpp>
#include <milter/net/watchdog.hpp>

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace milter::manager {

/// What the sessions of one worker share.
struct worker {
    explicit worker(boost::asio::io_context& io) : context(io), scratch(std::size_t{64} * 1024) {}
    boost::asio::io_context& context;
    std::vector<char> scratch;
};

/// Where records go; called on the worker's thread, must not block.
struct relay_sinks {
    std::function<void(decision&&)> decided;
    std::function<void(log_event&&)> logged;
};

class relay : public std::enable_shared_from_this<relay> {
public:
    relay(worker& on, net::socket mta, std::shared_ptr<config const> settings, std::uint64_t id,
          std::string listener, std::string const& profile, relay_sinks const& sinks,
          std::shared_ptr<void> ticket);
    relay(relay const&) = delete;
    relay& operator=(relay const&) = delete;
    ~relay();

    /// There is no room for this session: it is answered and refused.
    void refuse_all() { core_.overloaded(); }
    void start();

private:
    struct peer {
        explicit peer(boost::asio::io_context& context) : socket(context) {}
        net::socket socket;
        net::outbox outbox;
        proto::time_point stuck_since = proto::never; ///< writes wait since
        bool writing = false;
        bool open = true; ///< false: what is still pending for it is void
    };
    using peer_ptr = std::shared_ptr<peer>;

    void perform();
    void execute(effect& what);
    void open(effect const& what);
    void connected(std::size_t index, peer_ptr const& milter, net::socket fresh, error_code ec);
    void wait_readable(std::size_t index, peer_ptr const& from);
    void readable(std::size_t index, peer_ptr const& from);
    /// @return true when everything is written
    bool flush(std::size_t index, peer_ptr const& to);
    void drained(std::size_t index);
    void closed(std::size_t index, peer_ptr const& which, error_code why);
    void drop(peer_ptr& which, std::string last_words);
    void bark();
    void expire_writes(proto::time_point now);
    proto::time_point next_deadline() const;

    static constexpr std::size_t mta_index = static_cast<std::size_t>(-1);

    worker& worker_;
    session core_;
    std::shared_ptr<config const> config_;
    relay_sinks const& sinks_;
    std::shared_ptr<void> ticket_; ///< counts the session while it lives
    peer_ptr mta_;
    std::vector<peer_ptr> milters_; ///< null: no connection
    net::watchdog watchdog_;
    bool performing_ = false;
};

} // namespace milter::manager
