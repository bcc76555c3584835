// SPDX-License-Identifier: BSL-1.0
// load/worker.hpp - one thread's share of the load: sockets, epoll, and the clock
//
// All that a session costs here is what the kernel takes for its bytes: one write and one read for each answer, no timer,
// no allocation after the first sessions. Asio would cost a third more (docs/performance.md).
#pragma once

#include "load/conversation.hpp"
#include "load/descriptor.hpp"
#include "load/target.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace milter::load {

class worker {
public:
    /// @param where  outlives this
    worker(target const& where, desk shared, std::size_t places);
    worker(worker const&) = delete;
    worker& operator=(worker const&) = delete;
    ~worker();

    /// Runs a schedule to its end, or until stop(). Blocks.
    void run(schedule& plan);
    /// What came of it.
    tally take() { return std::exchange(desk_.counted, {}); }

    /// From another thread: run() returns soon, and leaves the sessions that have not ended.
    void stop() noexcept;
    bool stopped() const noexcept { return stop_.load(std::memory_order_relaxed); }

    /// The first connection of all could not be made: nobody is there. Then run() has returned early.
    error_code unreachable() const noexcept { return unreachable_; }

private:
    struct slot;

    void start_due(schedule& plan);
    void start(slot& one, ticket const& leave);
    void connect(slot& one);
    void connected(slot& one);
    void happened(slot& one, std::uint32_t events);
    void flush(slot& one);
    void read(slot& one);
    void watch(slot& one, bool writing);
    void release(slot& one);
    void crowded(slot& one);
    void refused(slot& one, int why);
    void retry_crowded();
    void expire_overdue();
    void wait(schedule const& plan);
    void note_clock(schedule const& plan);
    void recycle();
    void abandon();

    target const& where_;
    desk desk_;
    descriptor poll_, wake_;
    std::vector<std::unique_ptr<slot>> slots_;
    std::vector<slot*> free_;
    std::vector<slot*> crowded_; ///< to be connected again
    std::vector<slot*> ended_;   ///< within this turn
    std::vector<char> room_;     ///< what is read, for all
    schedule* plan_ = nullptr;
    std::size_t going_ = 0;
    bool ever_connected_ = false;
    error_code unreachable_;
    std::atomic<bool> stop_{false};
    proto::time_point now_, next_sweep_;
    proto::time_point quiet_until_; ///< a connection was refused: no new one before
    proto::duration processor_before_{};
    bool counting_ = false;
};

} // namespace milter::load
