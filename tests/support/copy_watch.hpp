// SPDX-License-Identifier: BSL-1.0
// tests/support/copy_watch.hpp - a milter that is evaluated, and what is recorded of it, judged from outside
//
// Its copy of the session is an MTA side like any other. Of what the MTA says meanwhile it holds no more than there is
// memory for. Each decision is recorded once beside what the milter would have made of the message.
// Source: docs/configuration.md, "Evaluation"; docs/decision-log.md
#pragma once

#include "manager/core/config.hpp"
#include "manager/core/evaluation.hpp"

#include <support/milter_watch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace support {

namespace manager = milter::manager;

class copy_watch {
public:
    using report = milter_watch::report;

    copy_watch(std::string name, bool postfix_rules, std::size_t memory, report fault)
        : milter(name, postfix_rules, fault), name_(std::move(name)), memory_(memory),
          fault_(std::move(fault)) {}

    milter_watch milter;

    std::string const& name() const noexcept { return name_; }
    /// To every message, which is known from the beginning.
    void applies_always() noexcept { always_ = true; }
    std::size_t evaluations() const noexcept { return seen_.size(); }

    // ---- the session

    void mta_said(std::size_t bytes) noexcept {
        if (keeps_copy_waiting()) behind_ += bytes;
    }
    void moved_on() noexcept {
        behind_ = 0;
        hears_mail_ = hears_mail_ && milter.agreed().sends(wire::command_code::mail);
    }
    void judge_memory() const {
        if (milter.up() && behind_ > memory_) fault_("a copy holds more than its memory");
    }

    // ---- records

    void decided(manager::decision const& record) {
        enforced_[record.transaction] = {record.verdict, record.decided_by};
    }
    void evaluated(manager::evaluation const& one);
    /// The MTA has said QUIT, and nothing comes any more.
    void judge_end() const;

private:
    /// A milter that owes an answer to a command of the envelope: all that follows waits, unless it joins late.
    bool keeps_copy_waiting() const noexcept {
        auto const owed = milter.owed();
        return always_ && milter.up() && owed && *owed != wire::command_code::negotiate &&
               *owed != wire::command_code::header && *owed != wire::command_code::end_of_headers &&
               *owed != wire::command_code::body && *owed != wire::command_code::end_of_message;
    }

    std::string name_;
    std::size_t memory_;
    report fault_;
    std::size_t behind_ = 0; ///< bytes of the MTA since the milter was last told or said something
    std::map<std::uint32_t, std::pair<std::string, std::string>>
        enforced_;                 ///< verdict and who gave it, by message
    std::set<std::uint32_t> seen_; ///< messages that are evaluated
    bool always_ = false;
    bool hears_mail_ = true; ///< else it may be asked nothing in a message
};

inline void copy_watch::evaluated(manager::evaluation const& one) {
    auto const number = one.would.transaction;
    if (!seen_.empty() && number <= *seen_.rbegin())
        fault_("a message is evaluated twice, or after a later one");
    seen_.insert(number);
    bool const known = !one.enforced.verdict.empty();
    auto const found = enforced_.find(number);
    if (known && (found == enforced_.end() || found->second.first != one.enforced.verdict ||
                  found->second.second != one.enforced.decided_by))
        fault_("an evaluation beside another decision than was recorded");
    if (one.agrees && (!known || one.failed() || !one.dropped.empty()))
        fault_("a comparison with nothing");
}

inline void copy_watch::judge_end() const {
    constexpr std::size_t plenty = 1 << 24; // bytes: it is never given up for want of them
    if (!always_ || !hears_mail_ || memory_ < plenty ||
        enforced_.size() > manager::comparison::most_waiting)
        return;
    auto const missing = [&](auto const& one) { return !seen_.contains(one.first); };
    if (std::any_of(enforced_.begin(), enforced_.end(), missing))
        fault_("a message that the milter applies to is not evaluated");
}

} // namespace support
