// SPDX-License-Identifier: BSL-1.0
// manager/core/evaluation.cpp
#include "manager/core/evaluation.hpp"

#include <algorithm>
#include <utility>

namespace milter::manager {

namespace {

bool same_recipients(decision const& a, decision const& b) {
    return std::equal(a.recipients.begin(), a.recipients.end(), b.recipients.begin(),
                      b.recipients.end(), [](auto const& one, auto const& other) {
                          return (one.verdict == "continue") == (other.verdict == "continue");
                      });
}

bool is_by_failure(decision const& d) {
    return d.decided_by == "manager" ||
           std::any_of(d.milters.begin(), d.milters.end(), [&](auto const& one) {
               return one.name == d.decided_by && one.verdict == "error";
           });
}

std::optional<bool> agreement_of(evaluation const& one) {
    if (!one.dropped.empty() || one.failed()) return std::nullopt;
    if (is_by_failure(one.enforced)) return std::nullopt;
    if (!same_recipients(one.would, one.enforced)) return false;
    if (one.would.recipient_count > record_list_limit)
        return std::nullopt; // of the rest nothing is known
    if (one.would.verdict == "aborted" || one.enforced.verdict == "aborted") return std::nullopt;
    return one.would.verdict == one.enforced.verdict;
}

} // namespace

std::optional<evaluation> evaluate(std::string const& milter, decision alone,
                                   std::string const& dropped) {
    evaluation one{milter, std::move(alone), dropped, {}, {}};
    for (auto const& record : one.would.milters) {
        if (record.verdict == "error") { // what a failure means is for milters that count
            one.would.verdict = "error";
            one.would.text.clear();
            one.would.decided_by = milter;
        }
        if (record.verdict != "not asked" || one.would.decided_by == milter) continue;
        bool const is_told = !record.reason.empty() || !dropped.empty();
        if (!record.applies || !is_told) return std::nullopt;
        if (!record.reason.empty()) one.dropped = record.reason;
    }
    if (one.would.decided_by == "manager" && one.dropped.empty()) one.dropped = one.would.reason;
    return one;
}

void comparison::enforced(decision const& record) {
    if (record.transaction > left_out_) enforced_.push_back(record);
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

void comparison::leave_out(std::uint32_t transaction) {
    left_out_ = transaction;
    while (!enforced_.empty() && enforced_.front().transaction <= transaction)
        enforced_.pop_front();
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
