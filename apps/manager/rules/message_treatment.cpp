// SPDX-License-Identifier: BSL-1.0
// manager/rules/message_treatment.cpp
#include "manager/rules/message_treatment.hpp"

#include "manager/core/rule_macros.hpp"
#include "manager/core/unit_text.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace milter::manager {

namespace {

using rule::truth;
using kind = treatment_setting::kind;

/// Reads the course of a message that has come to its end.
class reading {
public:
    reading(replayed_mail const& mail, config const& settings)
        : mail_(mail), settings_(settings), book_(*settings.book),
          is_open_(!mail.course.is_over()) {
        holds_.reserve(book_.rules().size());
        for (std::size_t i = 0; i < book_.rules().size(); ++i)
            holds_.push_back(mail.course.rule_holds(i));
    }

    message_treatment read() && {
        read_verdict();
        for (std::size_t i = 0; i < holds_.size(); ++i)
            if (holds(i)) made_.rules.push_back(book_.rules()[i].name);
        for (auto const& one : mail_.course.milters()) read_milter(one);
        for (auto const& one : settings_.milters)
            if (!made_.find(one.name)) leave_out(one);
        read_tags();
        return std::move(made_);
    }

private:
    bool holds(std::size_t rule) const { return holds_[rule] == truth::yes; }
    /// What has been refused asks no rule any more.
    bool may_hold(std::size_t rule) const { return is_open_ && holds_[rule] == truth::pending; }

    void read_verdict() {
        auto const& [decided, rule] = mail_.course.verdict();
        made_.has_verdict = decided.has_value();
        if (!rule) return;
        made_.verdict = rule->verdict;
        made_.reply = rule->reply;
        made_.rule = rule->name;
    }

    // ---- milters

    void leave_out(milter_config const& one) {
        made_.milters.push_back({one.name,
                                 milter_fate::left_out,
                                 {{}, one.enabled ? "not in the profile" : "not enabled"},
                                 {}});
    }

    void read_milter(milter_course const& of) {
        auto const fate = fate_of(of);
        made_.milters.push_back({settings_.milters[of.place].name, fate, cause_of(of, fate),
                                 std::string(mail_.verdicts[of.place])});
        if (!made_.milters.back().runs()) return;
        read_macros(of.place);
        read_timeouts(of.place);
    }

    milter_fate fate_of(milter_course const& of) const {
        if (!of.runs.has_value() || (*of.runs && of.may_be_evaluated))
            return is_open_ ? milter_fate::undecided : milter_fate::left_out;
        if (!*of.runs) return milter_fate::left_out;
        return of.is_evaluated ? milter_fate::evaluated : milter_fate::enforced;
    }

    /// The first of them that holds.
    std::optional<decision_cause> rule_of(std::vector<std::uint32_t> const& rules) const {
        for (auto const one : rules)
            if (holds(one)) return decision_cause{book_.rules()[one].name, {}};
        return std::nullopt;
    }

    decision_cause cause_of(milter_course const& of, milter_fate fate) const {
        auto const& milter = book_.milters()[of.place];
        std::optional<decision_cause> found;
        if (fate == milter_fate::left_out) {
            if (!of.runs) return {made_.rule, {}}; // refused before it was decided
            found = rule_of(milter.skip);
            if (!found) found = rule_of(book_.accepts());
        }
        if (fate == milter_fate::enforced) found = rule_of(milter.use);
        if (fate == milter_fate::evaluated) {
            found = rule_of(milter.evaluate);
            if (!found) return {{}, "its mode"};
        }
        if (found) return *found;
        return {{}, milter.when ? "its when" : ""};
    }

    // ---- what rules set

    void add(treatment_setting one) { made_.settings.push_back(std::move(one)); }

    void read_tags() {
        for (std::size_t i = 0; i < holds_.size(); ++i) {
            auto const& one = book_.rules()[i];
            if (one.tag.empty() || (!holds(i) && !may_hold(i))) continue;
            treatment_setting tag{kind::tag, one.tag, {}, {}, one.name, holds(i)};
            auto const known =
                std::find_if(made_.settings.begin(), made_.settings.end(),
                             [&](auto const& other) { return other.same_place(tag); });
            if (known == made_.settings.end())
                add(std::move(tag));
            else if (tag.is_certain && !known->is_certain)
                *known = std::move(tag);
        }
    }

    std::optional<std::string> value_of(rule::macro_text const& one) const {
        if (!one.value.starts_with('$')) return one.value;
        auto const found = mail_.macros.find(std::string_view(one.value).substr(1));
        return found ? std::optional(std::string(*found)) : std::nullopt;
    }

    bool is_sent(std::string_view name) const {
        auto const found = mail_.macros.find(name);
        return found && !found->empty();
    }

    void read_macros(std::size_t place) {
        auto const& name = settings_.milters[place].name;
        auto const given = macros_by_rules(
            book_, place, [&](std::size_t i) { return holds(i); },
            [&](std::string_view macro) { return is_sent(macro); },
            [&](rule::macro_text const& macro) { return value_of(macro); });
        for (auto const& one : given)
            add({kind::macro, std::string(one.name), name, one.value, setter_of(one.name, place),
                 !may_be_set(one.name, place)});
        for (std::size_t i = 0; i < holds_.size(); ++i)
            if (auto const& one = book_.rules()[i]; may_hold(i) && is_for(one, place))
                for (auto const* const macros : {&one.set_macros, &one.default_macros})
                    for (auto const& macro : *macros)
                        add_open({kind::macro, macro.name, name, {}, {}, false});
    }

    /// Where nothing else is said of it.
    void add_open(treatment_setting one) {
        bool const is_known = std::any_of(made_.settings.begin(), made_.settings.end(),
                                          [&](auto const& other) { return other.same_place(one); });
        if (!is_known) add(std::move(one));
    }

    static bool sets(rule::book_rule const& one, std::string_view macro) {
        auto const is_it = [&](rule::macro_text const& other) { return other.name == macro; };
        return std::any_of(one.set_macros.begin(), one.set_macros.end(), is_it) ||
               std::any_of(one.default_macros.begin(), one.default_macros.end(), is_it);
    }

    /// The last one that holds.
    std::string setter_of(std::string_view macro, std::size_t place) const {
        std::string name;
        for (std::size_t i = 0; i < holds_.size(); ++i)
            if (auto const& one = book_.rules()[i];
                holds(i) && is_for(one, place) && sets(one, macro))
                name = one.name;
        return name;
    }

    bool may_be_set(std::string_view macro, std::size_t place) const {
        for (std::size_t i = 0; i < holds_.size(); ++i)
            if (auto const& one = book_.rules()[i];
                may_hold(i) && is_for(one, place) && sets(one, macro))
                return true;
        return false;
    }

    void read_timeouts(std::size_t place) {
        auto const& own = settings_.milters[place].timeouts;
        read_timeout(place, "connect", own.connect, nullptr);
        read_timeout(place, "negotiate", own.negotiate, nullptr);
        read_timeout(place, "command", own.command, &rule::timeouts_text::command);
        read_timeout(place, "content", own.content, &rule::timeouts_text::content);
        read_timeout(place, "end_of_message", own.end_of_message,
                     &rule::timeouts_text::end_of_message);
    }

    using rule_time = std::optional<std::chrono::milliseconds> rule::timeouts_text::*;

    /// @param by_rules  null: rules do not change it
    void read_timeout(std::size_t place, char const* name, proto::duration own,
                      rule_time by_rules) {
        treatment_setting one{kind::timeout,      name, settings_.milters[place].name,
                              duration_text(own), {},   true};
        for (std::size_t i = 0; by_rules && i < holds_.size(); ++i) {
            auto const& rule = book_.rules()[i];
            auto const& given = rule.timeouts.*by_rules;
            if (!given || !is_for(rule, place)) continue;
            if (may_hold(i)) one.is_certain = false;
            if (!holds(i)) continue;
            one.value = duration_text(*given);
            one.rule = rule.name;
        }
        add(std::move(one));
    }

    replayed_mail const& mail_;
    config const& settings_;
    rule::book const& book_;
    bool is_open_;
    std::vector<truth> holds_; ///< by rule
    message_treatment made_;
};

} // namespace

treated_milter const* message_treatment::find(std::string_view name) const noexcept {
    for (auto const& one : milters)
        if (one.name == name) return &one;
    return nullptr;
}

message_treatment treatment_of(replayed_mail const& mail, config const& settings) {
    return reading(mail, settings).read();
}

} // namespace milter::manager
