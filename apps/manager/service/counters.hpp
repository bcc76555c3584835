// SPDX-License-Identifier: BSL-1.0
// manager/service/counters.hpp - what the decision records and remarks of all threads add up to
//
// One lock, taken once for each message, as the log's queue has one, too.
#pragma once

#include "manager/config/status_json.hpp"
#include "manager/core/config.hpp"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace milter::manager {

class counters {
public:
    /// Counts these milters from now on; those that it had already go on, others are forgotten. So there are never more
    /// than the configuration names.
    void watch(std::vector<milter_config> const& milters);

    void count(decision const& one);
    void count(evaluation const& one);
    /// Keeps warnings about a milter as its last problem.
    void note(log_event const& one, wall_time when);

    /// Into `report.messages`, and `report.milters`, which are named already.
    void fill(status_report& report) const;

private:
    struct milter {
        std::uint64_t messages = 0;
        std::uint64_t failures = 0;
        std::uint64_t differing = 0;
        std::uint64_t dropped = 0;
        std::string last_problem;
        wall_time last_problem_at;
    };

    mutable std::mutex mutex_;
    std::array<std::uint64_t, counted_verdicts.size()> messages_{};
    std::map<std::string, milter, std::less<>> milters_;
};

} // namespace milter::manager
