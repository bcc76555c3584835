// SPDX-License-Identifier: BSL-1.0
// test-server/bench.cpp - milter-test-server bench: loads a milter, or two in turns, and reports
#include "test-server/bench.hpp"

#include "load/crew.hpp"
#include "test-server/bench_progress.hpp"
#include "test-server/bench_report.hpp"
#include "test-server/bench_script.hpp"

#include <fmt/format.h>

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace milter::test_server {

namespace {

constexpr auto endless_slice = std::chrono::milliseconds(250); // of a comparison without an end

load::desk desk_of(bench_options const& wanted, std::size_t index, load::watcher* watched_by) {
    auto const& protocol = wanted.plan.protocol;
    load::conversation_settings settings;
    wire::encode(settings.offer, protocol.offer);
    settings.timeouts = protocol.timeouts;
    settings.is_open_loop = wanted.load.rate.has_value();
    settings.skip_ends_headers = wanted.plan.mta.skip_ends_headers;
    settings.watched_by = watched_by;
    auto const& plan = wanted.plan;
    auto const count = plan.messages.size();
    return {settings,
            load::script_store(
                protocol.offer, protocol.how,
                [&plan](proto::agreement const& agreed) { return encode_session(plan, agreed); }),
            load::mix(count, wanted.order, wanted.seed, index * count / wanted.workers),
            {},
            {}};
}

class bench_run {
public:
    explicit bench_run(bench_options const& wanted) : wanted_(wanted), progress_(wanted) {
        for (auto const& where : wanted.milters) targets_.push_back(load::find_target(where));
        for (auto const& one : targets_) {
            crews_.emplace_back(one, wanted.workers, wanted.load.concurrency,
                                [&](std::size_t i) { return desk_of(wanted, i, &progress_); });
            all_.milters.push_back({one.name, {}});
        }
        all_.is_open_loop = wanted.load.rate.has_value();
        all_.workers = wanted.workers;
        if (progress_.how() == bench_progress::style::silent) return;
        ticker_ = {[this](proto::time_point now) { progress_.tick(now); }, progress_.interval()};
    }

    cli::exit_code run() {
        if (crews_.size() == 1)
            add(0, crews_[0].run(wanted_.load, stop_, ticker_));
        else
            compare();
        progress_.finish(proto::clock::now());
        all_.interrupted = stop_.caught();
        if (auto const nobody = unreachable(); nobody && !all_.interrupted) return *nobody;
        check_gates();
        print();
        return judge();
    }

private:
    void add(std::size_t index, load::tally const& seen) {
        auto& whole = all_.milters[index].seen;
        whole.merge(seen);
        whole.elapsed += seen.elapsed;
        whole.busiest = crews_.size() == 1 ? seen.busiest : share_of_processor(whole);
    }

    /// Of a CPU, on average: within one short slice it is anything.
    double share_of_processor(load::tally const& whole) const {
        auto const lasted = std::chrono::duration<double>(whole.elapsed).count();
        auto const used = std::chrono::duration<double>(whole.processor).count();
        return lasted > 0 ? used / lasted / static_cast<double>(wanted_.workers) : 0;
    }

    // ---- two in turns

    void compare() {
        warm_up();
        std::vector<std::pair<double, double>> medians, means;
        for (std::size_t i = 0; i < slices() && !is_over(); ++i) {
            std::array<load::tally, 2> pair;
            for (std::size_t const turn : {i % 2, 1 - i % 2}) // A B, B A: a drift hits both alike
                if (!is_over()) pair[turn] = crews_[turn].run(slice(i), stop_, ticker_);
            for (std::size_t const one : {0U, 1U}) add(one, pair[one]);
            if (is_over()) break;
            auto const median = [&](std::size_t one) {
                return static_cast<double>(pair[one].message.felt().quantile(0.5));
            };
            medians.emplace_back(median(0), median(1));
            means.emplace_back(pair[0].message.felt().mean(), pair[1].message.felt().mean());
        }
        if (all_.is_of_some()) return;
        all_.median = load::estimate_ratio(medians);
        all_.mean = load::estimate_ratio(means);
    }

    bool is_over() const {
        return stop_.caught() || crews_[0].unreachable() || crews_[1].unreachable();
    }
    bool is_endless() const noexcept { return !wanted_.load.mails && !wanted_.load.time; }

    /// Each has mail.
    std::size_t slices() const noexcept {
        if (is_endless()) return SIZE_MAX;
        auto const most = wanted_.load.mails.value_or(wanted_.slices);
        return std::min<std::size_t>(wanted_.slices, most);
    }

    void warm_up() {
        auto once = wanted_.load;
        once.mails = std::exchange(once.warm_up_mails, 0);
        once.time.reset();
        if (*once.mails == 0) {
            once.mails.reset();
            once.time = std::exchange(once.warm_up, {});
            if (once.time->count() == 0) return;
        }
        for (auto& one : crews_)
            if (!is_over()) one.run(once, stop_, {});
    }

    load::load_plan slice(std::size_t index) const {
        auto one = wanted_.load;
        one.warm_up_mails = 0;
        one.warm_up = {};
        auto const count = slices();
        if (one.mails) one.mails = *one.mails / count + (index < *one.mails % count ? 1 : 0);
        if (one.time) one.time = *one.time / static_cast<std::int64_t>(count);
        if (is_endless()) one.time = endless_slice;
        return one;
    }

    // ---- the end

    std::optional<cli::exit_code> unreachable() const {
        std::optional<cli::exit_code> code;
        for (std::size_t i = 0; i < crews_.size(); ++i) {
            auto const why = crews_[i].unreachable();
            if (!why) continue;
            fmt::print(stderr, "milter-test-server bench: cannot connect to {}: {}\n",
                       targets_[i].name, why.message());
            code = cli::exit_code::unreachable;
        }
        return code;
    }

    void check_gates() {
        bool const compared = all_.milters.size() > 1;
        for (auto const& gate : wanted_.gates) {
            bool const of_both = gate.what == load::gate::metric::slower;
            char name = 'A';
            for (auto const& one : all_.milters) {
                auto milter = compared && !of_both ? std::string(1, name) : std::string();
                all_.gates.push_back({load::check(gate, one.seen, all_.median), std::move(milter)});
                ++name;
                if (of_both) break;
            }
        }
    }

    void print() const {
        if (wanted_.json) {
            fmt::print("{}\n", bench_json(all_));
        } else {
            auto const how =
                wanted_.report_failures ? failure_replies::listed : failure_replies::left_out;
            fmt::print("{}", bench_text(all_, how));
        }
        if (all_.interrupted) fmt::print(stderr, "milter-test-server bench: interrupted\n");
    }

    cli::exit_code judge() const {
        auto const missed = [](bench_outcome::of_gate const& one) { return !one.result.met; };
        auto const broke = [](bench_outcome::of_milter const& one) {
            return one.seen.failed() != 0;
        };
        auto const of_errors = [](load::gate const& one) {
            return one.what == load::gate::metric::errors;
        };
        if (all_.interrupted) return cli::exit_code::interrupted;
        if (std::any_of(all_.gates.begin(), all_.gates.end(), missed))
            return cli::exit_code::gate_missed;
        bool const allowed = std::any_of(wanted_.gates.begin(), wanted_.gates.end(), of_errors);
        bool const any = std::any_of(all_.milters.begin(), all_.milters.end(), broke);
        return any && !allowed ? cli::exit_code::differs : cli::exit_code::pass;
    }

    bench_options const& wanted_;
    load::interruption stop_; // before any thread
    bench_progress progress_;
    std::vector<load::target> targets_;
    std::vector<load::crew> crews_;
    load::ticker ticker_;
    bench_outcome all_;
};

/// A session is a descriptor; 1,024 are what a shell usually grants.
void raise_limit_of_descriptors() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace

cli::exit_code run_bench(bench_options const& wanted) try {
    raise_limit_of_descriptors();
    std::signal(SIGPIPE, SIG_IGN); // NOLINT(cert-err33-c): it cannot fail
    return bench_run(wanted).run();
} catch (unusable_file const& why) {
    fmt::print(stderr, "milter-test-server bench: {}\n", why.what());
    return cli::exit_code::usage;
} catch (std::runtime_error const& why) { // of find_target()
    fmt::print(stderr, "milter-test-server bench: {}\n", why.what());
    return cli::exit_code::unreachable;
}

} // namespace milter::test_server
