// SPDX-License-Identifier: BSL-1.0
// test-filter/conformance/verb.cpp - milter-test-filter conformance: judges an MTA and reports
#include "test-filter/conformance/verb.hpp"

#include "cli/exit_code.hpp"
#include "test-filter/conformance/options.hpp"

#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <cstdio>

namespace milter::test_filter {

namespace {

using cli::exit_code;

constexpr char const* program = "milter-test-filter conformance";

std::atomic<bool> stop = false;

void note_signal(int) { stop = true; }

bool selected(conformance_options const& wanted, mta_case const& one) {
    return wanted.selected.has(one.id, one.statement);
}

void list(conformance_options const& wanted) {
    for (auto const& one : all_mta_cases())
        if (selected(wanted, one))
            fmt::print("{:<5} {:<6} {}\n", one.id, name_of(one.binds), one.title);
}

bool report(conformance_options const& wanted, std::vector<cli::case_result> const& all) {
    cli::report_head const head{"milter-conformance/v1", "mta", to_string(wanted.plan.where),
                                wanted.strict};
    if (wanted.files.leave_room_for_text()) {
        auto style = wanted.style;
        style.verbose = false;
        for (auto const& one : all) fmt::print("{}", case_text(one, style));
        fmt::print("{}", counts_text(count(all)));
    }
    return write_reports(wanted.files, head, all, program);
}

exit_code run(conformance_options const& wanted) {
    if (!can_write_reports(wanted.files, program)) return exit_code::usage;
    error_code ec;
    auto const sum = judge_mta(
        wanted.plan, stop,
        [](endpoint const& where) {
            fmt::print(stderr, "milter-test-filter: listening on {}\n", to_string(where));
        },
        [&](std::size_t number, std::string const& name) {
            if (wanted.style.verbose) fmt::print(stderr, "session {}: {}\n", number, name);
        },
        ec);
    if (ec) {
        fmt::print(stderr, "milter-test-filter: cannot listen on {}: {}\n",
                   to_string(wanted.plan.where), ec.message());
        return exit_code::unreachable;
    }
    std::vector<cli::case_result> all;
    for (auto const& one : all_mta_cases())
        if (selected(wanted, one)) all.push_back(sum.result_of(one));
    if (!report(wanted, all)) return exit_code::usage;
    if (sum.sessions() == 0) {
        fmt::print(stderr, "{}: no MTA came\n", program);
        return exit_code::unreachable;
    }
    return has_failed(count(all), wanted.strict) ? exit_code::differs : exit_code::pass;
}

} // namespace

int run_conformance(int argc, char const* const* argv) {
    auto const parsed = parse_conformance_options(argc, argv);
    if (parsed.exit_code) return *parsed.exit_code;
    if (parsed.value.list) {
        list(parsed.value);
        return 0;
    }
    for (int const number : {SIGINT, SIGTERM}) std::signal(number, note_signal);
    return static_cast<int>(run(parsed.value));
}

} // namespace milter::test_filter
