// SPDX-License-Identifier: BSL-1.0
// load/crew.hpp - the workers that load one milter, each in a thread of its own, and who watches them
#pragma once

#include "load/descriptor.hpp"
#include "load/worker.hpp"

#include <csignal>
#include <functional>
#include <memory>
#include <vector>

namespace milter::load {

/// SIGINT and SIGTERM are noted instead of ending the program, as long as this lives. Made before any thread.
class interruption {
public:
    interruption();
    interruption(interruption const&) = delete;
    interruption& operator=(interruption const&) = delete;
    ~interruption();

    int descriptor() const noexcept { return signals_.get(); }
    void take() noexcept;
    bool caught() const noexcept { return caught_; }

private:
    sigset_t before_{};
    load::descriptor signals_;
    bool caught_ = false;
};

/// Called from time to time by the thread that waits.
struct ticker {
    std::function<void(proto::time_point now)> tick; ///< may be empty
    proto::duration interval = std::chrono::seconds(1);
};

class crew {
public:
    /// @param where  outlives this. @param make_desk  of worker `index`
    crew(target const& where, std::size_t workers, std::size_t concurrency,
         std::function<desk(std::size_t index)> const& make_desk);

    /// One run of all workers; returns when all have ended, soon when interrupted. @return what came of it
    tally run(load_plan const& plan, interruption& stop, ticker const& watch);

    /// As worker::unreachable(), of any.
    error_code unreachable() const noexcept;

private:
    void wait_for_all(interruption& stop, ticker const& watch);

    std::vector<std::unique_ptr<worker>> workers_;
    load::descriptor done_; ///< counts workers that have ended
};

} // namespace milter::load
