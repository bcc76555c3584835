// SPDX-License-Identifier: BSL-1.0
// rule/rule_table.hpp - rules of which the first that matches counts, with conditions around them
//
// Rules that simply match and follow each other make a run, which a fast structure answers as one. A table without "if" and
// "!" is a single run, however long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace milter::rule {

/// Test:  `bool matches(subject) const noexcept`; says yes or no of one pattern, with its negation.
/// Run:   `void add(Test, number)`, `void build()`, `std::optional<std::uint32_t> first(subject) const noexcept`, the
///        number of the rule that matches first.
///
///     table.add_rule(test, is_negated, counts);
///     table.open_if(test);  ...  table.close_if();
///     table.build();
template <class Run, class Test> class rule_table {
public:
    enum class form { plain, negated };

    void add_rule(Test test, form is, bool counts) {
        if (is == form::plain) {
            if (!in_run_) begin_run();
            runs_.back().add(std::move(test), number(counts_.size()));
        } else {
            add_step({kind::single, number(tests_.size()), number(counts_.size())});
            tests_.push_back(std::move(test));
        }
        counts_.push_back(counts);
    }

    void open_if(Test test) {
        open_.push_back(steps_.size());
        add_step({kind::condition, number(tests_.size()), 0});
        tests_.push_back(std::move(test));
    }

    /// @return  false when no "if" is open
    bool close_if() {
        if (open_.empty()) return false;
        steps_[open_.back()].target = number(steps_.size());
        open_.pop_back();
        in_run_ = false; // what follows is a step of its own, which the condition leads to
        return true;
    }

    std::size_t open_ifs() const noexcept { return open_.size(); }

    void build() {
        for (auto& run : runs_) run.build();
    }

    std::size_t size() const noexcept { return counts_.size(); }

    /// @return  empty: not found
    template <class Subject> std::optional<bool> find(Subject const& subject) const noexcept {
        for (std::size_t at = 0; at < steps_.size();) {
            auto const& here = steps_[at++];
            switch (here.is) {
            case kind::run:
                if (auto const rule = runs_[here.index].first(subject)) return counts_[*rule];
                break;
            case kind::single:
                if (tests_[here.index].matches(subject)) return counts_[here.target];
                break;
            case kind::condition:
                if (!tests_[here.index].matches(subject)) at = here.target;
                break;
            }
        }
        return std::nullopt;
    }

private:
    enum class kind { run, single, condition };
    struct step {
        kind is;
        std::uint32_t index;  // in runs_ or tests_
        std::uint32_t target; // of a single: its rule; of a condition: the step behind its endif
    };

    static std::uint32_t number(std::size_t size) noexcept {
        return static_cast<std::uint32_t>(size); // a table of 4 G rules does not fit into memory
    }
    void begin_run() {
        add_step({kind::run, number(runs_.size()), 0});
        runs_.emplace_back();
        in_run_ = true;
    }
    void add_step(step one) {
        steps_.push_back(one);
        in_run_ = false;
    }

    std::vector<step> steps_;
    std::vector<Run> runs_;
    std::vector<Test> tests_;
    std::vector<bool> counts_; // of each rule: that who it finds is a member
    std::vector<std::size_t> open_;
    bool in_run_ = false;
};

} // namespace milter::rule
