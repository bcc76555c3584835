// SPDX-License-Identifier: BSL-1.0
// manager/rules/treatment_difference.cpp
#include "manager/rules/treatment_difference.hpp"

#include "manager/config/printable.hpp"
#include "manager/rules/rule_effect.hpp"

#include <algorithm>

namespace milter::manager {

namespace {

using kind = treatment_setting::kind;

std::string rule_text(std::string const& name) { return "rule " + in_quotes(name); }

std::string in_parentheses(std::string const& cause) {
    return cause.empty() ? "" : " (" + cause + ')';
}

/// As long as anything is open, a change of `fate` says nothing.
bool is_open(treated_milter const* of) noexcept { return of && of->fate == milter_fate::undecided; }

milter_fate fate_of(treated_milter const* of) noexcept {
    return of ? of->fate : milter_fate::left_out;
}

std::string change_text(std::string const& milter, milter_fate now, milter_fate then) {
    using enum milter_fate;
    if (now == left_out) return milter + (then == enforced ? " runs now" : " is evaluated now");
    if (then == left_out)
        return milter + (now == enforced ? " does not run any more" : " is not evaluated any more");
    return milter + (then == evaluated ? ": evaluated instead of enforced"
                                       : ": enforced instead of evaluated");
}

class comparing {
public:
    comparing(message_treatment const& now, message_treatment const& then)
        : now_(now), then_(then) {}

    treatment_difference compare() && {
        compare_verdicts();
        for (auto const& one : then_.milters) compare_milter(one.name);
        for (auto const& one : now_.milters)
            if (!then_.find(one.name)) compare_milter(one.name);
        compare_order();
        for (auto const& one : then_.settings) compare_setting(one);
        for (auto const& one : now_.settings)
            if (!find(then_, one)) compare_setting(one);
        return std::move(made_);
    }

private:
    void change(std::string what) { made_.changes.push_back(std::move(what)); }
    void not_known(std::string what) { made_.not_known.push_back(std::move(what)); }

    static bool has(std::vector<std::string> const& list, std::string const& name) {
        return std::find(list.begin(), list.end(), name) != list.end();
    }

    /// A rule that holds in both may say something else now; one that holds in one of them is the cause more likely.
    std::string cause_of(decision_cause const& before, decision_cause const& after) const {
        if (!after.rule.empty() && !has(now_.rules, after.rule)) return rule_text(after.rule);
        if (!before.rule.empty() && !has(then_.rules, before.rule))
            return rule_text(before.rule) + " no more";
        if (!after.rule.empty()) return rule_text(after.rule);
        if (!before.rule.empty()) return rule_text(before.rule) + " of before";
        return after.other.empty() ? before.other : after.other;
    }

    static std::string verdict_text(message_treatment const& of) {
        auto const name = std::string(name_of(of.verdict));
        return of.reply.empty() ? name : name + ' ' + in_quotes(of.reply);
    }

    void compare_verdicts() {
        if (!now_.has_verdict || !then_.has_verdict) return not_known("the verdict of the rules");
        if (now_.verdict == then_.verdict && now_.reply == then_.reply) return;
        change("rules say " + verdict_text(then_) + " instead of " + verdict_text(now_) +
               in_parentheses(cause_of({now_.rule, {}}, {then_.rule, {}})));
    }

    void compare_milter(std::string const& name) {
        auto const* const before = now_.find(name);
        auto const* const after = then_.find(name);
        if (is_open(before) || is_open(after)) return not_known("whether " + name + " runs");
        if (fate_of(before) == fate_of(after)) return;
        auto const why = before && after ? cause_of(before->why, after->why)
                         : after         ? std::string("a new milter")
                                         : std::string("it is not in the new configuration");
        change(change_text(name, fate_of(before), fate_of(after)) + in_parentheses(why));
    }

    /// Those that run both times.
    std::vector<std::string> order_in(message_treatment const& of,
                                      message_treatment const& other) const {
        std::vector<std::string> names;
        for (auto const& one : of.milters)
            if (auto const* const same = other.find(one.name); one.runs() && same && same->runs())
                names.push_back(one.name);
        return names;
    }

    void compare_order() {
        auto const before = order_in(now_, then_);
        auto const after = order_in(then_, now_);
        if (before == after) return;
        std::string order;
        for (auto const& one : after) (order += order.empty() ? "" : ", ") += one;
        change("other order of milters: " + order);
    }

    static treatment_setting const* find(message_treatment const& in,
                                         treatment_setting const& what) {
        for (auto const& one : in.settings)
            if (one.same_place(what)) return &one;
        return nullptr;
    }

    bool runs_both_times(std::string const& milter) const {
        auto const* const before = now_.find(milter);
        auto const* const after = then_.find(milter);
        return before && after && before->runs() && after->runs();
    }

    static std::string name_text(treatment_setting const& of) {
        if (of.is == kind::tag) return "tag " + of.name;
        return (of.is == kind::macro ? "macro " : "timeout ") + of.name + " of " + of.milter;
    }

    static std::string value_text(treatment_setting const* of) {
        if (!of) return "that of the MTA";
        return of->is == kind::macro ? in_quotes(of->value) : of->value;
    }

    void compare_setting(treatment_setting const& what) {
        auto const* const before = find(now_, what);
        auto const* const after = find(then_, what);
        if (what.is != kind::tag && !runs_both_times(what.milter)) return;
        auto const is_open = [](auto const* one) { return one && !one->is_certain; };
        if (is_open(before) || is_open(after)) return not_known(name_text(what));
        auto const cause = in_parentheses(
            cause_of({before ? before->rule : "", {}}, {after ? after->rule : "", {}}));
        if (what.is == kind::tag) {
            if (!before || !after) change((after ? "" : "no ") + name_text(what) + cause);
            return;
        }
        if (before && after && before->value == after->value) return;
        change(name_text(what) + ": " + value_text(after) + " instead of " + value_text(before) +
               cause);
    }

    message_treatment const& now_;
    message_treatment const& then_;
    treatment_difference made_;
};

} // namespace

treatment_difference difference_of(message_treatment const& now, message_treatment const& then) {
    return comparing(now, then).compare();
}

} // namespace milter::manager
