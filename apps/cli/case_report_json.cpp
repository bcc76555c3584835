// SPDX-License-Identifier: BSL-1.0
// cli/case_report_json.cpp - what a suite of numbered cases has found, as JSON
#include "cli/case_report.hpp"
#include "cli/statement.hpp"

#include <nlohmann/json.hpp>

namespace milter::cli {

namespace {

using json = nlohmann::ordered_json;

json case_json(case_result const& one) {
    json out{{"case", one.head.id},
             {"statement", one.head.statement},
             {"level", name_of(one.head.binds)},
             {"title", one.head.title},
             {"verdict", name_of(one.verdict)}};
    if (one.verdict == case_verdict::pass) return out;
    out["found"] = one.found;
    if (one.verdict != case_verdict::fail) return out;
    out["statement_text"] = statement_text(one.head.statement);
    out["expected"] = one.head.expected;
    out["packets"] = one.packets;
    return out;
}

} // namespace

std::string report_json(report_head const& head, std::vector<case_result> const& all) {
    auto const counts = count(all);
    json report{{"schema", head.schema},
                {"side", head.side},
                {"peer", head.peer},
                {"strict", head.strict},
                {"failed", has_failed(counts, head.strict)}};
    report["counts"] = {
        {"passed", counts.passed},           {"failed", counts.failed},
        {"failed_must", counts.failed_must}, {"failed_should", counts.failed_should},
        {"skipped", counts.skipped},         {"inconclusive", counts.inconclusive}};
    auto cases = json::array();
    for (auto const& one : all) cases.push_back(case_json(one));
    report["cases"] = std::move(cases);
    return report.dump(2, ' ', false, json::error_handler_t::replace);
}

} // namespace milter::cli
