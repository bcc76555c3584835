// SPDX-License-Identifier: BSL-1.0
// manager/rules/test_verb.cpp
#include "manager/rules/test_verb.hpp"

#include "manager/config/printable.hpp"
#include "manager/config/rule_test.hpp"
#include "manager/rules/course_text.hpp"
#include "manager/rules/given_course.hpp"
#include "manager/rules/ready_rules.hpp"
#include <milter/corpus/conversation_json.hpp>

#include <sysexits.h>

#include <algorithm>

namespace milter::manager {

namespace {

using json = nlohmann::ordered_json;

bool has(std::vector<std::string> const& list, std::string const& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

/// Whether its answer may have been a surprise: it runs and should not, or the other way round, or it was decided late.
bool is_concerned(milter_course const& one, std::string const& name, test_config const& test,
                  test_result const& result) {
    auto const& expected = test.expect;
    bool const runs = one.runs.value_or(false);
    if (has(expected.runs, name) && !runs) return true;
    if (has(expected.not_milters, name) && runs) return true;
    if (expected.milters && has(*expected.milters, name) != runs) return true;
    auto const& decided = result.outcome.decided;
    return expected.decided_at && *expected.decided_at != result.outcome.decided_at &&
           std::any_of(decided.begin(), decided.end(), [&](auto const& of) {
               return of.first == name && of.second == result.outcome.decided_at;
           });
}

std::string conditions_concerned(config const& settings, mail_course const& course,
                                 test_result const& result) {
    std::string out;
    auto const& names = settings.book->condition_names();
    for (std::size_t i = 0; i < names.size(); ++i)
        for (auto const& one : result.differences)
            if (one.what == "conditions." + names[i])
                out += "condition " + names[i] + '\n' +
                       indented(rule::describe(course.why_condition(i)), 2);
    return out;
}

bool is_about_rules(test_difference const& one) {
    return one.what == "verdict" || one.what == "reply" || one.what == "tags" ||
           one.what.starts_with("macros.");
}

/// Where what they do is not as expected: those that might have done it.
std::string rules_concerned(config const& settings, mail_course const& course,
                            test_result const& result) {
    if (std::none_of(result.differences.begin(), result.differences.end(), is_about_rules))
        return {};
    std::string out;
    auto const& rules = settings.book->rules();
    for (std::size_t i = 0; i < rules.size(); ++i) {
        auto const& one = rules[i];
        bool const acts = one.verdict != rule::verdict_kind::none || !one.tag.empty() ||
                          !one.set_macros.empty() || !one.default_macros.empty();
        if (acts)
            out += "rule " + in_quotes(one.name) + '\n' +
                   indented(rule::describe(course.why_rule(i)), 2);
    }
    return out;
}

std::string reasons_for(config const& settings, test_config const& test,
                        test_result const& result) {
    given_course const mail(settings, test, reasons::kept);
    std::string out;
    for (auto const& one : mail.course().milters())
        if (is_concerned(one, settings.milters[one.place].name, test, result))
            out += text_of(settings, one);
    return out + conditions_concerned(settings, mail.course(), result) +
           rules_concerned(settings, mail.course(), result);
}

std::string differences_text(test_result const& result) {
    std::string out;
    for (auto const& one : result.differences)
        out += one.what == "given"
                   ? one.got + '\n'
                   : one.what + ": expected " + one.expected + ", got " + one.got + '\n';
    return out;
}

std::string headline(test_config const& test, char const* what) {
    return printable(test.file) + ':' + std::to_string(test.line) + ": " + what + ": " +
           in_quotes(test.name) + '\n';
}

std::string failure_text(config const& settings, test_config const& test,
                         test_result const& result) {
    return headline(test, "fails") + indented(differences_text(result), 2) +
           indented(reasons_for(settings, test, result), 4);
}

json json_of(config const& settings, test_config const& test, test_result const& result) {
    json out{
        {"name", test.name}, {"file", test.file}, {"line", test.line}, {"passed", result.passed}};
    if (result.passed) return out;
    for (auto const& one : result.differences)
        out["differences"].push_back(
            {{"what", one.what}, {"expected", one.expected}, {"got", one.got}});
    given_course const mail(settings, test, reasons::kept);
    auto const missing = mail.missing();
    out["course"] = milter::manager::json_of(course_view{settings, mail.course(), {}, missing});
    return out;
}

bool is_asked_for(test_config const& test, std::string const& filter) {
    return test.name.find(filter) != test.name.npos;
}

rules_answer as_json(config const& settings, rules_request const& request) {
    json out{{"tests", json::array()}, {"failed", 0}};
    std::size_t failed = 0;
    for (auto const& test : settings.tests) {
        if (!is_asked_for(test, request.filter)) continue;
        auto const result = run_test(settings, test);
        failed += result.passed ? 0 : 1;
        out["tests"].push_back(json_of(settings, test, result));
    }
    out["failed"] = failed;
    return {failed == 0 ? EX_OK : some_test_fails, corpus::to_line(out) + '\n', {}};
}

std::string passing_text(config const& settings, std::string const& filter) {
    std::string out;
    for (auto const& test : settings.tests)
        if (is_asked_for(test, filter) && run_test(settings, test).passed)
            out += headline(test, "passes");
    return out;
}

bool has_test(config const& settings, std::string const& filter) {
    return std::any_of(settings.tests.begin(), settings.tests.end(),
                       [&](test_config const& one) { return is_asked_for(one, filter); });
}

std::string no_such_test(config const& settings, std::string const& filter) {
    auto const count = settings.tests.size();
    return "milter-manager: no test has " + in_quotes(filter) + " in its name; " +
           (count == 0 ? "the configuration has no tests\n"
                       : "rules test -v lists all " + std::to_string(count) + '\n');
}

} // namespace

tests_summary run_tests(config const& settings, std::string const& filter) {
    tests_summary summary;
    for (auto const& test : settings.tests) {
        if (!is_asked_for(test, filter)) continue;
        ++summary.count;
        auto const result = run_test(settings, test);
        if (result.passed) continue;
        ++summary.failed;
        summary.failures += failure_text(settings, test, result);
    }
    return summary;
}

std::string describe(tests_summary const& of) {
    if (of.count == 0) return "no tests";
    auto const all = std::to_string(of.count) + (of.count == 1 ? " test" : " tests");
    if (of.failed == 0) return all + (of.count == 1 ? ", it passes" : ", all pass");
    return std::to_string(of.failed) + " of " + all + (of.failed == 1 ? " fails" : " fail");
}

rules_answer test_rules(rules_request const& request) {
    auto const rules = load_rules(request.config_file);
    if (!rules.settings) return {EX_CONFIG, {}, text_of(rules.problems)};
    auto const& settings = *rules.settings;
    if (!request.filter.empty() && !has_test(settings, request.filter))
        return {EX_NOINPUT, {}, no_such_test(settings, request.filter)};
    if (request.json) return as_json(settings, request);
    auto const summary = run_tests(settings, request.filter);
    auto const passing = request.verbose ? passing_text(settings, request.filter) : std::string();
    return {summary.failed == 0 ? EX_OK : some_test_fails,
            passing + summary.failures + describe(summary) + '\n',
            {}};
}

} // namespace milter::manager
