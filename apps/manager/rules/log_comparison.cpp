// SPDX-License-Identifier: BSL-1.0
// manager/rules/log_comparison.cpp
#include "manager/rules/log_comparison.hpp"

#include "manager/config/printable.hpp"
#include "manager/core/decision.hpp"
#include "rule/quote.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace milter::manager {

namespace {

using json = nlohmann::ordered_json;
using rule::truth;

bool has(std::vector<std::string> const& list, std::string const& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

logged_word word_on(bool held, truth today) {
    bool const is_other = today == (held ? truth::no : truth::yes);
    return {held ? "held" : "did not hold", is_other};
}

/// Of rules alone: that it was not its turn, or out of its share, says nothing about them.
std::optional<bool> ran(logged_outcome::milter const& of) {
    if (of.verdict != "not asked") return true;
    if (of.reason == "evaluated") return true;
    if (of.reason == ruled_out) return false;
    return std::nullopt;
}

std::string text_of(logged_outcome::milter const& of) {
    auto const text = of.reason == "evaluated"    ? std::string("was evaluated")
                      : of.verdict == "not asked" ? std::string("was not asked")
                                                  : of.verdict;
    bool const has_reason = !of.reason.empty() && of.reason != "evaluated";
    return text + (has_reason ? ": " + of.reason : "");
}

/// "reject \"550 5.7.1 spam\" by rspamd, decided at end_of_message"
std::string verdict_text(logged_outcome const& log) {
    return log.verdict + (log.text.empty() ? "" : ' ' + in_quotes(log.text)) +
           (log.decided_by.empty() ? "" : " by " + log.decided_by) +
           (log.stage.empty() ? "" : ", decided at " + log.stage);
}

bool refuses(rule::book_rule const* rule) noexcept {
    return rule && rule->verdict != rule::verdict_kind::accept;
}

} // namespace

std::string logged_word::told() const {
    return "the log says: " + printable(text) + (contradicts ? ", unlike today's rules" : "");
}

logged_word word_on_condition(logged_outcome const& log, std::string const& name, truth today) {
    bool const held = has(log.conditions, name);
    if (!held && !log.has_all_conditions) return {};
    return word_on(held, today);
}

logged_word word_on_rule(logged_outcome const& log, std::string const& name, truth today) {
    return word_on(has(log.rules, name), today);
}

logged_word word_on_milter(logged_outcome const& log, std::string const& name,
                           milter_course const& today) {
    for (auto const& one : log.milters) {
        if (one.name != name) continue;
        auto const then = ran(one);
        bool const is_other = then && today.runs && *then != *today.runs;
        bool const counts_otherwise = then.value_or(false) && today.runs.value_or(false) &&
                                      today.is_settled &&
                                      today.is_evaluated != (one.reason == "evaluated");
        return {text_of(one), is_other || counts_otherwise};
    }
    return {};
}

logged_word word_on_verdict(logged_outcome const& log, verdict_course const& today) {
    if (log.verdict.empty()) return {};
    auto const by_rule = [&](rule::book_rule const* rule) {
        return refuses(rule) && log.decided_by == "rule " + rule->name;
    };
    bool const was_by_rule = log.decided_by.starts_with("rule ");
    bool const is_other =
        today.decided && (was_by_rule || refuses(today.rule)) && !by_rule(today.rule);
    return {verdict_text(log), is_other};
}

std::vector<std::string> rules_gone(logged_outcome const& log, config const& settings) {
    std::vector<std::string> gone;
    auto const& rules = settings.book->rules();
    for (auto const& name : log.rules)
        if (std::none_of(rules.begin(), rules.end(),
                         [&](auto const& one) { return one.name == name; }))
            gone.push_back(name);
    return gone;
}

std::vector<std::string> contradictions(logged_outcome const& log, config const& settings,
                                        mail_course const& today) {
    std::vector<std::string> found;
    auto const note = [&](logged_word const& word, std::string const& of) {
        if (word.contradicts) found.push_back(of);
    };
    for (auto const& one : today.milters()) {
        auto const& name = settings.milters[one.place].name;
        note(word_on_milter(log, name, one), "milter " + name);
    }
    auto const& book = *settings.book;
    for (std::size_t i = 0; i < book.conditions().size(); ++i) {
        auto const& name = book.condition_names()[i];
        note(word_on_condition(log, name, today.condition(i)), "condition " + name);
    }
    for (std::size_t i = 0; i < book.rules().size(); ++i) {
        auto const& name = book.rules()[i].name;
        note(word_on_rule(log, name, today.rule_holds(i)), "rule " + rule::in_quotes(name));
    }
    for (auto const& name : rules_gone(log, settings))
        found.push_back("rule " + rule::in_quotes(name));
    note(word_on_verdict(log, today.verdict()), "verdict");
    return found;
}

nlohmann::ordered_json json_of(logged_mail const& of, config const& settings,
                               mail_course const& today) {
    auto const& log = of.outcome;
    json out{{"lines", of.lines},      {"time", log.time}, {"conditions", log.conditions},
             {"rules", log.rules},     {"tags", log.tags}, {"milters", json::array()},
             {"verdict", log.verdict}, {"text", log.text}, {"decided_by", log.decided_by},
             {"stage", log.stage}};
    for (auto const& one : log.milters)
        out["milters"].push_back(
            {{"name", one.name}, {"verdict", one.verdict}, {"reason", one.reason}});
    out["contradictions"] = contradictions(log, settings, today);
    return out;
}

} // namespace milter::manager
