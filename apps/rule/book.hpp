// SPDX-License-Identifier: BSL-1.0
// rule/book.hpp - all conditions and rules of a configuration, made ready: which milters apply, and what else is to be done
//
//   auto const built = build(what_was_written);
//   for (auto const& one : built.problems) ...
//   truth const applies = built.value->applies(milter, moment);
//
// A milter applies when its own `when` or a rule that uses it says so (without any of these: always), and no rule that
// skips it, or that accepts the message, says so. Never changed once it is built.
// Source: docs/rules.md
#pragma once

#include "rule/compile.hpp"
#include "rule/evaluate.hpp"
#include "rule/stage.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace milter::rule {

// ---- as it was written

struct condition_text {
    std::string name;
    std::string description;
    std::string when;
};

struct milter_text {
    std::string name;
    std::optional<std::string> when;
    bool runs_if_unknown = true;
    bool is_evaluated = false; ///< always: by its mode, not by a rule
};

/// Value of a macro for milters: a text, or what another macro of the MTA has.
struct macro_text {
    std::string name;  ///< from braced()
    std::string value; ///< "$" and the name of a macro: its value
};

/// In place of a milter's own; empty: its own.
struct timeouts_text {
    std::optional<std::chrono::milliseconds> command;
    std::optional<std::chrono::milliseconds> content;
    std::optional<std::chrono::milliseconds> end_of_message;

    bool any() const noexcept { return command || content || end_of_message; }
};

enum class verdict_kind : unsigned char { none, accept, reject, tempfail };

struct rule_text {
    std::string name;
    std::string description;
    bool enabled = true;
    std::string when;
    bool holds_if_unknown = false;
    std::vector<std::string> use;
    std::vector<std::string> skip;
    std::vector<std::string> evaluate;
    verdict_kind verdict = verdict_kind::none;
    std::string reply; ///< of reject and tempfail: "550 5.7.1 text"
    std::string tag;
    std::vector<std::string> milters; ///< that macros and timeouts are for; empty: all
    std::vector<macro_text> set_macros;
    std::vector<macro_text> default_macros; ///< where the MTA sends none
    timeouts_text timeouts;
};

/// Names of the sets and zones in the order in which the others count them.
struct book_text {
    std::vector<condition_text> conditions;
    std::vector<milter_text> milters;
    std::vector<rule_text> rules;
    std::vector<std::pair<std::string, set_kind>> sets;
    std::vector<std::string> block_lists;
    std::vector<std::string> allow_lists;
};

// ---- what is wrong with it

enum class section : unsigned char { condition, milter, rule };

struct book_problem {
    section where = section::rule;
    std::size_t index = 0;              ///< in its list
    std::string key;                    ///< "when", "use", ...; empty: of it as a whole
    std::optional<std::size_t> element; ///< of a list
    finding what;                       ///< of a `when`: with its place there
    bool is_warning = false;
};

// ---- made ready

struct book_rule {
    std::string name;
    program when;
    bool holds_if_unknown = false;
    verdict_kind verdict = verdict_kind::none;
    std::string reply;
    std::string tag;
    std::vector<std::uint32_t> milters; ///< that macros are for; empty: all
    std::vector<macro_text> set_macros;
    std::vector<macro_text> default_macros;
    timeouts_text timeouts;
};

struct book_milter {
    std::optional<program> when;
    bool runs_if_unknown = true;
    std::vector<std::uint32_t> use; ///< rules, by their places
    std::vector<std::uint32_t> skip;
    std::vector<std::uint32_t> evaluate;
    std::vector<std::uint32_t> after; ///< milters that its rules ask about, by their places
    std::vector<std::optional<std::uint32_t>>
        asked_by; ///< for each of these, a rule that does; empty: `when` of the milter
};

/// What facts the programs ask for.
struct needs {
    std::vector<bool> facts = std::vector<bool>(fact_count); ///< by `fact`
    std::vector<std::string> macros;                         ///< names, once each

    bool has(fact which) const { return facts[static_cast<std::size_t>(which)]; }
};

class book {
public:
    /// Whether the milter has to do with the message. `unavailable`: nothing more will be known, and nobody has said what
    /// that means.
    truth applies(std::size_t milter, moment const& at) const noexcept;
    /// That if so, its verdicts do not count.
    truth evaluates(std::size_t milter, moment const& at) const noexcept;
    /// Of a rule: with its own word on what an unavailable answer means.
    truth holds(std::size_t rule, moment const& at) const noexcept;

    /// The rule whose verdict the message gets, as far as that is certain: a refusal waits until no rule before it can
    /// accept any more, and the other way round. Null: none, or not yet.
    book_rule const* verdict(moment const& at) const noexcept;
    /// No verdict can come any more.
    bool verdict_is_out(moment const& at) const noexcept;

    std::vector<program> const& conditions() const noexcept { return conditions_; }
    std::vector<std::string> const& condition_names() const noexcept { return names_; }
    std::vector<book_rule> const& rules() const noexcept { return rules_; }
    std::vector<book_milter> const& milters() const noexcept { return milters_; }
    /// Rules that have a verdict, and those of them that accept, in their order.
    std::vector<std::uint32_t> const& verdicts() const noexcept { return verdicts_; }
    std::vector<std::uint32_t> const& accepts() const noexcept { return accepts_; }
    /// When applies() may have another answer than before; of milters that ask about others also whenever one of those is
    /// known not to run.
    stage_set asked(std::size_t milter) const noexcept { return asked_[milter]; }
    /// Rules that tag the record and ask about DNS lists.
    std::vector<std::uint32_t> const& tags_by_lists() const noexcept { return tags_by_lists_; }
    rule::needs const& needs() const noexcept { return needs_; }
    rule::memo_size memo_size() const noexcept { return memo_size_; }
    /// Some rule may refuse or accept mail, tag it, set macros or change timeouts.
    bool acts() const noexcept { return acts_; }
    bool sets_macros() const noexcept { return sets_macros_; }
    bool sets_timeouts() const noexcept { return sets_timeouts_; }

private:
    friend class book_builder;

    /// By its own word, whatever else says that it is left out.
    truth is_wanted(book_milter const& of, moment const& at) const noexcept;

    std::vector<program> conditions_;
    std::vector<std::string> names_; ///< of the conditions
    std::vector<book_rule> rules_;
    std::vector<book_milter> milters_;
    std::vector<std::uint32_t> verdicts_; ///< rules that have one, in their order
    std::vector<std::uint32_t> accepts_;
    std::vector<std::uint32_t> tags_by_lists_;
    std::vector<stage_set> asked_; ///< by milter
    rule::needs needs_;
    rule::memo_size memo_size_;
    bool acts_ = false;
    bool sets_macros_ = false;
    bool sets_timeouts_ = false;
};

struct built_book {
    std::shared_ptr<book const> value; ///< null when a problem is an error
    std::vector<book_problem> problems;
    rule::scope scope; ///< what the names in expressions mean, for those who compile others
};

built_book build(book_text const& from);

} // namespace milter::rule
