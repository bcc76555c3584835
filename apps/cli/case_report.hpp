// SPDX-License-Identifier: BSL-1.0
// cli/case_report.hpp - what a suite of numbered cases has found, for people and for programs
//
// A case bears the number of the statement that it tries (docs/protocol.md, section 10), with a letter where a statement
// has several.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace milter::cli {

/// How much a statement binds. must: mail is lost, held up or misjudged where it is broken, by MTAs and milters as they
/// are; should: it matters with a peer that errs, or with none that is known; may: only told.
enum class level { must, should, may };

enum class case_verdict {
    pass,
    fail,
    skipped,      ///< it does not apply: what it is about was not negotiated, or never came
    inconclusive, ///< it applies, and nothing was seen that would decide it
};

std::string_view name_of(level one) noexcept;
std::string_view name_of(case_verdict one) noexcept;

struct case_head {
    std::string id;         ///< "28", "99b"
    unsigned statement = 0; ///< of docs/protocol.md
    level binds = level::must;
    std::string title;
    std::string expected; ///< in words
};

struct case_result {
    case_head head;
    case_verdict verdict = case_verdict::inconclusive;
    std::string found;                ///< in words; of a case that was skipped, why
    std::vector<std::string> packets; ///< both ways, with their bytes
};

struct case_counts {
    std::size_t passed = 0, failed = 0, skipped = 0, inconclusive = 0;
    std::size_t failed_must = 0, failed_should = 0;
};

case_counts count(std::vector<case_result> const& all) noexcept;

/// Of the report: who was tried, and by which program.
struct report_head {
    std::string schema; ///< "milter-conformance/v1"
    std::string side;   ///< which was tried: "filter" or "mta"
    std::string peer;   ///< where it was met
    bool strict = false;
};

struct case_style {
    bool verbose = false; ///< the packets of each case, not only of those that failed
    bool color = false;
};

/// One line; behind one that failed its statement, what was expected and found, and the packets.
std::string case_text(case_result const& one, case_style style);

/// The last line of a run.
std::string counts_text(case_counts const& counts);

/// One object, indented. Text that is not UTF-8 is replaced.
std::string report_json(report_head const& head, std::vector<case_result> const& all);

/// JUnit's XML, as continuous integration reads it.
std::string report_junit(report_head const& head, std::vector<case_result> const& all);

/// Whether the run has failed: a must, or with `strict` a should; or it has shown nothing, though it was to: no case passed,
/// and one was left inconclusive.
bool has_failed(case_counts const& counts, bool strict) noexcept;

} // namespace milter::cli
