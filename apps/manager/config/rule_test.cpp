// SPDX-License-Identifier: BSL-1.0
// manager/config/rule_test.cpp
#include "manager/config/rule_test.hpp"

#include "manager/config/printable.hpp"
#include "manager/config/rule_walk.hpp"

#include <algorithm>
#include <string_view>

namespace milter::manager {

namespace {

std::string list_of(std::vector<std::string> const& names) {
    std::string out;
    for (auto const& one : names) (out += out.empty() ? "" : ", ") += one;
    return out.empty() ? "none" : out;
}

std::string_view name_of(rule::verdict_kind what) {
    constexpr std::string_view names[] = {"none", "accept", "reject", "tempfail"};
    return names[static_cast<std::size_t>(what)];
}

/// What was expected beside what there is.
class comparison {
public:
    comparison(expectation const& expected, rule_outcome const& got)
        : expected_(expected), got_(got) {}

    std::vector<test_difference> differences() && {
        compare_milters();
        if (expected_.verdict && *expected_.verdict != got_.verdict)
            differ("verdict", std::string(name_of(*expected_.verdict)), verdict_text());
        if (!expected_.reply.empty() && expected_.reply != got_.reply)
            differ("reply", in_quotes(expected_.reply),
                   got_.reply.empty() ? "none" : in_quotes(got_.reply));
        if (expected_.tags && *expected_.tags != got_.tags)
            differ("tags", list_of(*expected_.tags), list_of(got_.tags));
        compare_conditions();
        compare_macros();
        if (expected_.decided_at && *expected_.decided_at != got_.decided_at)
            differ("decided_at", std::string(rule::name_of(*expected_.decided_at)), stages_text());
        return std::move(differences_);
    }

private:
    void differ(std::string what, std::string expected, std::string got) {
        differences_.push_back({std::move(what), std::move(expected), std::move(got)});
    }

    bool runs(std::string const& milter) const {
        auto const& all = got_.milters;
        return std::find(all.begin(), all.end(), milter) != all.end();
    }

    void compare_milters() {
        if (expected_.milters && *expected_.milters != got_.milters)
            differ("milters", list_of(*expected_.milters), list_of(got_.milters));
        for (auto const& one : expected_.runs)
            if (!runs(one)) differ("runs", one + " runs", "it does not run");
        for (auto const& one : expected_.not_milters)
            if (runs(one)) differ("not_milters", one + " does not run", "it runs");
    }

    void compare_conditions() {
        for (auto const& [name, holds] : expected_.conditions)
            for (auto const& [other, answer] : got_.conditions)
                if (other == name && answer != rule::truth_of(holds))
                    differ("conditions." + name, holds ? "true" : "false",
                           std::string(rule::name_of(answer)));
    }

    void compare_macros() {
        for (auto const& [milter, macros] : expected_.macros)
            for (auto const& one : macros) {
                auto const got = macro_of(milter, one.name);
                if (!got || *got != one.value)
                    differ("macros." + milter + '.' + one.name, in_quotes(one.value),
                           got ? in_quotes(*got) : "as the MTA sends it");
            }
    }

    std::optional<std::string> macro_of(std::string const& milter, std::string const& name) const {
        for (auto const& [other, macros] : got_.macros)
            if (other == milter)
                for (auto const& one : macros)
                    if (one.name == name) return one.value;
        return std::nullopt;
    }

    std::string verdict_text() const {
        auto text = std::string(name_of(got_.verdict));
        return got_.rule.empty() ? text : text + ", by the rule " + in_quotes(got_.rule);
    }

    /// Who of them was the last.
    std::string stages_text() const {
        auto text = std::string(rule::name_of(got_.decided_at));
        std::vector<std::string> late;
        for (auto const& [name, at] : got_.decided)
            if (at == got_.decided_at) late.push_back(name);
        return text + (late.empty() ? ", by the verdict" : ", by " + list_of(late));
    }

    expectation const& expected_;
    rule_outcome const& got_;
    std::vector<test_difference> differences_;
};

/// Without rules each milter runs.
rule_outcome outcome_without_rules(config const& what, test_config const& test) {
    rule_outcome out;
    for (auto const place : milters_for(what, test)) {
        auto const& name = what.milters[place].name;
        out.milters.push_back(name);
        out.decided.emplace_back(name, rule::stage::start);
    }
    return out;
}

} // namespace

rule_outcome outcome_of(config const& what, test_config const& test) {
    return what.book ? rule_walk(what, test).walk() : outcome_without_rules(what, test);
}

test_result run_test(config const& what, test_config const& test) {
    test_result result;
    result.outcome = outcome_of(what, test);
    result.differences = comparison(test.expect, result.outcome).differences();
    for (auto const& fact : result.outcome.missing)
        result.differences.push_back({"given", fact, fact + " is not given"});
    result.passed = result.differences.empty();
    return result;
}

config_problem to_problem(test_config const& test, test_result const& result) {
    config_problem problem;
    problem.file = test.file;
    problem.line = test.line;
    problem.column = test.column;
    problem.weight = problem_weight::warning;
    problem.message = "test " + in_quotes(test.name) + " fails";
    std::string separator = ": ";
    for (auto const& one : result.differences) {
        problem.message +=
            separator + (one.what == "given"
                             ? one.got
                             : one.what + ": expected " + one.expected + ", got " + one.got);
        separator = "; ";
    }
    for (auto const& [name, answer] : result.outcome.conditions)
        (problem.hint += problem.hint.empty() ? "conditions: " : ", ") +=
            name + " is " + std::string(rule::name_of(answer));
    return problem;
}

std::vector<config_problem> failing_tests(config const& what) {
    std::vector<config_problem> failing;
    for (auto const& one : what.tests)
        if (auto const result = run_test(what, one); !result.passed)
            failing.push_back(to_problem(one, result));
    return failing;
}

} // namespace milter::manager
