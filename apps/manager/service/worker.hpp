// SPDX-License-Identifier: BSL-1.0
// manager/service/worker.hpp - one thread and its sessions, which share nothing with those of others
#pragma once

#include "manager/service/lookups.hpp"
#include "manager/service/poller.hpp"
#include "manager/service/relay.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace milter::manager {

class worker {
public:
    worker(lookups& names, relay_sinks const& sinks)
        : names_(names), sinks_(sinks), scratch_(scratch_bytes) {}
    worker(worker const&) = delete;
    worker& operator=(worker const&) = delete;
    ~worker() = default;

    /// Until waits().stop().
    void run() {
        waits_.run([this] { buried_.clear(); });
        while (!sessions_.empty()) {
            sessions_.begin()->second.cut_off();
            buried_.clear();
        }
    }

    /// On the worker's thread.
    void begin(descriptor mta, arrival&& who) {
        auto const id = who.id;
        sessions_.try_emplace(id, *this, std::move(who)).first->second.start(std::move(mta));
    }

    // ---- for its sessions

    /// It has ended; it dies at the end of the turn, as it may be at work.
    void bury(std::uint64_t id) { buried_.push_back(sessions_.extract(id)); }

    poller& waits() noexcept { return waits_; }
    lookups& names() noexcept { return names_; }
    relay_sinks const& sinks() const noexcept { return sinks_; }
    std::vector<char>& scratch() noexcept { return scratch_; }

private:
    static constexpr std::size_t scratch_bytes = std::size_t{256} * 1024; // a read of content

    poller waits_;
    lookups& names_;
    relay_sinks const& sinks_;
    std::vector<char> scratch_;
    std::unordered_map<std::uint64_t, relay> sessions_; ///< by their ids
    std::vector<decltype(sessions_)::node_type> buried_;
};

} // namespace milter::manager
