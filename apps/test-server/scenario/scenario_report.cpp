// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/scenario_report.cpp - what came of scenarios: for people, and as JSON, JUnit and TAP
#include "test-server/scenario/scenario_report.hpp"

#include "cli/printable.hpp"
#include "cli/text_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <string_view>

namespace milter::test_server {

namespace {

using cli::printable;
using cli::text_json;
using json = nlohmann::ordered_json;

double seconds(proto::duration time) { return std::chrono::duration<double>(time).count(); }

std::string step_text(scenario_step const& one) {
    auto text = std::string(name_of(one.what));
    auto const add = [&](std::string_view what) { text.append(" ").append(printable(what)); };
    switch (one.what) {
    case step_kind::connect: add(one.client.host); break;
    case step_kind::header:
        if (!one.headers.empty()) add(one.headers.front().name);
        break;
    case step_kind::helo:
    case step_kind::mail:
    case step_kind::rcpt:
    case step_kind::unknown: add(one.text); break;
    case step_kind::message:
        if (!one.content_file.empty()) add(one.content_file);
        break;
    default: break;
    }
    return one.connection.empty() ? text : one.connection + ": " + text;
}

std::string place_text(file_place const& at) {
    return at.line == 0 ? printable(at.file) : fmt::format("{}:{}", printable(at.file), at.line);
}

std::string finding_text(step_finding const& one) {
    if (one.expected.empty()) return printable(one.found);
    return fmt::format("expected {}; found: {}", printable(one.expected), printable(one.found));
}

std::string answer_text(step_outcome const& outcome) {
    if (!outcome.attempted) return "not said: " + printable(outcome.why_not);
    if (!outcome.sent) return "not sent";
    auto text = std::string(name_of(outcome.given.what));
    if (!outcome.given.reply.empty())
        text += fmt::format(" \"{}\"", printable(outcome.given.reply));
    return text;
}

/// A line for each expectation that was not met, with its place.
std::vector<std::string> findings_of(played_scenario const& one) {
    std::vector<std::string> all;
    for (std::string_view rest = one.broken; !rest.empty();) { // a line each
        auto const end = std::min(rest.find('\n'), rest.size());
        all.push_back(printable(rest.substr(0, end)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!one.result.unreachable.empty())
        all.push_back(printable(one.file + ": " + one.result.unreachable));
    for (std::size_t i = 0; i < one.result.steps.size(); ++i)
        for (auto const& finding : one.result.steps[i].findings)
            all.push_back(fmt::format("{}: {}: {}", place_text(one.wanted.steps[i].at),
                                      step_text(one.wanted.steps[i]), finding_text(finding)));
    return all;
}

std::string title_of(played_scenario const& one) {
    return one.wanted.title.empty() ? one.file : one.wanted.title;
}

struct counts {
    std::size_t failed = 0, broken = 0;
    double time = 0;
};

counts count(std::vector<played_scenario> const& all) {
    counts sum;
    for (auto const& one : all) {
        bool const broken = !one.broken.empty() || !one.result.unreachable.empty();
        if (broken)
            ++sum.broken;
        else if (!one.passed())
            ++sum.failed;
        sum.time += seconds(one.result.took);
    }
    return sum;
}

json step_json(scenario_step const& step, step_result const& result) {
    auto const& outcome = result.outcome;
    json one{{"step", name_of(step.what)}, {"file", step.at.file}, {"line", step.at.line}};
    if (!step.connection.empty()) one["connection"] = text_json(step.connection);
    one["said"] = outcome.attempted;
    one["sent"] = outcome.attempted && outcome.sent;
    if (outcome.attempted) {
        one["status"] = name_of(outcome.given.what);
        one["stage"] = wire::name_of(outcome.given.stage);
        if (!outcome.given.reply.empty()) one["reply"] = text_json(outcome.given.reply);
        if (!outcome.given.heard.empty()) one["client_hears"] = text_json(outcome.given.heard);
        one["seconds"] = seconds(outcome.took);
    } else {
        one["why_not"] = text_json(outcome.why_not);
    }
    if (outcome.failed) one["error"] = text_json(outcome.failed->text);
    if (outcome.message) {
        auto edits = json::array();
        for (auto const& text : outcome.message->edits.texts) edits.push_back(text_json(text));
        one["edits"] = std::move(edits);
        one["edits_stand"] = outcome.message->edits_stand;
    }
    auto findings = json::array();
    for (auto const& finding : result.findings) {
        json missed;
        if (!finding.expected.empty()) missed["expected"] = text_json(finding.expected);
        missed["found"] = text_json(finding.found);
        findings.push_back(std::move(missed));
    }
    one["unmet"] = std::move(findings);
    return one;
}

json scenario_json(played_scenario const& one) {
    json object{{"title", text_json(title_of(one))},
                {"file", text_json(one.file)},
                {"passed", one.passed()},
                {"seconds", seconds(one.result.took)}};
    auto const& error = one.broken.empty() ? one.result.unreachable : one.broken;
    object["error"] = error.empty() ? json() : text_json(error);
    auto steps = json::array();
    for (std::size_t i = 0; i < one.result.steps.size(); ++i)
        steps.push_back(step_json(one.wanted.steps[i], one.result.steps[i]));
    object["steps"] = std::move(steps);
    return object;
}

/// Of what is printable: XML 1.0 has no place for other things.
std::string xml(std::string_view text) {
    std::string out;
    for (char const c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        default: out += c;
        }
    }
    return out;
}

std::string junit_case(played_scenario const& one) {
    auto text = fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"{:.6f}\"",
                            xml(printable(one.file)), xml(printable(title_of(one))),
                            seconds(one.result.took));
    if (one.passed()) return text + "/>\n";
    bool const broken = !one.broken.empty() || !one.result.unreachable.empty();
    auto const* const tag = broken ? "error" : "failure";
    auto const findings = findings_of(one);
    text += fmt::format(">\n    <{} message=\"{}\">", tag, xml(findings.front()));
    for (auto const& line : findings) text += xml(line) + "\n";
    return text + fmt::format("</{}>\n  </testcase>\n", tag);
}

} // namespace

std::string report_text(played_scenario const& one, bool all_steps, bool color) {
    auto const* const word = one.passed() ? "ok" : "FAILED";
    auto text =
        color ? fmt::format("\x1b[{}m{}\x1b[0m", one.passed() ? 32 : 31, word) : std::string(word);
    text += fmt::format("{}{}  {:.3f} s\n", std::string(8 - std::string_view(word).size(), ' '),
                        printable(one.broken.empty() ? title_of(one) : one.file),
                        seconds(one.result.took));
    for (auto const& line : findings_of(one)) text += fmt::format("        {}\n", line);
    for (std::size_t i = 0; all_steps && i < one.result.steps.size(); ++i)
        text +=
            fmt::format("        {}: {} -> {}\n", place_text(one.wanted.steps[i].at),
                        step_text(one.wanted.steps[i]), answer_text(one.result.steps[i].outcome));
    return text;
}

std::string summary_text(std::vector<played_scenario> const& all) {
    auto const sum = count(all);
    auto text =
        fmt::format("{} scenario{}: {} passed, {} failed", all.size(), all.size() == 1 ? "" : "s",
                    all.size() - sum.failed - sum.broken, sum.failed);
    if (sum.broken != 0) text += fmt::format(", {} could not be played", sum.broken);
    return text;
}

std::string report_json(std::vector<played_scenario> const& all, std::string const& endpoint) {
    json report{{"schema", "milter-scenarios/v1"}, {"milter", text_json(endpoint)}};
    auto const sum = count(all);
    report["passed"] = all.size() - sum.failed - sum.broken;
    report["failed"] = sum.failed;
    report["not_played"] = sum.broken;
    auto scenarios = json::array();
    for (auto const& one : all) scenarios.push_back(scenario_json(one));
    report["scenarios"] = std::move(scenarios);
    return report.dump(2, ' ', false, json::error_handler_t::replace);
}

std::string report_junit(std::vector<played_scenario> const& all) {
    auto const sum = count(all);
    auto text = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                            "<testsuite name=\"milter-test-server\" tests=\"{}\" failures=\"{}\" "
                            "errors=\"{}\" time=\"{:.6f}\">\n",
                            all.size(), sum.failed, sum.broken, sum.time);
    for (auto const& one : all) text += junit_case(one);
    return text + "</testsuite>";
}

std::string report_tap(std::vector<played_scenario> const& all) {
    auto text = fmt::format("TAP version 13\n1..{}", all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto title = printable(title_of(all[i]));
        std::replace(title.begin(), title.end(), '#', ' '); // begins a directive
        text += fmt::format("\n{} {} - {}", all[i].passed() ? "ok" : "not ok", i + 1, title);
        for (auto const& line : findings_of(all[i])) text += "\n# " + line;
    }
    return text;
}

} // namespace milter::test_server
