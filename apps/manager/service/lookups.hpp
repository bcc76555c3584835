// SPDX-License-Identifier: BSL-1.0
// manager/service/lookups.hpp - names of hosts that milters run on, asked for by workers and answered to them
//
// A name service may take its time and cannot be interrupted. So each name that is being asked for has a thread of its
// own, and nobody waits for the name of another; who ends does not wait at all. A name is asked for once at a time, and
// its last addresses serve meanwhile. Names come from the configuration, so there are not many.
#pragma once

#include "manager/service/poller.hpp"
#include <milter/endpoint.hpp>
#include <milter/net/address.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace milter::manager {

class lookups {
public:
    using addresses = std::vector<net::address>;
    using answer = std::function<void(addresses const&, error_code)>;
    /// Asks the name service, and waits for it. Called by several threads at once.
    using service = std::function<addresses(endpoint const&, error_code&)>;

    static constexpr auto fresh_for = std::chrono::seconds(10);  ///< not asked for again
    static constexpr auto usable_for = std::chrono::minutes(10); ///< while it is asked for again

    static constexpr std::size_t most_waiting =
        10'000; ///< for one name; whoever comes later has failed

    /// @param asks  empty: the system's
    explicit lookups(service asks = {});
    lookups(lookups const&) = delete;
    lookups& operator=(lookups const&) = delete;
    ~lookups() { close(); }

    /// @param tell  called by the thread of `whom`, which this is, too: at once, or when there is an answer
    void ask(endpoint const& where, poller& whom, answer const& tell);
    /// Nobody is told anything any more. Before the pollers of those who asked die.
    void close();

private:
    struct shared;

    std::shared_ptr<shared> shared_; ///< with threads that may outlive us
};

} // namespace milter::manager
