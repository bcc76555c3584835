// SPDX-License-Identifier: BSL-1.0
// load/schedule.hpp - when the next session begins: closed loop or constant rate, ramp, warm-up, end; without a clock
//
//   while (auto const next = schedule.next(now, going)) begin(*next);
//   schedule.all_begun(now)
//   wait until schedule.wakes(now, going), or until a session has ended
//
// Closed loop: a session begins when another one has ended. Open loop: sessions are due at times that do not depend on the
// milter; one that finds all places taken waits, and its waiting counts (ticket::due), as its sender would have waited.
// One that still waits when the time is over is never sent; unsent() tells how long it had waited.
#pragma once

#include <milter/histogram.hpp>
#include <milter/proto/timeouts.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace milter::load {

struct load_plan {
    std::optional<std::uint64_t> mails;  ///< that count; neither this nor `time`: until stopped
    std::optional<proto::duration> time; ///< that counts
    std::size_t concurrency = 1;         ///< sessions at once at most
    std::optional<double> rate;          ///< open loop: messages a second
    proto::duration ramp{};              ///< over which concurrency or rate rises from nothing
    std::uint64_t warm_up_mails = 0;     ///< not counted; the first ones
    proto::duration warm_up{};           ///< not counted; the first ones
    std::uint64_t messages_per_session = 1;
};

/// The part of worker `index` of `workers`, so that all of them together do what `whole` says.
load_plan share_of(load_plan const& whole, std::size_t index, std::size_t workers);

/// Leave to begin a session.
struct ticket {
    proto::time_point due;      ///< now, in a closed loop
    std::uint64_t messages = 1; ///< at most
    bool counts = true;         ///< the warm-up is over
};

class schedule {
public:
    /// @param shift  of the first session that is due, so that workers take turns
    schedule(load_plan const& plan, proto::time_point begin, proto::duration shift = {});

    /// @param going  sessions that have not ended
    std::optional<ticket> next(proto::time_point now, std::size_t going);

    /// next() was asked for all that can begin now. When the time is over, that was the last turn: in an open loop a driver
    /// that is late makes up for what was due before, as far as there are places, and for no more.
    void all_begun(proto::time_point now) noexcept { closed_ = closed_ || now >= end(); }

    /// When next() is worth asking if no session ends before; `never` when only that can help.
    proto::time_point wakes(proto::time_point now, std::size_t going) const;

    /// Messages of a ticket that were not sent: another session will.
    void give_back(std::uint64_t messages, bool counted) noexcept;

    /// No session begins any more.
    bool over(proto::time_point now) const noexcept;

    bool is_open() const noexcept { return plan_.rate.has_value(); }
    /// When what counts began; empty: it has not.
    std::optional<proto::time_point> counting_since() const noexcept { return counting_since_; }
    /// Of messages that were due by `now`, within the time that counts, and for which no ticket was given: how long each had
    /// waited by then, in nanoseconds. Beyond most_waits sessions, a little less.
    histogram unsent(proto::time_point now) const;

    static constexpr std::uint64_t most_waits = 1'000'000; ///< that are told apart

private:
    std::size_t places(proto::time_point now) const noexcept;
    proto::time_point end() const noexcept;
    proto::time_point due(std::uint64_t session) const noexcept;
    std::uint64_t first_due(proto::time_point from) const noexcept;
    bool is_warming_up(proto::time_point when) const noexcept;
    ticket give(proto::time_point due, proto::time_point now);

    load_plan plan_;
    proto::time_point begin_;
    proto::duration shift_;
    std::uint64_t sessions_ = 0; ///< begun
    std::uint64_t warm_up_given_ = 0;
    std::uint64_t given_ = 0; ///< messages that count
    std::optional<proto::time_point> counting_since_;
    bool closed_ = false; ///< the last turn is over
};

} // namespace milter::load
