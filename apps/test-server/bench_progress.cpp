// SPDX-License-Identifier: BSL-1.0
// test-server/bench_progress.cpp - what is shown and written while a load goes on
#include "test-server/bench_progress.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace milter::test_server {

namespace {

double seconds_of(proto::duration time) noexcept {
    return std::chrono::duration<double>(time).count();
}

} // namespace

bench_progress::bench_progress(bench_options const& wanted) : data_name_(wanted.statistics_file) {
    if (wanted.report_every) {
        style_ = style::lines;
        interval_ = *wanted.report_every;
        if (wanted.json) to_ = stderr;
    } else if (::isatty(STDERR_FILENO) == 1) {
        style_ = style::live;
    }
    if (data_name_.empty()) return;
    data_.reset(std::fopen(data_name_.c_str(), "we"));
    if (!data_) throw unusable_file(data_name_ + ": " + std::system_category().message(errno));
    fmt::print(data_.get(), "wall clock time,response time,message size\n");
}

void bench_progress::finished(load::finished_message const& one) {
    using load::outcome;
    auto const took = seconds_of(one.took);
    std::lock_guard const hold(lock_);
    auto& now = current_;
    ++now.messages;
    if (one.what == outcome::temporary_failure) ++now.tempfails;
    if (one.what == outcome::reject) ++now.rejects;
    if (one.what == outcome::error) {
        ++now.errors;
        return;
    }
    now.least = now.with_verdict == 0 ? took : std::min(now.least, took);
    now.most = std::max(now.most, took);
    now.sum += took;
    ++now.with_verdict;
    if (!data_) return;
    auto const wall = wall_began_ + std::chrono::duration_cast<std::chrono::system_clock::duration>(
                                        one.at - began_);
    auto const since = std::chrono::duration<double>(wall.time_since_epoch()).count();
    fmt::print(data_.get(), "{:.6f},{:.6f},{}\n", since, took, one.bytes);
}

void bench_progress::tick(proto::time_point now) {
    part taken;
    {
        std::lock_guard const hold(lock_);
        taken = std::exchange(current_, {});
    }
    sent_ += taken.messages;
    errors_ += taken.errors;
    auto const lasted = seconds_of(now - std::exchange(last_, now));
    if (style_ == style::lines) print_line(taken, lasted);
    if (style_ == style::live) print_live(taken, lasted, now);
}

void bench_progress::print_line(part const& now, double seconds) {
    if (!std::exchange(titled_, true))
        fmt::print(to_, "{:>8} {:>9} {:>10} {:>10} {:>10} {:>10} {:>6} {:>6} {:>6}\n", "Time",
                   "Sent", "mails/s", "Max", "Min", "Avg", "4XX", "5XX", "Error");
    auto const verdicts = static_cast<double>(now.with_verdict);
    fmt::print(to_, "{:>8.1f} {:>9} {:>10.1f} {:>10.6f} {:>10.6f} {:>10.6f} {:>6} {:>6} {:>6}\n",
               seconds_of(last_ - began_), sent_, seconds > 0 ? verdicts / seconds : 0, now.most,
               now.least, verdicts > 0 ? now.sum / verdicts : 0, now.tempfails, now.rejects,
               now.errors);
    std::fflush(to_);
}

void bench_progress::print_live(part const& now, double seconds, proto::time_point at) {
    auto const verdicts = static_cast<double>(now.with_verdict);
    fmt::print(stderr, "\r\033[K{:.0f} s  {} mails  {:.0f}/s  average {:.3f} ms  {} errors",
               seconds_of(at - began_), sent_, seconds > 0 ? verdicts / seconds : 0,
               verdicts > 0 ? now.sum / verdicts * 1e3 : 0, errors_);
    std::fflush(stderr);
}

/// Nothing has ended since the last line.
bool bench_progress::is_all_told() {
    std::lock_guard const hold(lock_);
    return titled_ && current_.messages == 0;
}

void bench_progress::finish(proto::time_point now) {
    if (style_ == style::lines && !is_all_told()) tick(now);
    if (style_ == style::live) fmt::print(stderr, "\r\033[K");
    if (!data_) return;
    bool const failed = std::fflush(data_.get()) != 0 || std::ferror(data_.get()) != 0;
    data_.reset();
    if (failed) throw unusable_file(data_name_ + ": cannot be written to its end");
}

} // namespace milter::test_server
