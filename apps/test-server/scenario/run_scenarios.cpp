// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/run_scenarios.cpp - milter-test-server run: plays scenarios, or writes them
#include "test-server/scenario/run_scenarios.hpp"

#include "cli/corpus_file.hpp"
#include "cli/file.hpp"
#include "test-server/profile_toml.hpp"
#include "test-server/scenario/learn.hpp"
#include "test-server/scenario/scenario_report.hpp"
#include "test-server/scenario/started_milter.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <utility>

namespace milter::test_server {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr auto patience_for_start = std::chrono::seconds(30);

/// Files as they are named; of a folder all *.toml in it and in its folders, by name.
std::vector<std::string> files_of(std::vector<std::string> const& paths) {
    std::vector<std::string> all;
    for (auto const& path : paths) {
        if (!fs::is_directory(path)) {
            all.push_back(path);
            continue;
        }
        std::vector<std::string> found;
        for (auto const& entry : fs::recursive_directory_iterator(path))
            if (entry.is_regular_file() && entry.path().extension() == ".toml")
                found.push_back(entry.path().string());
        if (found.empty()) throw std::invalid_argument(path + ": there is no *.toml in it");
        std::sort(found.begin(), found.end());
        all.insert(all.end(), found.begin(), found.end());
    }
    return all;
}

/// A file that only others include has no steps: it is no scenario.
std::vector<played_scenario> load_all(run_options const& wanted) {
    std::vector<played_scenario> all;
    for (auto const& file : files_of(wanted.paths)) {
        played_scenario one;
        one.file = file;
        try {
            one.wanted = load_scenario(file, wanted.set);
            if (!wanted.as.empty()) one.wanted.mta = load_profile(wanted.as);
        } catch (scenario_error const& why) {
            one.broken = why.what();
        }
        if (!one.broken.empty() || !one.wanted.steps.empty()) all.push_back(std::move(one));
    }
    return all;
}

/// Plays as many at the same time as wanted, in one thread.
class all_scenarios {
public:
    all_scenarios(std::vector<played_scenario>& all, run_options const& wanted)
        : all_(all), wanted_(wanted) {}

    void run() {
        asio::io_context context{1};
        asio::signal_set signals(context, SIGINT, SIGTERM);
        signals.async_wait([&](error_code ec, int) {
            interrupted_ = !ec;
            if (!ec) context.stop();
        });
        running_ = std::min(wanted_.jobs, std::max<std::size_t>(all_.size(), 1));
        for (std::size_t i = 0; i < running_; ++i)
            asio::co_spawn(context, play_some(signals), asio::detached);
        context.run();
        all_.resize(interrupted_ ? done_ : all_.size());
    }

    bool interrupted() const noexcept { return interrupted_; }

private:
    asio::awaitable<void> play_some(asio::signal_set& signals) {
        while (next_ < all_.size()) {
            auto& one = all_[next_++];
            auto const log = log_of(one);
            if (one.broken.empty()) one.result = co_await play(one.wanted, wanted_.how, log);
            finished_.push_back(static_cast<std::size_t>(&one - all_.data()));
            report_in_order();
        }
        if (--running_ == 0) signals.cancel();
    }

    /// In the order of their files, each as soon as those before it are done.
    void report_in_order() {
        while (std::find(finished_.begin(), finished_.end(), done_) != finished_.end()) {
            bool const silent = wanted_.json || wanted_.tap || wanted_.junit == "-";
            if (!silent) fmt::print("{}", report_text(all_[done_], wanted_.verbose, wanted_.color));
            std::fflush(stdout);
            ++done_;
        }
    }

    transcript log_of(played_scenario const& one) const {
        if (!wanted_.packets) return {};
        return [&one](std::string_view line) {
            fmt::print(stderr, "{}: {}\n", fs::path(one.file).stem().string(), line);
        };
    }

    std::vector<played_scenario>& all_;
    run_options const& wanted_;
    std::size_t next_ = 0, done_ = 0, running_ = 0;
    std::vector<std::size_t> finished_;
    bool interrupted_ = false;
};

void write_text(std::string const& file, std::string const& text) {
    if (file == "-") return fmt::print("{}\n", text);
    std::ofstream out(file, std::ios::binary);
    out << text << '\n';
    out.close();
    if (!out) throw std::runtime_error(file + ": it cannot be written");
}

void report(std::vector<played_scenario> const& all, run_options const& wanted) {
    if (wanted.json)
        fmt::print("{}\n", report_json(all, to_string(wanted.how.milter)));
    else if (wanted.tap)
        fmt::print("{}\n", report_tap(all));
    else if (wanted.junit != "-")
        fmt::print("{}\n", summary_text(all));
    if (!wanted.junit.empty()) write_text(wanted.junit, report_junit(all));
}

cli::exit_code judge(std::vector<played_scenario> const& all) {
    bool latency = false, differs = false;
    for (auto const& one : all) {
        if (!one.result.unreachable.empty()) return cli::exit_code::unreachable;
        if (!one.broken.empty()) return cli::exit_code::usage;
        if (one.passed()) continue;
        (one.result.missed_latency_only() ? latency : differs) = true;
    }
    if (differs) return cli::exit_code::differs;
    return latency ? cli::exit_code::gate_missed : cli::exit_code::pass;
}

// ---- learning

bool is_corpus(std::string const& path) {
    return path.ends_with(".jsonl") || path.ends_with(".json");
}

std::vector<scenario> learn_corpus(std::string const& path) {
    std::vector<scenario> all;
    cli::corpus_events events;
    events.header = [](corpus::corpus_header const&) {};
    events.conversation = [&](corpus::conversation&& talk) {
        auto const name = talk.mta.name == "Sendmail" ? "sendmail-8.17" : "postfix-3.7";
        all.push_back(scenario_of_conversation(talk));
        all.back().as = name;
    };
    events.problem = [](std::string const& problem) { throw std::runtime_error(problem); };
    cli::read_corpus(path, events);
    return all;
}

scenario learn_mail(std::string const& path, run_options const& wanted) {
    auto one = scenario_of_mail(cli::read_file(path), path);
    if (!wanted.as.empty()) {
        one.as = wanted.as;
        one.mta = load_profile(wanted.as);
    }
    if (!wanted.milter && wanted.start.empty()) return one;
    std::vector<played_scenario> played(1);
    played.front().wanted = one;
    auto quiet = wanted;
    quiet.json = true; // the scenario is what is printed
    all_scenarios(played, quiet).run();
    if (played.empty() || !played.front().result.unreachable.empty())
        throw std::runtime_error(played.empty() ? "interrupted"
                                                : played.front().result.unreachable);
    expect_what_came(one, played.front().result);
    return one;
}

/// A message is named as seen from the file that is written.
void name_content(scenario& one, std::string const& output) {
    if (output == "-") return;
    auto const folder = fs::absolute(output).parent_path();
    for (auto& step : one.steps)
        if (!step.content_file.empty())
            step.content_file = fs::absolute(step.content_file).lexically_relative(folder).string();
}

std::string file_name(std::string const& title) {
    std::string name;
    for (char const c : title) name += c == '/' || c == ' ' || c == '\0' ? '_' : c;
    return name + ".toml";
}

cli::exit_code learn(run_options const& wanted) {
    std::vector<scenario> all;
    for (auto const& path : wanted.paths) {
        if (!is_corpus(path)) {
            all.push_back(learn_mail(path, wanted));
            continue;
        }
        for (auto& one : learn_corpus(path)) all.push_back(std::move(one));
    }
    bool const is_folder = fs::is_directory(wanted.output);
    if (all.size() != 1 && !is_folder)
        throw std::invalid_argument(fmt::format(
            "--learn: {} scenarios need a folder that exists: --output FOLDER", all.size()));
    for (auto& one : all) {
        auto const name = fs::path(one.title).filename().string();
        auto const file =
            is_folder ? (fs::path(wanted.output) / file_name(name)).string() : wanted.output;
        name_content(one, file);
        write_text(file, to_toml(one));
        if (file != "-") fmt::print("{}\n", file);
    }
    return cli::exit_code::pass;
}

cli::exit_code play_all(run_options const& wanted) {
    auto all = load_all(wanted);
    if (all.empty()) throw std::invalid_argument("there is no scenario with steps");
    all_scenarios player(all, wanted);
    player.run();
    report(all, wanted);
    if (!player.interrupted()) return judge(all);
    fmt::print(stderr, "milter-test-server: interrupted\n");
    return cli::exit_code::interrupted;
}

} // namespace

cli::exit_code run_scenarios(run_options wanted) {
    std::signal(SIGPIPE, SIG_IGN); // NOLINT(cert-err33-c): it cannot fail
    std::optional<started_milter> started;
    try {
        if (!wanted.start.empty()) started.emplace(wanted.start, wanted.milter, patience_for_start);
    } catch (std::runtime_error const& why) {
        fmt::print(stderr, "milter-test-server: {}\n", why.what());
        return cli::exit_code::unreachable;
    }
    if (started) wanted.how.milter = started->where();
    if (!started && wanted.milter) wanted.how.milter = *wanted.milter;
    try {
        return wanted.learns ? learn(wanted) : play_all(wanted);
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
