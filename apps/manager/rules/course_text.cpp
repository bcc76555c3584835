// SPDX-License-Identifier: BSL-1.0
// manager/rules/course_text.cpp
#include "manager/rules/course_text.hpp"

#include "manager/config/printable.hpp"
#include "manager/rules/log_comparison.hpp"
#include "manager/rules/rule_effect.hpp"
#include "manager/rules/rule_user.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace milter::manager {

namespace {

using json = nlohmann::ordered_json;
using rule::truth;

std::string joined(std::vector<std::string> const& words) {
    std::string out;
    for (auto const& one : words) (out += out.empty() ? "" : ", ") += one;
    return out;
}

/// The rules that hold, in their order.
std::vector<rule::rule_text const*> holding(course_view const& of) {
    std::vector<rule::rule_text const*> found;
    auto const& rules = of.settings.book->rules();
    for (std::size_t i = 0; i < rules.size(); ++i)
        if (of.course.rule_holds(i) == truth::yes)
            found.push_back(written_rule(of.settings, rules[i].name));
    return found;
}

bool is_shown(course_view const& of, milter_course const& one) {
    return of.milter.empty() || of.settings.milters[one.place].name == of.milter;
}

// ---- as text

/// "not known yet at start, connect; true at helo"
std::string answers_text(std::vector<stage_answer> const& answers) {
    std::string out;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        bool const is_other = i == 0 || answers[i].answer != answers[i - 1].answer;
        if (is_other)
            out += (i == 0 ? "" : "; ") + std::string(rule::name_of(answers[i].answer)) + " at ";
        else
            out += ", ";
        out += name_of(answers[i]);
    }
    return out;
}

std::string fate_text(milter_course const& of) {
    if (!of.runs) return " is undecided";
    std::string const fate = *of.runs ? " runs" : " does not run";
    return fate + (of.is_evaluated ? " to be evaluated" : "") + ", decided at " +
           name_of(of.answers.back()) +
           (of.may_be_evaluated ? "; whether it is evaluated is undecided" : "");
}

std::string verdict_text(mail_course const& of) {
    auto const& [decided, rule] = of.verdict();
    if (!decided) return "not decided";
    if (!rule) return "none, decided at " + name_of(*decided);
    return std::string(name_of(rule->verdict)) +
           (rule->reply.empty() ? "" : ' ' + in_quotes(rule->reply)) + " by rule " +
           in_quotes(rule->name) + ", decided at " + name_of(*decided);
}

// ---- what the log says, where the mail is from one

/// On a line of its own; empty: nothing.
std::string log_line(logged_word const& word) {
    return word.text.empty() ? "" : "  " + word.told() + '\n';
}

std::string logged_milter_text(course_view const& of, milter_course const& one) {
    if (!of.logged) return {};
    return log_line(word_on_milter(of.logged->outcome, of.settings.milters[one.place].name, one));
}

std::string logged_rules_gone(course_view const& of) {
    std::string out;
    if (!of.logged) return out;
    for (auto const& name : rules_gone(of.logged->outcome, of.settings))
        out += "rule " + in_quotes(name) + " is not in the configuration\n  the log says: held\n";
    return out;
}

/// What the rules as a whole have come to.
std::string logged_end_text(course_view const& of) {
    if (!of.logged) return {};
    auto const& log = of.logged->outcome;
    auto out = log_line(word_on_verdict(log, of.course.verdict()));
    if (!log.tags.empty()) out += "tags, as the log says: " + printable(joined(log.tags)) + '\n';
    auto const other = contradictions(log, of.settings, of.course);
    if (!other.empty())
        out += "The log contradicts today's rules about " + printable(joined(other)) +
               ": they were others, or depend on what the log does not have.\n";
    return out;
}

// ---- conditions and rules

std::string conditions_text(course_view const& of) {
    std::string out;
    auto const& names = of.settings.book->condition_names();
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto const answer = of.course.condition(i);
        out += "condition " + names[i] + ": " + std::string(rule::name_of(answer));
        auto const word =
            of.logged ? word_on_condition(of.logged->outcome, names[i], answer) : logged_word{};
        out += (word.text.empty() ? "" : "; " + word.told()) + '\n';
    }
    return out;
}

/// Those that hold, and those of which the log says so.
std::string rules_text(course_view const& of) {
    std::string out;
    auto const& rules = of.settings.book->rules();
    for (std::size_t i = 0; i < rules.size(); ++i) {
        auto const answer = of.course.rule_holds(i);
        auto const word =
            of.logged ? word_on_rule(of.logged->outcome, rules[i].name, answer) : logged_word{};
        if (answer != truth::yes && word.text != "held") continue;
        auto const what = answer == truth::yes  ? " holds: "
                          : answer == truth::no ? " does not hold: "
                                                : " is undecided: ";
        out += "rule " + in_quotes(rules[i].name) + what +
               effect_of(*written_rule(of.settings, rules[i].name)) + '\n' + log_line(word);
    }
    return out + logged_rules_gone(of);
}

// ---- as JSON

json text_or_null(bool has, std::string_view text) { return has ? json(text) : json(); }

json milter_json(milter_course const& of, config const& settings) {
    json out{{"name", settings.milters[of.place].name}};
    out["runs"] = of.runs ? json(*of.runs) : json();
    if (of.is_evaluated) out["evaluated"] = true;
    auto& answers = out["answers"] = json::array();
    for (auto const& one : of.answers) {
        json answer{{"stage", rule::name_of(one.at)}};
        if (one.recipient != 0) answer["recipient"] = one.recipient;
        answer["answer"] = rule::name_of(one.answer);
        answers.push_back(std::move(answer));
    }
    auto& why = out["why"] = json::array();
    for (auto const& one : of.why) {
        auto part = json_of(one.why);
        part["of"] = one.of;
        why.push_back(std::move(part));
    }
    return out;
}

json verdict_json(mail_course const& of) {
    auto const& [decided, rule] = of.verdict();
    if (!decided) return nullptr;
    json out{{"verdict", name_of(rule ? rule->verdict : rule::verdict_kind::none)}};
    if (rule && !rule->reply.empty()) out["reply"] = rule->reply;
    out["rule"] = text_or_null(rule != nullptr, rule ? rule->name : "");
    out["stage"] = rule::name_of(decided->at);
    return out;
}

} // namespace

std::string indented(std::string const& lines, std::size_t by) {
    std::string out;
    for (std::size_t at = 0; at < lines.size();) {
        auto const end = std::min(lines.find('\n', at), lines.size());
        out.append(by, ' ').append(lines, at, end - at).append(1, '\n');
        at = end + 1;
    }
    return out;
}

std::string text_of(config const& settings, milter_course const& of) {
    auto out = "milter " + settings.milters[of.place].name + fate_text(of) + '\n';
    if (!of.answers.empty()) out += "  " + answers_text(of.answers) + '\n';
    for (auto const& one : of.why)
        out += "  " + one.of + '\n' + indented(rule::describe(one.why), 4);
    return out;
}

std::string text_of(course_view const& of) {
    std::string out;
    for (auto const& one : of.course.milters())
        if (is_shown(of, one)) out += text_of(of.settings, one) + logged_milter_text(of, one);
    out += conditions_text(of) + rules_text(of);
    out += "verdict: " + verdict_text(of.course) + '\n' + logged_end_text(of);
    if (!of.missing.empty()) out += "asked for, but not known: " + joined(of.missing) + '\n';
    return out;
}

nlohmann::ordered_json json_of(rule::explanation const& of) {
    json out{{"text", of.text}, {"answer", rule::name_of(of.answer)}};
    if (!of.values.empty()) out["values"] = of.values;
    for (auto const& one : of.parts) out["parts"].push_back(json_of(one));
    return out;
}

nlohmann::ordered_json json_of(course_view const& of) {
    json out{{"milters", json::array()},
             {"conditions", json::object()},
             {"rules", json::array()},
             {"tags", json::array()},
             {"macros", json::array()}};
    for (auto const& one : of.course.milters())
        if (is_shown(of, one)) out["milters"].push_back(milter_json(one, of.settings));
    auto const& names = of.settings.book->condition_names();
    for (std::size_t i = 0; i < names.size(); ++i)
        out["conditions"][names[i]] = rule::name_of(of.course.condition(i));
    for (auto const* one : holding(of)) {
        out["rules"].push_back(one->name);
        auto& tags = out["tags"];
        if (!one->tag.empty() && std::find(tags.begin(), tags.end(), one->tag) == tags.end())
            tags.push_back(one->tag);
        for (auto const& macro : macros_of(*one)) out["macros"].push_back(macro);
    }
    out["verdict"] = verdict_json(of.course);
    out["missing"] = of.missing;
    if (of.logged) out["log"] = json_of(*of.logged, of.settings, of.course);
    return out;
}

} // namespace milter::manager
