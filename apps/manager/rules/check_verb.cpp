// SPDX-License-Identifier: BSL-1.0
// manager/rules/check_verb.cpp
#include "manager/rules/check_verb.hpp"

#include "manager/config/printable.hpp"
#include "manager/core/needed_commands.hpp"
#include "manager/rules/ready_rules.hpp"
#include "manager/rules/rule_effect.hpp"
#include "manager/rules/rule_user.hpp"
#include "manager/rules/test_verb.hpp"
#include "rule/demand.hpp"
#include "rule/quote.hpp"
#include <milter/corpus/conversation_json.hpp>

#include <sysexits.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

namespace milter::manager {

namespace {

using json = nlohmann::ordered_json;
using rule::truth;
using wire::command_code;

/// The final answers that there are at the stage.
std::string which_answers(rule::answers at) {
    if (!at.has(truth::yes)) return at.has(truth::no) ? " when false" : "";
    return at.has(truth::no) ? "" : " when true";
}

std::string line(char const* key, std::string const& text) {
    auto label = std::string(key);
    label.resize(9, ' ');
    return text.empty() ? "" : "      " + label + text + '\n';
}

std::string names_after(config const& settings, std::size_t place) {
    std::string out;
    for (auto const other : settings.book->milters()[place].after)
        (out += out.empty() ? "" : ", ") += settings.milters[other].name;
    return out;
}

std::string joined(std::vector<std::string> const& names) {
    std::string out;
    for (auto const& one : names) (out += out.empty() ? "" : ", ") += printable(one);
    return out;
}

// ---- profiles

std::vector<std::string> profiles_with(config const& settings, std::size_t place) {
    std::vector<std::string> names;
    for (auto const& one : settings.profiles)
        if (is_in(&one, place)) names.push_back(one.name);
    return names;
}

/// What comes in there goes through all milters.
bool has_listener_without_profile(config const& settings) {
    return std::any_of(settings.listens.begin(), settings.listens.end(),
                       [](auto const& one) { return one.profile.empty(); });
}

/// Whose mail goes through it: "inbound, listeners without a profile"; empty: nobody's.
std::string whose_mail(config const& settings, std::size_t place) {
    auto names = profiles_with(settings, place);
    if (has_listener_without_profile(settings)) names.emplace_back("listeners without a profile");
    return joined(names);
}

/// Empty: there are no profiles.
std::string profiles_line(config const& settings, std::size_t place) {
    if (settings.profiles.empty()) return {};
    auto const whose = whose_mail(settings, place);
    return line("profiles", whose.empty() ? "none: it is not asked" : whose);
}

std::string always_line(config const& settings, std::size_t place) {
    if (settings.profiles.empty()) return line("always", "runs for all mail");
    return line("always", whose_mail(settings, place).empty() ? "" : "runs for all mail of these");
}

std::vector<std::string> milters_of(config const& settings, profile_config const& of) {
    std::vector<std::string> names;
    for (auto const place : of.order) names.push_back(settings.milters[place].name);
    return names;
}

std::string profile_text(config const& settings, profile_config const& of) {
    std::vector<std::string> names;
    for (auto const place : of.order) {
        auto const& one = settings.milters[place];
        names.push_back(one.name + (one.enabled ? "" : " (not enabled)"));
    }
    return "  " + printable(of.name) + ": " + (names.empty() ? "no milters" : joined(names)) + '\n';
}

/// Empty: there are none.
std::string profiles_text(config const& settings) {
    if (settings.profiles.empty()) return {};
    std::string out = "profiles, with their milters in the order in which they are asked\n";
    for (auto const& one : settings.profiles) out += profile_text(settings, one);
    return out;
}

// ---- milters and rules

std::string milter_text(config const& settings, std::size_t place) {
    auto const& book = *settings.book;
    auto const& when = book.milters()[place].when;
    auto out = profiles_line(settings, place);
    if (when) out += line("when", rule::on_one_line(when->text));
    auto const users = users_of(book, place);
    for (auto const& one : users) {
        auto const& of = book.rules()[one.rule];
        out += line("rule", rule::in_quotes(of.name) + ' ' + one.does + ": " +
                                rule::on_one_line(of.when.text));
    }
    if (!when && users.empty())
        return out + always_line(settings, place) + line("after", names_after(settings, place));
    auto const ahead = rule::outlook_of_milter(book, place);
    return out + line("decided", decision_text(ahead)) +
           line("costs", rule::describe(rule::demand_of_milter(book, place))) +
           line("after", names_after(settings, place));
}

std::string rule_line(config const& settings, std::size_t index) {
    auto const& book = *settings.book;
    auto const& one = book.rules()[index];
    return "  " + rule::in_quotes(one.name) + '\n' +
           line("when", rule::on_one_line(one.when.text)) +
           line("does", effect_of(*written_rule(settings, one.name))) +
           line("decided", decision_text(rule::outlook_of_rule(book, index)));
}

// ---- what the MTA is asked for

constexpr std::array always_asked = {command_code::connect, command_code::helo,
                                     command_code::mail,    command_code::rcpt,
                                     command_code::header,  command_code::end_of_message};

/// In the sessions of this milter nobody knows what it wants when the MTA asks.
bool comes_late(config const& settings, std::size_t place) {
    auto const& one = settings.milters[place];
    bool const is_evaluated = std::any_of(settings.evaluated.begin(), settings.evaluated.end(),
                                          [&](auto const& other) { return other.place == place; });
    auto const ahead = rule::outlook_of_milter(*settings.book, place);
    return one.enabled &&
           (is_evaluated || !one.sample.is_whole() || ahead.decided_by() != rule::stage::start);
}

std::vector<std::string> late_milters(config const& settings) {
    std::vector<std::string> names;
    for (auto const place : settings.order)
        if (comes_late(settings, place)) names.push_back(settings.milters[place].name);
    return names;
}

std::vector<std::string> commands_always_asked() {
    std::vector<std::string> names;
    names.reserve(std::size(always_asked));
    for (auto const code : always_asked) names.emplace_back(wire::name_of(code));
    return names;
}

std::string asked_commands_text(config const& settings) {
    auto const by_rules = names_of_commands(settings.rule_steps);
    auto const by_milters = names_of_commands(wire::step::all_no & ~settings.rule_steps);
    auto const late = late_milters(settings);
    return "commands that the MTA is asked for\n" +
           line("always", joined(commands_always_asked())) + line("rules", joined(by_rules)) +
           line("milters",
                joined(by_milters) + (late.empty() ? ": what one of them wants"
                                                   : ": not known of " + joined(late) +
                                                         " when the MTA asks, so all of them"));
}

// ---- as JSON

json asked_commands_json(config const& settings) {
    return {{"always", commands_always_asked()},
            {"rules", names_of_commands(settings.rule_steps)},
            {"milters", names_of_commands(wire::step::all_no & ~settings.rule_steps)},
            {"late", late_milters(settings)}};
}

json decided_json(rule::outlook const& ahead) {
    return {{"from", rule::name_of(ahead.decided_from())},
            {"by", rule::name_of(ahead.decided_by())},
            {"text", decision_text(ahead)}};
}

json needs_json(rule::demand const& of) {
    json out{{"stages", json::array()}, {"macros", of.macros}};
    for (std::size_t i = 1; i < rule::stage_count; ++i)
        if (!of.facts[i].empty()) out["stages"].push_back(rule::stage_names[i]);
    return out;
}

json milter_json(config const& settings, std::size_t place) {
    auto const& book = *settings.book;
    auto const& one = book.milters()[place];
    json out{{"name", settings.milters[place].name}, {"enabled", settings.milters[place].enabled}};
    if (!settings.profiles.empty()) out["profiles"] = profiles_with(settings, place);
    out["when"] = one.when ? json(one.when->text) : json();
    auto& rules = out["rules"] = json::array();
    for (auto const& user : users_of(book, place)) {
        auto const& of = book.rules()[user.rule];
        rules.push_back({{"name", of.name}, {"does", user.does}, {"when", of.when.text}});
    }
    out["decided"] = decided_json(rule::outlook_of_milter(book, place));
    out["needs"] = needs_json(rule::demand_of_milter(book, place));
    auto& after = out["after"] = json::array();
    for (auto const other : one.after) after.push_back(settings.milters[other].name);
    return out;
}

json rule_json(config const& settings, std::size_t index) {
    auto const& one = settings.book->rules()[index];
    return {{"name", one.name},
            {"when", one.when.text},
            {"does", effect_of(*written_rule(settings, one.name))},
            {"decided", decided_json(rule::outlook_of_rule(*settings.book, index))}};
}

json problems_json(std::vector<config_problem> const& problems) {
    constexpr std::string_view weights[] = {"error", "warning", "note"};
    auto list = json::array();
    for (auto const& one : problems)
        list.push_back({{"file", one.file},
                        {"line", one.line},
                        {"column", one.column},
                        {"weight", weights[static_cast<std::size_t>(one.weight)]},
                        {"message", one.message},
                        {"hint", one.hint}});
    return list;
}

rules_answer as_json(ready_rules const& rules) {
    json out{{"problems", problems_json(rules.problems)}};
    if (!rules.settings) return {EX_CONFIG, corpus::to_line(out) + '\n', {}};
    auto const& settings = *rules.settings;
    out["milters"] = json::array();
    for (auto const place : settings.order) out["milters"].push_back(milter_json(settings, place));
    for (auto const& one : settings.profiles) out["profiles"][one.name] = milters_of(settings, one);
    out["rules"] = json::array();
    for (std::size_t i = 0; i < settings.book->rules().size(); ++i)
        out["rules"].push_back(rule_json(settings, i));
    out["commands"] = asked_commands_json(settings);
    auto const tests = run_tests(settings);
    out["tests"] = {{"count", tests.count}, {"failed", tests.failed}};
    return {tests.failed == 0 ? EX_OK : some_test_fails, corpus::to_line(out) + '\n', {}};
}

std::string notes_of(std::vector<config_problem> const& problems) {
    std::string out;
    for (auto const& one : problems)
        if (one.weight == problem_weight::note) out += to_string(one) + '\n';
    return out;
}

} // namespace

std::string decision_text(rule::outlook const& ahead) {
    auto const from = ahead.decided_from();
    auto const by = ahead.decided_by();
    auto const last = std::string(rule::name_of(by));
    if (from == by) return "at " + last;
    return "from " + std::string(rule::name_of(from)) + which_answers(ahead[from]) + ", at " +
           last + " at the latest";
}

std::string overview(config const& settings) {
    std::string out = "milters, in the order in which they are asked\n";
    std::size_t number = 0;
    for (auto const place : settings.order) {
        auto const& one = settings.milters[place];
        out += "  " + std::to_string(++number) + ' ' + printable(one.name) +
               (one.enabled ? "\n" : " (not enabled)\n") + milter_text(settings, place);
    }
    out += profiles_text(settings);
    if (!settings.book->rules().empty()) out += "rules\n";
    for (std::size_t i = 0; i < settings.book->rules().size(); ++i) out += rule_line(settings, i);
    return out + asked_commands_text(settings);
}

rules_answer check_rules(rules_request const& request, machine const& here) {
    auto const rules = load_rules(request.config_file, &here);
    if (request.json) return as_json(rules);
    auto problems = text_of(rules.problems);
    if (!rules.settings) return {EX_CONFIG, {}, std::move(problems)};
    auto const tests = run_tests(*rules.settings);
    return {tests.failed == 0 ? EX_OK : some_test_fails,
            notes_of(rules.problems) + overview(*rules.settings) + tests.failures +
                describe(tests) + '\n',
            std::move(problems)};
}

} // namespace milter::manager
