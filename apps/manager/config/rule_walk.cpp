// SPDX-License-Identifier: BSL-1.0
// manager/config/rule_walk.cpp
#include "manager/config/rule_walk.hpp"

#include "manager/core/rule_macros.hpp"

#include <algorithm>
#include <utility>

namespace milter::manager {

using rule::stage;
using rule::truth;
using rule::verdict_kind;

std::vector<std::size_t> milters_for(config const& what, test_config const& test) {
    std::vector<std::size_t> places;
    auto const add = [&](std::size_t place) {
        if (what.milters[place].enabled) places.push_back(place);
    };
    profile_config const* profile = nullptr;
    for (auto const& one : test.given)
        if (one.which == rule::fact::profile) profile = find_profile(what, one.texts.front());
    for (auto const place : asked_order(what, profile)) add(place);
    return places;
}

rule_walk::rule_walk(config const& what, test_config const& test)
    : config_(what), test_(test), book_(*what.book), mail_(what, test),
      order_(milters_for(what, test)), runs_(what.milters.size()),
      is_settled_(what.milters.size()) {
    for (std::size_t i = 0; i < what.milters.size(); ++i)
        if (std::find(order_.begin(), order_.end(), i) == order_.end()) mail_.decide(i, false);
}

rule_outcome rule_walk::walk() && {
    for (auto const at : {stage::start, stage::connect, stage::helo, stage::mail}) go_to(at, 0);
    for (std::size_t i = 1; i <= mail_.recipients(); ++i) go_to(stage::rcpt, i);
    for (auto const at : {stage::data, stage::headers, stage::message})
        go_to(at, mail_.recipients());
    note_missing();
    note_milters();
    note_conditions();
    note_tags();
    note_macros();
    return std::move(out_);
}

rule::moment rule_walk::moment() const { return {book_.conditions(), config_.sets, mail_, memo_}; }

void rule_walk::go_to(stage at, std::size_t recipients) {
    if (is_over_) return;
    at_ = at;
    mail_.go_to(at, recipients);
    memo_.forget(book_.memo_size());
    ask_verdict();
    if (!is_over_) ask_milters();
}

void rule_walk::ask_verdict() {
    if (has_verdict_) return;
    auto const* const rule = book_.verdict(moment());
    if (!rule && !book_.verdict_is_out(moment())) return;
    has_verdict_ = true;
    out_.decided_at = std::max(out_.decided_at, at_);
    if (!rule) return;
    out_.verdict = rule->verdict;
    out_.reply = rule->reply;
    out_.rule = rule->name;
    is_over_ = rule->verdict != verdict_kind::accept;
}

/// What is decided about one may be what another waits for.
void rule_walk::ask_milters() {
    for (bool again = true; again;) {
        again = false;
        for (auto const milter : order_)
            if ((!runs_[milter] && ask_milter(milter)) || settle(milter)) again = true;
    }
}

/// @return  whether that is certain now
bool rule_walk::ask_milter(std::size_t milter) {
    auto const answer = book_.applies(milter, moment());
    if (answer == truth::pending) return false;
    bool const runs = answer == truth::yes ||
                      (answer == truth::unavailable && config_.milters[milter].runs_if_unknown);
    runs_[milter] = runs;
    out_.decided_at = std::max(out_.decided_at, at_);
    out_.decided.emplace_back(config_.milters[milter].name, at_);
    settle(milter);
    return true;
}

/// Who is evaluated has said nothing, as far as others are concerned.
/// @return  whether it has become certain now
bool rule_walk::settle(std::size_t milter) {
    if (!runs_[milter] || is_settled_[milter]) return false;
    bool const by_mode = config_.milters[milter].mode == milter_mode::evaluate;
    auto const evaluated =
        *runs_[milter] ? rule::or_(rule::truth_of(by_mode), book_.evaluates(milter, moment()))
                       : truth::no;
    if (evaluated == truth::pending) return false;
    is_settled_[milter] = true;
    mail_.decide(milter, *runs_[milter] && evaluated != truth::yes);
    memo_.forget(book_.memo_size());
    return true;
}

/// Of all that was asked for on the way, what keeps that undecided which the test expects something of.
void rule_walk::note_missing() {
    auto const& expected = test_.expect;
    auto const is_named = [&](std::size_t milter) {
        auto const names = {&expected.runs, &expected.not_milters};
        return std::any_of(names.begin(), names.end(), [&](auto const* list) {
            return std::find(list->begin(), list->end(), config_.milters[milter].name) !=
                   list->end();
        });
    };
    mail_.forget_missing();
    if (is_over_) return;
    memo_.forget(book_.memo_size());
    if (expected.verdict || !expected.reply.empty() || expected.decided_at) ask_verdict();
    for (auto const milter : order_)
        if (!runs_[milter] && (expected.milters || expected.decided_at || is_named(milter)))
            ask_milter(milter);
    out_.missing.assign(mail_.missing().begin(), mail_.missing().end());
}

void rule_walk::note_milters() {
    for (auto const milter : order_)
        if (runs_[milter].value_or(false)) out_.milters.push_back(config_.milters[milter].name);
}

void rule_walk::note_conditions() {
    auto const& names = book_.condition_names();
    for (std::size_t i = 0; i < names.size(); ++i) {
        mail_.forget_missing();
        memo_.forget(book_.memo_size());
        auto const answer = evaluate(book_.conditions()[i], moment());
        out_.conditions.emplace_back(names[i], answer);
        auto const& asked = test_.expect.conditions;
        bool const is_asked = std::any_of(asked.begin(), asked.end(),
                                          [&](auto const& one) { return one.first == names[i]; });
        if (answer != truth::pending || !is_asked || is_over_) continue;
        for (auto const& fact : mail_.missing())
            if (std::find(out_.missing.begin(), out_.missing.end(), fact) == out_.missing.end())
                out_.missing.push_back(fact);
    }
}

bool rule_walk::holds(std::size_t rule) const { return book_.holds(rule, moment()) == truth::yes; }

void rule_walk::note_tags() {
    for (std::size_t i = 0; i < book_.rules().size(); ++i) {
        auto const& tag = book_.rules()[i].tag;
        bool const is_new = std::find(out_.tags.begin(), out_.tags.end(), tag) == out_.tags.end();
        if (!tag.empty() && is_new && holds(i)) out_.tags.push_back(tag);
    }
}

void rule_walk::note_macros() {
    for (auto const milter : order_) {
        auto macros = macros_for(milter);
        if (!macros.empty())
            out_.macros.emplace_back(config_.milters[milter].name, std::move(macros));
    }
}

std::vector<rule::macro_text> rule_walk::macros_for(std::size_t milter) const {
    std::vector<rule::macro_text> found;
    for (auto& one : macros_by_rules(
             book_, milter, [&](std::size_t rule) { return holds(rule); },
             [&](std::string_view name) { return !mail_.macro(std::string(name)).empty(); },
             [&](rule::macro_text const& macro) { return value_of(macro); }))
        found.push_back({std::string(one.name), std::move(one.value)});
    return found;
}

/// Empty: it is that of a macro that the MTA does not send.
std::optional<std::string> rule_walk::value_of(rule::macro_text const& one) const {
    if (!one.value.starts_with('$')) return one.value;
    auto value = mail_.macro(one.value.substr(1));
    return value.empty() ? std::nullopt : std::optional(std::move(value));
}

} // namespace milter::manager
