// SPDX-License-Identifier: BSL-1.0
// manager/service/damped_line.hpp - a log line of one kind, said at most once a second, the last of a flood included
//
//   damped_line full(waits, sinks.logged);
//   full.say({severity::warning, id, "manager", "too many sessions"});
#pragma once

#include "manager/core/decision.hpp"
#include "manager/core/log_damper.hpp"
#include "manager/service/poller.hpp"

#include <functional>
#include <utility>

namespace milter::manager {

class damped_line {
public:
    using sink = std::function<void(log_event&&)>;

    /// @param to  outlives us
    damped_line(poller& on, sink const& to, log_damper by = log_damper())
        : poller_(on), sink_(to), damper_(by), end_(on, [this] { rest(); }) {}
    damped_line(damped_line const&) = delete;
    damped_line& operator=(damped_line const&) = delete;
    ~damped_line() = default;

    void say(log_event what) {
        auto const left_out = damper_.say(poller_.now());
        if (left_out) return tell(std::move(what), *left_out);
        last_ = std::move(what);
        end_.set(damper_.deadline());
    }

private:
    /// The flood may be over: its last line comes after all.
    void rest() {
        auto const left_out = damper_.rest(poller_.now());
        if (left_out > 0) tell(std::move(last_), left_out - 1);
    }

    void tell(log_event what, std::size_t more) {
        end_.set(proto::never);
        what.text = with_count(std::move(what.text), more);
        sink_(std::move(what));
    }

    poller& poller_;
    sink const& sink_;
    log_damper damper_;
    log_event last_; ///< that was left out
    poller::alarm end_;
};

} // namespace milter::manager
