// SPDX-License-Identifier: BSL-1.0
// manager/rules/mail_course.hpp - what rules say about one mail, stage by stage, and why
//
//   mail_course course(settings, milters_in(settings, profile), facts, reasons::kept);
//   for (...) { facts.go_to(stage, recipients); course.reached(stage, recipient); }
//   course.ended();
//
// As a session asks them (core/session_rules.hpp): who is decided stays so, and who refuses ends it.
#pragma once

#include "manager/core/config.hpp"
#include "rule/explain.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace milter::manager {

/// Whether explanations are wanted.
enum class reasons { kept, left_out };

/// What was answered with the facts of a stage.
struct stage_answer {
    rule::stage at = rule::stage::start;
    std::size_t recipient = 0; ///< at RCPT: which one, from 1
    rule::truth answer = rule::truth::pending;
};

/// "rcpt 2"
std::string name_of(stage_answer const& one);

struct reason {
    std::string of; ///< "when", "rule \"x\" uses it"
    rule::explanation why;
};

struct milter_course {
    std::size_t place = 0;             ///< in the configuration
    std::vector<stage_answer> answers; ///< until it was decided
    std::optional<bool> runs;          ///< empty: undecided
    bool is_evaluated = false;         ///< if so: its verdict does not count, by its mode or a rule
    bool may_be_evaluated = false;     ///< that is not known
    bool is_settled = false;           ///< whether it runs and counts: others may ask about it
    std::vector<reason> why;           ///< with the facts by which it was decided, or the last ones
};

struct verdict_course {
    std::optional<stage_answer> decided;   ///< when it was certain, also that there is none
    rule::book_rule const* rule = nullptr; ///< null: none
};

class mail_course {
public:
    using listener = std::function<void(std::size_t milter, bool counts)>;

    /// Settings and facts outlive it.
    /// @param decided  told as soon as it is certain that a milter runs and counts, or not; may be empty
    mail_course(config const& settings, std::vector<std::size_t> const& milters,
                rule::fact_source const& facts, reasons why, listener decided = {});

    /// Facts of the stage are known. May be called again for the same stage, when more is known.
    void reached(rule::stage at, std::size_t recipient = 0);
    void ended();

    /// A rule has refused the message: nothing more was asked.
    bool is_over() const noexcept { return is_over_; }

    std::vector<milter_course> const& milters() const noexcept { return milters_; }
    verdict_course const& verdict() const noexcept { return verdict_; }
    rule::truth condition(std::size_t index) const;
    rule::truth rule_holds(std::size_t index) const;
    /// Of the `when` of a milter, which it must have.
    rule::truth own_when(std::size_t place) const;
    rule::explanation why_condition(std::size_t index) const;
    rule::explanation why_rule(std::size_t index) const;

private:
    rule::moment moment() const;
    void ask_verdict(stage_answer now);
    bool ask_milter(milter_course& one, stage_answer now);
    bool settle(milter_course& one);
    std::vector<reason> reasons_of(std::size_t place) const;

    config const& settings_;
    rule::book const& book_;
    rule::fact_source const& facts_;
    reasons why_;
    listener decided_;
    std::vector<milter_course> milters_;
    verdict_course verdict_;
    bool is_over_ = false;
    mutable rule::memo memo_;
};

} // namespace milter::manager
