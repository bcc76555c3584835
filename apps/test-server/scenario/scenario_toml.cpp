// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/scenario_toml.cpp - scenarios from TOML files, with the files that they include
#include "test-server/scenario/scenario_toml.hpp"

#include "cli/file.hpp"
#include "test-server/profile_toml.hpp"
#include "test-server/scenario/step_toml.hpp"

#include <filesystem>
#include <utility>

namespace milter::test_server {

namespace {

constexpr std::size_t most_files = 64; // of one scenario
constexpr std::size_t deepest_include = 8;
constexpr std::string_view known_keys = "title, as, include, variables, macros and step";

struct source {
    std::string file;
    toml::table root;
};

/// What a file says besides its steps; its includes come before it.
class front_reader : cli::toml_reader {
public:
    explicit front_reader(std::string const& file) : toml_reader(file) {}

    std::vector<std::string> read(toml::table const& root, variables& into) {
        std::vector<std::string> includes;
        for (auto const& [key, node] : root)
            attempt([&, &name = key, &value = node] {
                if (name == "include")
                    each_text(value, [&](toml::node const& one) {
                        includes.push_back(text_at(one, "include"));
                    });
                else if (name == "variables")
                    read_variables(table_at(value, "variables"), into);
                else if (name != "title" && name != "as" && name != "macros" && name != "step")
                    unknown_key(name, known_keys);
            });
        if (auto const all = problems(); !all.empty()) throw scenario_error(all);
        return includes;
    }

private:
    void read_variables(toml::table const& from, variables& into) {
        for (auto const& [key, node] : from)
            attempt([&, &name = key, &value = node] {
                if (auto const number = value.value_exact<std::int64_t>())
                    into[std::string(name.str())] = std::to_string(*number);
                else
                    into[std::string(name.str())] = text_at(value, name.str());
            });
    }
};

class loader {
public:
    explicit loader(variables const& set) : set_(set) {}

    void add(std::string const& file, std::size_t depth) {
        std::string text;
        try {
            text = cli::read_file(file);
        } catch (std::runtime_error const& why) {
            throw scenario_error(why.what());
        }
        add_text(text, file, depth);
    }

    void add_text(std::string_view text, std::string const& file, std::size_t depth) {
        if (depth > deepest_include || sources_.size() >= most_files)
            throw scenario_error(file + ": includes itself, or too many others");
        auto root = cli::read_toml<scenario_error>(
            text, file, [](toml::table&& table) { return std::move(table); });
        variables own;
        for (auto const& other : front_reader(file).read(root, own))
            add(beside(file, other), depth + 1);
        for (auto& [name, value] : own) variables_[name] = value;
        sources_.push_back({file, std::move(root)});
    }

    /// Steps in the order of files, what is included first.
    scenario read() {
        for (auto const& [name, value] : set_) variables_[name] = value;
        scenario one;
        std::string problems;
        for (auto const& from : sources_) {
            scenario_reader reader(from.file, variables_);
            auto const found = reader.read(from.root, one);
            if (!found.empty()) problems.append(problems.empty() ? "" : "\n").append(found);
        }
        if (!problems.empty()) throw scenario_error(problems);
        one.file = sources_.back().file;
        if (one.title.empty()) one.title = one.file;
        return one;
    }

private:
    variables const& set_;
    variables variables_;
    std::vector<source> sources_;
};

} // namespace

scenario load_scenario(std::string const& file, variables const& set) {
    loader all(set);
    all.add(file, 0);
    return all.read();
}

scenario parse_scenario(std::string_view text, std::string const& file, variables const& set) {
    loader all(set);
    all.add_text(text, file, 0);
    return all.read();
}

} // namespace milter::test_server
