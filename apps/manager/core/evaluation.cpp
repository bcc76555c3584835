// SPDX-License-Identifier: BSL-1.0
// manager/core/evaluation.cpp
#include "manager/core/evaluation.hpp"

#include <algorithm>
#include <string_view>

namespace milter::manager {

namespace {

/// The client or the MTA ended the others.
bool is_verdict(std::string_view word) noexcept {
    return !word.empty() && word != "aborted" && word != "no_recipients";
}

bool same_recipients(decision const& a, decision const& b) {
    return std::equal(a.recipients.begin(), a.recipients.end(), b.recipients.begin(),
                      b.recipients.end(), [](auto const& one, auto const& other) {
                          return (one.verdict == "continue") == (other.verdict == "continue");
                      });
}

bool has_failed(decision const& alone) {
    return std::any_of(alone.milters.begin(), alone.milters.end(),
                       [](auto const& one) { return one.verdict == "error"; });
}

std::optional<bool> agreement_of(evaluation const& one) {
    if (!one.dropped.empty() || has_failed(one.would)) return std::nullopt;
    if (!is_verdict(one.would.verdict) || !is_verdict(one.enforced.verdict)) return std::nullopt;
    return one.would.verdict == one.enforced.verdict && same_recipients(one.would, one.enforced);
}

} // namespace

void comparison::enforced(decision const& record) {
    enforced_.push_back(record);
    while (!waiting_.empty() && complete(waiting_.front())) waiting_.pop_front();
    if (enforced_.size() > most_waiting) enforced_.pop_front();
}

void comparison::evaluated(evaluation one) {
    if (complete(one)) return;
    waiting_.push_back(std::move(one));
    if (waiting_.size() <= most_waiting) return;
    done_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
}

/// @return false: what was decided is not known yet
bool comparison::complete(evaluation& one) {
    auto const number = one.would.transaction;
    while (!enforced_.empty() && enforced_.front().transaction < number) enforced_.pop_front();
    if (enforced_.empty()) return false;
    if (enforced_.front().transaction == number) {
        one.enforced = std::move(enforced_.front());
        enforced_.pop_front();
        one.agrees = agreement_of(one);
    }
    done_.push_back(std::move(one));
    return true;
}

void comparison::finish() {
    for (auto& one : waiting_) done_.push_back(std::move(one));
    waiting_.clear();
}

} // namespace milter::manager
