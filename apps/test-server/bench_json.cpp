// SPDX-License-Identifier: BSL-1.0
// test-server/bench_json.cpp - what a load came to, for programs
#include "cli/text_json.hpp"
#include "test-server/bench_report.hpp"

#include <nlohmann/json.hpp>

namespace milter::test_server {

namespace {

using json = nlohmann::ordered_json;

constexpr double second = 1e9; // ns

double seconds_of(double nanoseconds) noexcept { return nanoseconds / second; }
double seconds_of(std::uint64_t nanoseconds) noexcept {
    return static_cast<double>(nanoseconds) / second;
}

json histogram_json(histogram const& all) {
    if (all.empty()) return nullptr;
    json out{{"count", all.count()},
             {"min", seconds_of(all.min())},
             {"mean", seconds_of(all.mean())},
             {"p50", seconds_of(all.quantile(0.5))},
             {"p90", seconds_of(all.quantile(0.9))},
             {"p95", seconds_of(all.quantile(0.95))},
             {"p99", seconds_of(all.quantile(0.99))},
             {"p99_9", seconds_of(all.quantile(0.999))},
             {"max", seconds_of(all.max())}};
    auto buckets = json::array();
    all.for_each_bucket([&](std::uint64_t, std::uint64_t last, std::uint64_t count) {
        buckets.push_back(json::array({seconds_of(last), count}));
    });
    out["buckets"] = std::move(buckets);
    return out;
}

json times_json(load::times const& one) {
    return {{"service", histogram_json(one.service)}, {"response", histogram_json(one.response)}};
}

/// With what was never sent in the response.
json message_json(load::tally const& seen) {
    auto all = times_json(seen.message);
    if (seen.unsent() != 0) all["response"] = histogram_json(seen.felt_at_least());
    return all;
}

json errors_json(load::tally const& seen) {
    auto all = json::array();
    for (auto const& [kind, count] : seen.errors) {
        auto const group = kind.why.default_error_condition();
        bool const ours = kind.why.category() == make_error_code(errc::misuse).category();
        all.push_back({{"what", text_of(kind)},
                       {"kind", ours ? json(group.message()) : json("lost")},
                       {"stage", kind.connected ? json(name_of(kind.at)) : json(nullptr)},
                       {"count", count}});
    }
    return all;
}

json refusals_json(load::tally const& seen) {
    auto all = json::array();
    for (auto const& [text, count] : seen.refusals)
        all.push_back({{"reply", cli::text_json(text)}, {"count", count}});
    return all;
}

json driver_json(load::tally const& seen) {
    auto const used = std::chrono::duration<double>(seen.processor).count();
    auto const sessions = static_cast<double>(std::max<std::uint64_t>(seen.sessions, 1));
    return {{"cpu_seconds", used},
            {"cpu_seconds_per_session", used / sessions},
            {"share_of_cpu", seen.busiest},
            {"bottleneck", seen.busiest > bottleneck_share}};
}

json milter_json(bench_outcome::of_milter const& one) {
    auto const& seen = one.seen;
    json statuses = json::object(), stages = json::object(), edits = json::object();
    for (std::size_t i = 0; i < load::outcome_count; ++i)
        statuses[std::string(name_of(static_cast<load::outcome>(i)))] = seen.outcomes[i];
    for (std::size_t i = 0; i < load::stage_count; ++i)
        if (!seen.stages[i].service.empty())
            stages[std::string(name_of(static_cast<load::stage>(i)))] = times_json(seen.stages[i]);
    for (auto const& [code, count] : seen.edits) edits[std::string(wire::name_of(code))] = count;
    return {{"milter", one.name},
            {"mails", seen.messages()},
            {"sessions", seen.sessions},
            {"unsent", seen.unsent()},
            {"elapsed_seconds", std::chrono::duration<double>(seen.elapsed).count()},
            {"throughput", seen.throughput()},
            {"message_bytes", seen.message_bytes},
            {"bytes_sent", seen.bytes_sent},
            {"answers", seen.answers},
            {"keepalives", seen.keepalives},
            {"refused_recipients", seen.refused_recipients},
            {"full_backlogs", seen.crowded},
            {"statuses", std::move(statuses)},
            {"message", message_json(seen)},
            {"session", times_json(seen.session)},
            {"stages", std::move(stages)},
            {"edits", std::move(edits)},
            {"errors", errors_json(seen)},
            {"failure_responses", refusals_json(seen)},
            {"driver", driver_json(seen)}};
}

json ratio_json(load::ratio_estimate const& one) {
    return {{"ratio", one.ratio},
            {"low", one.low},
            {"high", one.high},
            {"verdict", load::verdict_of(one)}};
}

json comparison_json(bench_outcome const& all) {
    if (!all.median || !all.mean) return nullptr;
    return {{"pairs", all.median->pairs},
            {"confidence", 0.95},
            {"median", ratio_json(*all.median)},
            {"mean", ratio_json(*all.mean)}};
}

json gates_json(bench_outcome const& all) {
    auto list = json::array();
    for (auto const& one : all.gates)
        list.push_back({{"milter", one.milter.empty() ? json(nullptr) : json(one.milter)},
                        {"what", one.result.what},
                        {"met", one.result.met}});
    return list;
}

} // namespace

std::string bench_json(bench_outcome const& all) {
    auto milters = json::array();
    for (auto const& one : all.milters) milters.push_back(milter_json(one));
    json const out{{"schema", "milter-test-server-bench/v1"},
                   {"open_loop", all.is_open_loop},
                   {"workers", all.workers},
                   {"milters", std::move(milters)},
                   {"comparison", comparison_json(all)},
                   {"gates", gates_json(all)},
                   {"interrupted", all.interrupted}};
    return out.dump(2);
}

} // namespace milter::test_server
