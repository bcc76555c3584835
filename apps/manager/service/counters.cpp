// SPDX-License-Identifier: BSL-1.0
// manager/service/counters.cpp
#include "manager/service/counters.hpp"

#include <algorithm>
#include <utility>

namespace milter::manager {

void counters::watch(std::vector<milter_config> const& milters) {
    std::lock_guard const lock(mutex_);
    auto before = std::exchange(milters_, {});
    for (auto const& one : milters) milters_[one.name] = std::move(before[one.name]);
}

void counters::count(decision const& one) {
    std::lock_guard const lock(mutex_);
    auto const verdict = std::find(counted_verdicts.begin(), counted_verdicts.end(), one.verdict);
    if (verdict != counted_verdicts.end())
        ++messages_[static_cast<std::size_t>(verdict - counted_verdicts.begin())];
    for (auto const& record : one.milters) {
        auto const known = milters_.find(record.name);
        if (known == milters_.end() || record.verdict == "not asked") continue;
        ++known->second.messages;
        if (record.verdict == "error") ++known->second.failures;
    }
}

void counters::count(evaluation const& one) {
    std::lock_guard const lock(mutex_);
    auto const known = milters_.find(one.milter);
    if (known == milters_.end()) return;
    for (auto const& record : one.would.milters) {
        if (record.verdict == "not asked") continue;
        ++known->second.messages;
        if (record.verdict == "error") ++known->second.failures;
    }
    if (!one.agrees.value_or(true)) ++known->second.differing;
    if (!one.dropped.empty()) ++known->second.dropped;
}

void counters::note(log_event const& one, wall_time when) {
    if (one.level == severity::info) return;
    std::lock_guard const lock(mutex_);
    auto const known = milters_.find(one.peer);
    if (known == milters_.end()) return;
    known->second.last_problem = capped(one.text);
    known->second.last_problem_at = when;
}

void counters::fill(status_report& report) const {
    std::lock_guard const lock(mutex_);
    report.messages = messages_;
    for (auto& one : report.milters) {
        auto const known = milters_.find(one.name);
        if (known == milters_.end()) continue;
        one.messages = known->second.messages;
        one.failures = known->second.failures;
        one.differing = known->second.differing;
        one.dropped = known->second.dropped;
        one.last_problem = known->second.last_problem;
        one.last_problem_at = known->second.last_problem_at;
    }
}

} // namespace milter::manager
