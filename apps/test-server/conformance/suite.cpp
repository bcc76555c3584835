// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/suite.cpp - all cases, in the order of their numbers
#include "test-server/conformance/suite.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

namespace milter::test_server {

namespace {

/// Run behind all others, as what kills a milter must not look like a fault in everything that follows: libmilter looks
/// for a macro beyond the end of such a set, and may crash.
bool is_perilous(conformance_case const& one) noexcept { return one.statement == 185; }

/// It may have died of the last case, and no other would tell.
void see_whether_it_lives(trial& after, cli::case_result& result) {
    if (after.is_alive()) return;
    auto seen = after.take();
    result.verdict = seen.verdict;
    result.found += (result.found.empty() ? "" : "; ") + seen.found;
    if (result.packets.empty()) result.packets = std::move(seen.packets);
}

} // namespace

std::vector<conformance_case> all_cases() {
    std::vector<conformance_case> all;
    for (auto const cases : {packet_cases(), negotiation_cases(), command_cases(), reply_cases(),
                             state_cases(), endurance_cases()})
        all.insert(all.end(), cases.begin(), cases.end());
    std::sort(all.begin(), all.end(), [](auto const& a, auto const& b) {
        return std::tuple(a.statement, std::string_view(a.id)) <
               std::tuple(b.statement, std::string_view(b.id));
    });
    return all;
}

cli::case_head head_of(conformance_case const& one) {
    return {one.id, one.statement, one.binds, one.title, one.expected};
}

std::vector<cli::case_result> run_cases(conformance_subject const& subject,
                                        cli::case_selection const& selected,
                                        std::function<bool(cli::case_result const&)> const& done) {
    walks sessions(subject);
    std::vector<cli::case_result> results;
    auto cases = all_cases();
    std::stable_partition(cases.begin(), cases.end(),
                          [](auto const& one) { return !is_perilous(one); });
    for (auto const& one : cases) {
        if (!selected.has(one.id, one.statement)) continue;
        trial run(subject, sessions, head_of(one));
        one.run(run);
        results.push_back(run.take());
        if (is_perilous(one)) {
            trial after(subject, sessions, head_of(one));
            see_whether_it_lives(after, results.back());
        }
        if (subject.stop != nullptr && *subject.stop != 0) { // whatever was missing may have come
            results.back().verdict = cli::case_verdict::inconclusive;
            results.back().found = "interrupted";
        }
        if (!done(results.back())) break;
    }
    return results;
}

} // namespace milter::test_server
