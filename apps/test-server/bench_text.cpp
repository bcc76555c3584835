// SPDX-License-Identifier: BSL-1.0
// test-server/bench_text.cpp - what a load came to, for people
#include "cli/printable.hpp"
#include "test-server/bench_report.hpp"

#include <fmt/format.h>

#include <iterator>

namespace milter::test_server {

namespace {

using load::outcome;

constexpr double second = 1e9; // ns
constexpr double millisecond = 1e6;

double in(double unit, std::uint64_t nanoseconds) noexcept {
    return static_cast<double>(nanoseconds) / unit;
}

class writer {
public:
    template <class... Arguments>
    void print(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
        fmt::format_to(std::back_inserter(text), format, std::forward<Arguments>(arguments)...);
    }
    std::string text;
};

void print_total(writer& to, load::tally const& seen) {
    to.print("Total:\n");
    to.print("  mails: {}\n", seen.messages());
    to.print("  elapsed time: {:.6f} seconds\n",
             std::chrono::duration<double>(seen.elapsed).count());
    to.print("  throughput: {:.1f} mails/s\n", seen.throughput());
    if (seen.unsent() != 0) to.print("  due, and never sent: {} mails\n", seen.unsent());
}

void print_times(writer& to, char const* title, histogram const& all) {
    to.print("{}:\n", title);
    to.print("  Max: {:.6f} seconds\n", in(second, all.max()));
    to.print("  Min: {:.6f} seconds\n", in(second, all.min()));
    to.print("  Average: {:.6f} seconds\n", all.mean() / second);
    for (auto const& [name, q] : {std::pair("p50", 0.5), std::pair("p90", 0.9),
                                  std::pair("p99", 0.99), std::pair("p99.9", 0.999)})
        to.print("  {}: {:.6f} seconds\n", name, in(second, all.quantile(q)));
}

void print_row(writer& to, std::string_view name, histogram const& all) {
    if (all.empty()) return;
    to.print("  {:<16}{:>10}{:>10.3f}{:>10.3f}{:>10.3f}{:>10.3f}{:>10.3f}\n", name, all.count(),
             all.mean() / millisecond, in(millisecond, all.quantile(0.5)),
             in(millisecond, all.quantile(0.9)), in(millisecond, all.quantile(0.99)),
             in(millisecond, all.max()));
}

void print_stages(writer& to, load::tally const& seen, char const* title,
                  histogram load::times::*which) {
    to.print("{}\n", title);
    to.print("  {:<16}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}\n", "", "answers", "mean", "p50", "p90",
             "p99", "max");
    for (std::size_t i = 0; i < load::stage_count; ++i)
        print_row(to, name_of(static_cast<load::stage>(i)), seen.stages[i].*which);
    print_row(to, "session", seen.session.*which);
}

void print_status(writer& to, load::tally const& seen) {
    auto const whole = static_cast<double>(seen.messages());
    auto const line = [&](std::string_view name, std::uint64_t count) {
        auto const share = whole > 0 ? static_cast<double>(count) / whole * 100 : 0;
        to.print("  {}: {} ({:.2f}%)\n", name, count, share);
    };
    to.print("Status:\n");
    line("Temporary failure", seen.count(outcome::temporary_failure));
    line("Reject", seen.count(outcome::reject));
    line("Error", seen.failed());
    for (auto const one : {outcome::pass, outcome::accept, outcome::discard, outcome::quarantine,
                           outcome::shutdown, outcome::connection_failure})
        if (seen.count(one) != 0) line(name_of(one), seen.count(one));
    if (seen.refused_recipients != 0)
        to.print("  refused recipients: {}\n", seen.refused_recipients);
}

void print_details(writer& to, load::tally const& seen, failure_replies how) {
    if (!seen.edits.empty()) to.print("Edits:\n");
    for (auto const& [code, count] : seen.edits) to.print("  {}: {}\n", wire::name_of(code), count);
    if (!seen.errors.empty()) to.print("Errors:\n");
    for (auto const& [kind, count] : seen.errors) to.print("  {}: {}\n", text_of(kind), count);
    if (how == failure_replies::left_out || seen.refusals.empty()) return;
    to.print("Failure responses:\n");
    for (auto const& [text, count] : seen.refusals)
        to.print("  {}: {}\n", cli::printable(text), count);
}

void print_driver(writer& to, load::tally const& seen) {
    auto const used = std::chrono::duration<double>(seen.processor).count();
    auto const sessions = static_cast<double>(std::max<std::uint64_t>(seen.sessions, 1));
    to.print("Driver: {:.1f} us of CPU a session, {:.0f} % of a CPU\n", used / sessions * 1e6,
             seen.busiest * 100);
    if (seen.busiest > bottleneck_share)
        to.print("  The driver itself was the bottleneck: what was measured is more than the "
                 "milter's. Give it a CPU of its own, or more --n-workers.\n");
    if (seen.crowded != 0) to.print("  The milter's backlog was full {} times.\n", seen.crowded);
}

/// Of a milter that had no mail to its end, too.
void print_response(writer& to, load::tally const& seen) {
    auto const* const title = seen.unsent() == 0 ? "Per mail, since it was due"
                                                 : "Per mail, since it was due, at least (those "
                                                   "never sent count until the time was over)";
    print_times(to, title, seen.felt_at_least());
}

void print_milter(writer& to, load::tally const& seen, bool open, failure_replies how) {
    print_total(to, seen);
    if (open && seen.with_verdict() + seen.unsent() != 0) print_response(to, seen);
    if (seen.with_verdict() != 0) {
        if (!open) print_times(to, "Per mail", seen.message.service);
        if (open) print_times(to, "Per mail, since it was sent", seen.message.service);
        print_stages(to, seen, "Per stage, milliseconds since it was sent:", &load::times::service);
        if (open)
            print_stages(to, seen,
                         "Per stage, milliseconds since it was due:", &load::times::response);
    }
    print_status(to, seen);
    print_details(to, seen, how);
    print_driver(to, seen);
}

void print_comparison(writer& to, bench_outcome const& all) {
    to.print("Comparison:\n");
    if (all.is_of_some()) {
        to.print("  none, as mails were due and never sent: a lower rate, or more -c\n");
        return;
    }
    if (!all.median || !all.mean) {
        to.print("  too few slices to tell a difference\n");
        return;
    }
    to.print("  median: {}\n", load::verdict_of(*all.median));
    to.print("  average: {}\n", load::verdict_of(*all.mean));
    to.print("  (95 % confidence, {} pairs of slices)\n", all.median->pairs);
}

} // namespace

std::string text_of(load::error_kind const& kind) {
    if (!kind.connected) return "cannot connect: " + kind.why.message();
    return kind.why.message() + " at " + std::string(name_of(kind.at));
}

std::string bench_text(bench_outcome const& all, failure_replies how) {
    writer to;
    bool const compared = all.milters.size() > 1;
    char name = 'A';
    for (auto const& one : all.milters) {
        if (compared) to.print("{}{}: {}\n", name == 'A' ? "" : "\n", name, one.name);
        ++name;
        print_milter(to, one.seen, all.is_open_loop, how);
    }
    if (compared) to.print("\n");
    if (compared) print_comparison(to, all);
    if (!all.gates.empty()) to.print("Gates:\n");
    for (auto const& one : all.gates)
        to.print("  {}{}{}, {}\n", one.milter, one.milter.empty() ? "" : ": ", one.result.what,
                 one.result.met ? "met" : "missed");
    return std::move(to.text);
}

} // namespace milter::test_server
