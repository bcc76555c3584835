// SPDX-License-Identifier: BSL-1.0
// cli/case_report.cpp - what a suite of numbered cases has found, as text and as JUnit's XML
#include "cli/case_report.hpp"

#include "cli/statement.hpp"

#include <fmt/format.h>

namespace milter::cli {

namespace {

std::string_view color_of(case_verdict one) noexcept {
    switch (one) {
    case case_verdict::pass: return "\x1b[32m";
    case case_verdict::fail: return "\x1b[31m";
    case case_verdict::skipped: return "\x1b[2m";
    case case_verdict::inconclusive: return "\x1b[33m";
    }
    return {};
}

std::string escaped_xml(std::string_view text) {
    std::string out;
    for (char c : text) {
        switch (c) {
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '&': out += "&amp;"; break;
        case '"': out += "&quot;"; break;
        default: out += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? '?' : c;
        }
    }
    return out;
}

std::string why(case_result const& one) {
    return fmt::format("statement {}: {}\nexpected: {}\nfound: {}\n", one.head.statement,
                       statement_text(one.head.statement), one.head.expected, one.found);
}

std::string junit_case(case_result const& one) {
    auto out = fmt::format("  <testcase name=\"{} {}\" classname=\"{}\"", one.head.id,
                           escaped_xml(one.head.title), name_of(one.head.binds));
    if (one.verdict == case_verdict::pass) return out + "/>\n";
    if (one.verdict != case_verdict::fail)
        return out + fmt::format(">\n    <skipped message=\"{}\"/>\n  </testcase>\n",
                                 escaped_xml(one.found));
    auto details = why(one);
    for (auto const& line : one.packets) details += line + "\n";
    return out + fmt::format(">\n    <failure message=\"{}\">{}</failure>\n  </testcase>\n",
                             escaped_xml(one.found), escaped_xml(details));
}

} // namespace

std::string_view name_of(level one) noexcept {
    switch (one) {
    case level::must: return "must";
    case level::should: return "should";
    case level::may: return "may";
    }
    return {};
}

std::string_view name_of(case_verdict one) noexcept {
    switch (one) {
    case case_verdict::pass: return "pass";
    case case_verdict::fail: return "fail";
    case case_verdict::skipped: return "skipped";
    case case_verdict::inconclusive: return "inconclusive";
    }
    return {};
}

case_counts count(std::vector<case_result> const& all) noexcept {
    case_counts counts;
    for (auto const& one : all) switch (one.verdict) {
        case case_verdict::pass: ++counts.passed; break;
        case case_verdict::skipped: ++counts.skipped; break;
        case case_verdict::inconclusive: ++counts.inconclusive; break;
        case case_verdict::fail:
            ++counts.failed;
            if (one.head.binds == level::must) ++counts.failed_must;
            if (one.head.binds == level::should) ++counts.failed_should;
        }
    return counts;
}

std::string case_text(case_result const& one, case_style style) {
    auto word = fmt::format("{:<12}", name_of(one.verdict));
    if (style.color) word = fmt::format("{}{}\x1b[0m", color_of(one.verdict), word);
    auto out = fmt::format("{:<5} {:<6} {} {}", one.head.id, name_of(one.head.binds), word,
                           one.head.title);
    bool const failed = one.verdict == case_verdict::fail;
    if (!failed && one.verdict != case_verdict::pass) out += fmt::format(" ({})", one.found);
    out += '\n';
    if (failed)
        out += fmt::format("      statement {}: {}\n      expected: {}\n      found:    {}\n",
                           one.head.statement, statement_text(one.head.statement),
                           one.head.expected, one.found);
    if (failed || style.verbose)
        for (auto const& line : one.packets) out += fmt::format("        {}\n", line);
    return out;
}

std::string counts_text(case_counts const& counts) {
    return fmt::format("{} passed, {} failed ({} must, {} should), {} skipped, {} inconclusive\n",
                       counts.passed, counts.failed, counts.failed_must, counts.failed_should,
                       counts.skipped, counts.inconclusive);
}

std::string report_junit(report_head const& head, std::vector<case_result> const& all) {
    auto const counts = count(all);
    auto out = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{} {}\" "
                           "tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
                           escaped_xml(head.schema), escaped_xml(head.peer), all.size(),
                           counts.failed, counts.skipped + counts.inconclusive);
    for (auto const& one : all) out += junit_case(one);
    return out + "</testsuite>\n";
}

bool has_failed(case_counts const& counts, bool strict) noexcept {
    bool const shows_nothing = counts.passed == 0 && counts.inconclusive != 0;
    return shows_nothing || counts.failed_must != 0 || (strict && counts.failed_should != 0);
}

} // namespace milter::cli
