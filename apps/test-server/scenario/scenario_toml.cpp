// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/scenario_toml.cpp - scenarios from TOML files, with the files that they include
#include "test-server/scenario/scenario_toml.hpp"

#include "cli/file.hpp"
#include "test-server/scenario/step_toml.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace milter::test_server {

namespace {

constexpr std::size_t most_files = 64; // of one scenario
constexpr std::size_t deepest_include = 8;
struct source {
    std::string file;
    toml::table root;
    std::unique_ptr<scenario_reader> reader;
};

std::string text_of_file(std::string const& file) {
    try {
        return cli::read_file(file);
    } catch (std::runtime_error const& why) {
        throw scenario_error(why.what());
    }
}

class loader {
public:
    explicit loader(variables const& set) : set_(set) {}

    /// Adds a file behind those that it includes; what is no TOML is kept as a problem.
    void add(std::string_view text, std::string const& file) {
        source one;
        try {
            one.root = cli::read_toml<scenario_error>(
                text, file, [](toml::table&& table) { return std::move(table); });
        } catch (scenario_error const& why) {
            problems_.emplace_back(why.what());
            return;
        }
        one.file = file;
        one.reader = std::make_unique<scenario_reader>(file, variables_);
        open_.push_back(file);
        variables own;
        one.reader->read_front(one.root, own, [&](std::string const& other) {
            include(beside(file, other));
            return true;
        });
        open_.pop_back();
        for (auto const& [name, value] : set_)
            if (own.contains(name) || text.find("${" + name + "}") != text.npos) uses_.insert(name);
        for (auto& [name, value] : own) variables_[name] = std::move(value);
        sources_.push_back(std::move(one));
    }

    /// Steps in the order of files, what is included first.
    scenario read() {
        for (auto const& [name, value] : set_) variables_[name] = value;
        scenario all;
        for (auto& one : sources_) {
            one.reader->read(one.root, all);
            if (auto found = one.reader->problems(); !found.empty())
                problems_.push_back(std::move(found));
        }
        if (!problems_.empty()) throw scenario_error(fmt::format("{}", fmt::join(problems_, "\n")));
        all.file = sources_.back().file;
        if (all.title.empty()) all.title = all.file;
        all.uses = std::move(uses_);
        return all;
    }

private:
    void include(std::string const& file) {
        auto const same = [&](std::string const& other) {
            return std::filesystem::path(other).lexically_normal() ==
                   std::filesystem::path(file).lexically_normal();
        };
        if (std::any_of(open_.begin(), open_.end(), same))
            throw scenario_error(file + " includes itself");
        if (++files_ > most_files || open_.size() > deepest_include)
            throw scenario_error("too many files are included");
        add(text_of_file(file), file);
    }

    variables const& set_;
    variables variables_; ///< of all files; readers look into it
    std::set<std::string, std::less<>> uses_;
    std::vector<std::string> open_; ///< files whose includes are being read
    std::size_t files_ = 1;
    std::vector<source> sources_;
    std::vector<std::string> problems_;
};

} // namespace

scenario load_scenario(std::string const& file, variables const& set) {
    return parse_scenario(text_of_file(file), file, set);
}

scenario parse_scenario(std::string_view text, std::string const& file, variables const& set) {
    loader all(set);
    all.add(text, file);
    return all.read();
}

} // namespace milter::test_server
