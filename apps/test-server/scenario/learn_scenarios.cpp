// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/learn_scenarios.cpp - milter-test-server run --learn
#include "test-server/scenario/learn_scenarios.hpp"

#include "cli/corpus_file.hpp"
#include "cli/file.hpp"
#include "test-server/profile_toml.hpp"
#include "test-server/scenario/learn.hpp"
#include "test-server/scenario/scenario_pool.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <stdexcept>
#include <utility>

namespace milter::test_server {

namespace fs = std::filesystem;

namespace {

bool is_corpus(std::string const& path) {
    return path.ends_with(".jsonl") || path.ends_with(".json");
}

/// Thrown where no scenario comes of it, though nothing is wrong with what is named.
struct not_learnt {
    cli::exit_code why;
    std::string text;
};

/// A conversation is a number in most corpora: with the name of its file reports tell one from that of another.
std::string title_of(std::string const& title, std::string const& corpus) {
    auto const name = fs::path(corpus).stem().string();
    return corpus == "-" || title.starts_with(name) ? title : name + "-" + title;
}

std::vector<scenario> learn_corpus(std::string const& path, run_options const& wanted) {
    std::vector<scenario> all;
    cli::corpus_events events;
    events.header = [](corpus::corpus_header const&) {};
    events.conversation = [&](corpus::conversation&& talk) {
        auto const recorded = talk.mta.name == "Sendmail" ? "sendmail-8.17" : "postfix-3.7";
        auto const as = wanted.as.empty() ? recorded : wanted.as;
        auto& one = all.emplace_back(scenario_of_conversation(talk, as, load_profile(as)));
        one.title = title_of(one.title, path);
    };
    events.problem = [](std::string const& problem) { throw std::runtime_error(problem); };
    cli::read_corpus(path, events);
    if (all.empty()) throw std::runtime_error(path + ": there is no conversation in it");
    return all;
}

/// Expecting what the milter answers, if one is named.
scenario learn_mail(std::string const& path, run_options const& wanted) {
    auto one = scenario_of_mail(cli::read_file(path), path);
    if (!wanted.as.empty()) {
        one.as = wanted.as;
        one.mta = load_profile(wanted.as);
    }
    if (!wanted.milter && wanted.start.empty()) return one;
    std::vector<played_scenario> played(1);
    played.front().file = path;
    played.front().wanted = one;
    if (!scenario_pool(played, wanted, {}).run())
        throw not_learnt{cli::exit_code::interrupted, "interrupted"};
    auto const& result = played.front().result;
    if (!result.unreachable.empty())
        throw not_learnt{cli::exit_code::unreachable, result.unreachable};
    expect_what_came(one, result);
    return one;
}

std::vector<scenario> learn_all(run_options const& wanted) {
    std::vector<scenario> all;
    for (auto const& path : wanted.paths) {
        if (!is_corpus(path)) {
            all.push_back(learn_mail(path, wanted));
            continue;
        }
        for (auto& one : learn_corpus(path, wanted)) all.push_back(std::move(one));
    }
    return all;
}

/// A message is named as seen from the file that is written.
void name_content(scenario& one, std::string const& output) {
    if (output == "-") return;
    auto const folder = fs::absolute(output).parent_path();
    for (auto& step : one.steps)
        if (!step.content_file.empty())
            step.content_file =
                fs::absolute(step.content_file).lexically_normal().lexically_relative(folder);
}

std::string file_name(scenario const& one) {
    auto const title = fs::path(one.title);
    auto const base = title.extension() == ".eml" ? title.stem() : title.filename();
    std::string name;
    for (char const c : base.string()) name += c == ' ' || c == '\0' ? '_' : c;
    return name + ".toml";
}

/// Where each is written. @throws std::invalid_argument
std::map<std::string, scenario*> outputs_of(std::vector<scenario>& all, run_options const& wanted) {
    auto const& output = wanted.output;
    bool const is_folder = cli::is_folder(output);
    if (all.size() != 1 && !is_folder)
        throw std::invalid_argument(fmt::format(
            "--learn: {} scenarios need a folder that exists: --output FOLDER", all.size()));
    bool const is_meant_as_file = output == "-" || output.ends_with(".toml");
    if (is_corpus(wanted.paths.front()) && !is_folder && !is_meant_as_file)
        throw std::invalid_argument("--output: " + output +
                                    " is no folder that exists, nor a name that ends in .toml");
    std::map<std::string, scenario*> outputs;
    for (auto& one : all) {
        auto const file = is_folder ? (fs::path(output) / file_name(one)).string() : output;
        if (!outputs.emplace(file, &one).second)
            throw std::invalid_argument("--learn: two scenarios would be " + file);
    }
    return outputs;
}

void write(std::string const& file, std::string const& text) {
    cli::write_file(file, text);
    if (file != "-") fmt::print("{}\n", file);
}

} // namespace

cli::exit_code learn_scenarios(run_options const& wanted) {
    try {
        auto all = learn_all(wanted);
        for (auto const& [file, one] : outputs_of(all, wanted)) {
            name_content(*one, file);
            write(file, to_toml(*one));
        }
        return cli::exit_code::pass;
    } catch (not_learnt const& end) {
        fmt::print(stderr, "milter-test-server: {}\n", end.text);
        return end.why;
    }
}

} // namespace milter::test_server
