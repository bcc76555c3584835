// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/run_scenarios.cpp - milter-test-server run: plays scenarios, or writes them
#include "test-server/scenario/run_scenarios.hpp"

#include "cli/file.hpp"
#include "test-server/profile_toml.hpp"
#include "test-server/scenario/learn_scenarios.hpp"
#include "test-server/scenario/scenario_pool.hpp"
#include "test-server/scenario/scenario_report.hpp"
#include "test-server/scenario/started_milter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <utility>

namespace milter::test_server {

namespace fs = std::filesystem;

namespace {

constexpr auto patience_for_start = std::chrono::seconds(30);

/// All *.toml in a folder and in its folders, by name.
std::vector<std::string> files_in(std::string const& folder) {
    std::vector<std::string> found;
    try {
        for (auto const& entry : fs::recursive_directory_iterator(folder))
            if (entry.is_regular_file() && entry.path().extension() == ".toml")
                found.push_back(entry.path().string());
    } catch (fs::filesystem_error const& why) {
        auto const& path = why.path1().empty() ? fs::path(folder) : why.path1();
        throw std::runtime_error(path.string() + ": " + why.code().message());
    }
    if (found.empty()) throw std::invalid_argument(folder + ": there is no *.toml in it");
    std::sort(found.begin(), found.end());
    return found;
}

played_scenario load(std::string const& file, run_options const& wanted) {
    played_scenario one;
    one.file = file;
    try {
        one.wanted = load_scenario(file, wanted.set);
        if (!wanted.as.empty()) one.wanted.mta = load_profile(wanted.as);
    } catch (scenario_error const& why) {
        one.broken = why.what();
    }
    return one;
}

/// A name that is misspelt would change nothing, and nobody would be told. @throws std::invalid_argument
void refuse_unused(variables const& set, std::vector<played_scenario> const& all) {
    for (auto const& one : all)
        if (!one.broken.empty()) return; // perhaps it is in that one
    for (auto const& [name, value] : set)
        if (std::none_of(all.begin(), all.end(), [&, &name = name](played_scenario const& one) {
                return one.wanted.uses.contains(name);
            }))
            throw std::invalid_argument("--set: there is no variable \"" + name +
                                        "\" in any scenario");
}

/// In the order of the command line.
std::vector<played_scenario> load_all(run_options const& wanted) {
    std::vector<played_scenario> all;
    for (auto const& path : wanted.paths) {
        if (cli::is_folder(path)) {
            for (auto const& file : files_in(path)) {
                auto one = load(file, wanted);
                bool const is_included_only = one.broken.empty() && one.wanted.steps.empty();
                if (!is_included_only) all.push_back(std::move(one));
            }
            continue;
        }
        auto& one = all.emplace_back(load(path, wanted));
        if (one.broken.empty() && one.wanted.steps.empty()) one.broken = path + ": it has no step";
    }
    return all;
}

void report(std::vector<played_scenario> const& all, run_options const& wanted) {
    if (wanted.json)
        fmt::print("{}\n", report_json(all, to_string(wanted.how.milter)));
    else if (wanted.tap)
        fmt::print("{}\n", report_tap(all));
    else if (wanted.junit != "-")
        fmt::print("{}\n", summary_text(all));
    if (!wanted.junit.empty()) cli::write_file(wanted.junit, report_junit(all) + "\n");
}

/// The worst of all: what was not played at all weighs more than what differs.
cli::exit_code judge(std::vector<played_scenario> const& all) {
    bool unreachable = false, broken = false, differs = false, latency = false;
    for (auto const& one : all) {
        if (one.passed()) continue;
        if (!one.result.unreachable.empty())
            unreachable = true;
        else if (!one.broken.empty())
            broken = true;
        else
            (one.result.missed_latency_only() ? latency : differs) = true;
    }
    if (unreachable) return cli::exit_code::unreachable;
    if (broken) return cli::exit_code::usage;
    if (differs) return cli::exit_code::differs;
    return latency ? cli::exit_code::gate_missed : cli::exit_code::pass;
}

cli::exit_code play_all(run_options const& wanted) {
    auto all = load_all(wanted);
    if (all.empty()) throw std::invalid_argument("there is no scenario with steps");
    refuse_unused(wanted.set, all);
    auto const tell = [&](played_scenario const& one) {
        fmt::print("{}", report_text(one, wanted.verbose, wanted.color));
        std::fflush(stdout);
    };
    bool const is_silent = wanted.json || wanted.tap || wanted.junit == "-";
    std::function<void(played_scenario const&)> told;
    if (!is_silent) told = tell;
    scenario_pool pool(all, wanted, told);
    bool const is_whole = pool.run();
    report(all, wanted);
    if (is_whole) return judge(all);
    fmt::print(stderr, "milter-test-server: interrupted\n");
    return cli::exit_code::interrupted;
}

cli::exit_code run_started(run_options& wanted) {
    held_signals const ours;
    std::optional<started_milter> milter;
    try {
        milter.emplace(wanted.start, wanted.milter, patience_for_start);
    } catch (std::runtime_error const& why) {
        fmt::print(stderr, "milter-test-server: {}\n", why.what());
        return held_signals::is_one_waiting() ? cli::exit_code::interrupted
                                              : cli::exit_code::unreachable;
    }
    wanted.how.milter = milter->where();
    wanted.status_of_milter = [&] { return milter->exit_status(); };
    return wanted.learns ? learn_scenarios(wanted) : play_all(wanted);
}

} // namespace

cli::exit_code run_scenarios(run_options wanted) {
    std::signal(SIGPIPE, SIG_IGN); // NOLINT(cert-err33-c): it cannot fail
    try {
        if (!wanted.junit.empty()) cli::refuse_unwritable(wanted.junit);
        if (!wanted.start.empty()) return run_started(wanted);
        if (wanted.milter) wanted.how.milter = *wanted.milter;
        return wanted.learns ? learn_scenarios(wanted) : play_all(wanted);
    } catch (std::exception const& why) {
        fmt::print(stderr, "milter-test-server: {}\n", why.what());
        return cli::exit_code::usage;
    }
}

int run_verb(int argc, char const* const* argv) {
    auto parsed = parse_run_options(argc, argv);
    if (parsed.exit_code) return *parsed.exit_code;
    return static_cast<int>(run_scenarios(std::move(parsed.value)));
}

} // namespace milter::test_server
