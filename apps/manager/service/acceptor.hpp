// SPDX-License-Identifier: BSL-1.0
// manager/service/acceptor.hpp - lets connections in, and hands each to the next worker
//
// Runs on the first worker's thread, whose poller waits for the listening sockets, too. A descriptor is held in reserve:
// when there are none left, it lets one more connection be accepted and answered, so that the MTA hears a temporary
// failure instead of waiting.
#pragma once

#include "manager/core/config.hpp"
#include "manager/service/damped_line.hpp"
#include "manager/service/door.hpp"
#include "manager/service/peer_count.hpp"
#include "manager/service/worker.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace milter::manager {

/// A listener, as it is to be from now on.
struct entrance {
    door_ptr door;
    listen_config as;
};

class acceptor {
public:
    using workers = std::vector<std::unique_ptr<worker>>;

    /// @param all        outlive us; there is one at least when something is done
    /// @param addresses  that have sessions at once
    acceptor(workers& all, relay_sinks const& sinks,
             std::size_t addresses = peer_count::default_capacity);
    acceptor(acceptor const&) = delete;
    acceptor& operator=(acceptor const&) = delete;
    ~acceptor() = default;

    // ---- of the first worker's thread, or before it runs

    /// Sessions that begin from now on have these settings. Those among `entrances` that are new are opened.
    void reload(std::shared_ptr<config const> settings, std::vector<entrance> const& entrances,
                std::shared_ptr<rule_desk const> desk = {});

    /// Accepts those who stand in the queue, and then nobody more.
    /// @return  why it stopped; empty: nobody stands there
    error_code shut(door_ptr const& which);
    /// Lets nobody in any more, nor does it accept who stands in the queue.
    void leave(door_ptr const& which);
    /// By the descriptor in reserve, one who stands in the queue.
    void refuse_one(door_ptr const& which);

    // ---- of any thread

    std::size_t sessions() const noexcept { return inside_->load(); }
    std::uint64_t sessions_ever() const noexcept { return last_id_.load(); }

private:
    struct entry final : poller::watcher {
        entry(acceptor& of, door_ptr which, listen_config how)
            : all(of), door(std::move(which)), as(std::move(how)),
              pause(of.first().waits(), [this] { all.resume(*this); }),
              failed(of.first().waits(), of.sinks_.logged) {}
        void ready(std::uint32_t) override { all.accept(*this); }
        int descriptor() const { return door->listener.socket().native_handle(); }

        acceptor& all;
        door_ptr door;
        listen_config as;
        poller::alarm pause; ///< after a failure that will not go away at once
        damped_line failed;
    };

    /// What a flood of connections would repeat.
    struct flood_lines {
        flood_lines(poller& on, damped_line::sink const& to)
            : full(on, to), crowded(on, to), short_of_descriptors(on, to) {}
        damped_line full, crowded, short_of_descriptors;
    };

    /// A connection that has just been accepted.
    struct newcomer {
        descriptor socket;
        std::optional<boost::asio::ip::address> address; ///< over TCP
    };

    /// Counts a session while it lives.
    struct pass {
        pass(std::shared_ptr<std::atomic<std::size_t>> of_all,
             std::shared_ptr<std::atomic<std::size_t>> of_door)
            : all(std::move(of_all)), here(std::move(of_door)) {
            ++*all;
            ++*here;
        }
        pass(pass const&) = delete;
        pass& operator=(pass const&) = delete;
        ~pass() {
            --*here;
            --*all;
        }
        std::shared_ptr<std::atomic<std::size_t>> all, here;
        peer_count::ticket of_address;
    };

    static newcomer accept_one(entry const& at, error_code& ec) noexcept;
    worker& first() noexcept { return *workers_.front(); }
    entry* find(door_ptr const& which) noexcept;
    void accept(entry& at);
    void resume(entry& at);
    void rest(entry& at);
    void let_in(entry const& at, newcomer who);
    std::string crowd_text(peer_count::refusal why, boost::asio::ip::address const& who) const;
    void refuse_one(entry& at);
    void begin(entry const& at, descriptor mta, std::shared_ptr<pass> his, std::string no_room);
    void take_reserve() noexcept;

    workers& workers_;
    relay_sinks const& sinks_;
    std::shared_ptr<config const> config_; ///< of new sessions
    std::shared_ptr<rule_desk const> desk_;
    std::list<std::unique_ptr<entry>> entries_;
    std::shared_ptr<std::atomic<std::size_t>> inside_ =
        std::make_shared<std::atomic<std::size_t>>(0);
    peer_count peers_;
    std::atomic<std::uint64_t> last_id_ = 0;
    std::optional<flood_lines> lines_; ///< since there is a first worker
    std::size_t turn_ = 0;             ///< of the workers
    descriptor reserve_;
};

} // namespace milter::manager
