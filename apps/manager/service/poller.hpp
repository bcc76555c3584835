// SPDX-License-Identifier: BSL-1.0
// manager/service/poller.hpp - what one thread waits for: descriptors, deadlines, and errands from other threads
//
// Level-triggered epoll, so that one read for each turn is enough and a wait needs no system call to be armed again. The
// next deadline is the time that the wait itself may take: no timer of the system is ever set.
#pragma once

#include <milter/error.hpp>
#include <milter/proto/timeouts.hpp>

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <utility>

namespace milter::manager {

class poller {
public:
    /// Whoever is told of a descriptor. It may die after forget(), also while it is told.
    class watcher {
    public:
        /// @param events  of epoll: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP
        virtual void ready(std::uint32_t events) = 0;

    protected:
        ~watcher() = default;
    };

    /// A deadline that keeps moving and almost never comes: moving it away costs nothing. It must not die while it rings.
    class alarm {
    public:
        alarm(poller& on, std::function<void()> ring) : on_(on), ring_(std::move(ring)) {}
        alarm(alarm const&) = delete;
        alarm& operator=(alarm const&) = delete;
        ~alarm() { disarm(); }

        /// Rings once, at `when` or soon after; `never`: not at all.
        void set(proto::time_point when);

    private:
        friend class poller;
        void disarm() noexcept;

        poller& on_;
        std::function<void()> ring_;
        proto::time_point when_ = proto::never;
        proto::time_point armed_ =
            proto::never; ///< its place in the poller's order; not after `when_`
    };

    /// Throws std::system_error.
    poller();
    poller(poller const&) = delete;
    poller& operator=(poller const&) = delete;
    ~poller();

    // ---- of the thread that runs

    void watch(int descriptor, std::uint32_t events, watcher& who, error_code& ec) const noexcept;
    /// Other events of the same descriptor. Cannot fail for one that is watched.
    void change(int descriptor, std::uint32_t events, watcher& who) const noexcept;
    /// Nothing is told of the descriptor any more.
    void forget(int descriptor, watcher const& who) noexcept;

    /// The time at the beginning of the turn.
    proto::time_point now() const noexcept { return now_; }

    /// Waits and tells until stop().
    /// @param after  called at the end of each turn, when nobody is being told
    void run(std::function<void()> const& after = {});

    // ---- of any thread

    /// `what` is carried out by the thread that runs, in the order of the calls; not at all after stop().
    void post(std::function<void()> what);
    void stop() noexcept;

private:
    struct errand {
        std::function<void()> what;
        errand* next;
    };

    int patience() const noexcept;
    void tell(std::size_t count);
    void ring();
    void run_errands();
    void wake() const noexcept;

    static constexpr std::size_t batch_size = 128;

    int epoll_;
    int bell_; ///< an eventfd, which other threads write to
    proto::time_point now_;
    std::array<epoll_event, batch_size> batch_{};
    std::size_t told_ = 0; ///< of the batch under way
    std::size_t count_ = 0;
    std::set<std::pair<proto::time_point, alarm*>> alarms_;
    std::atomic<errand*> errands_ = nullptr; ///< the last one first
    std::atomic<bool> stopped_ = false;
};

} // namespace milter::manager
