// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/verb.cpp - milter-test-server conformance: runs the cases and reports
#include "test-server/conformance/verb.hpp"

#include "cli/exit_code.hpp"
#include "test-server/conformance/options.hpp"
#include "test-server/conformance/suite.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>

namespace milter::test_server {

namespace {

using cli::exit_code;

constexpr char const* program = "milter-test-server conformance";

volatile std::sig_atomic_t interrupted = 0;

void note_signal(int) { interrupted = 1; }

void list(cli::case_selection const& selected) {
    for (auto const& one : all_cases())
        if (selected.has(one.id, one.statement))
            fmt::print("{:<5} {:<6} {}\n", one.id, name_of(one.binds), one.title);
}

/// Looks the milter up, and tries whether it is there. @return why not; empty: it is
std::string connect_once(conformance_subject& subject) {
    error_code ec;
    auto const address = look_up(subject.where, ec);
    if (!address) return ec.message();
    subject.address = *address;
    transcript_lines log;
    raw_connection const one(subject.address, subject.timeout, log, subject.stop);
    return one.connected() ? std::string() : one.refusal().message();
}

exit_code run(conformance_options& wanted) {
    auto& subject = wanted.subject;
    subject.stop = &interrupted;
    if (!can_write_reports(wanted.files, program)) return exit_code::usage;
    if (auto const why = connect_once(subject); !why.empty()) {
        if (interrupted != 0) return exit_code::interrupted;
        fmt::print(stderr, "{}: cannot connect to {}: {}\n", program, to_string(subject.where),
                   why);
        return exit_code::unreachable;
    }
    bool const as_text = wanted.files.leave_room_for_text();
    auto const all = run_cases(subject, wanted.selected, [&](cli::case_result const& one) {
        if (as_text) fmt::print("{}", case_text(one, wanted.style));
        std::fflush(stdout);
        return interrupted == 0;
    });
    auto const counts = count(all);
    if (as_text) fmt::print("{}", counts_text(counts));
    cli::report_head const head{"milter-conformance/v1", "filter", to_string(subject.where),
                                wanted.strict};
    bool const written = write_reports(wanted.files, head, all, program);
    if (interrupted != 0) return exit_code::interrupted;
    if (!written) return exit_code::usage;
    return has_failed(counts, wanted.strict) ? exit_code::differs : exit_code::pass;
}

} // namespace

int run_conformance(int argc, char const* const* argv) {
    auto parsed = parse_conformance_options(argc, argv);
    if (parsed.exit_code) return *parsed.exit_code;
    if (parsed.value.list) {
        list(parsed.value.selected);
        return 0;
    }
    for (int const number : {SIGINT, SIGTERM}) std::signal(number, note_signal);
    return static_cast<int>(run(parsed.value));
}

} // namespace milter::test_server
