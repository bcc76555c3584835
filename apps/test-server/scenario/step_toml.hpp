// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/step_toml.hpp - the steps of a scenario, and what they expect, from one TOML file
#pragma once

#include "cli/toml_reader.hpp"
#include "test-server/scenario/scenario.hpp"
#include "test-server/scenario/scenario_toml.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace milter::test_server {

/// The name of a file that `file` speaks of: relative to its folder.
std::string beside(std::string const& file, std::string const& name);

/// With the values of variables put in; `$${` is `${`, and `${0xE9}` the bytes with these digits, as UTF-8 has no place
/// for some. @throws std::invalid_argument  there is no such variable
std::string expand(std::string_view text, variables const& values);

class scenario_reader : cli::toml_reader {
public:
    scenario_reader(std::string const& file, variables const& values)
        : toml_reader(file), file_(file), values_(values) {}

    /// What must be known before the rest can be read: adds its variables, and hands each file that it includes to
    /// include(name), which throws std::runtime_error when there is none.
    template <class Include>
    void read_front(toml::table const& root, variables& into, Include include) {
        if (auto const* const own = root.get("variables"))
            attempt([&] { read_variables(*own, into); });
        if (auto const* const others = root.get("include"))
            each_text(*others, [&](toml::node const& one) { with_place(one, "include", include); });
    }

    /// Adds what the file has besides.
    void read(toml::table const& root, scenario& into);

    /// A line each, in the order of the file: of both.
    using toml_reader::problems;

private:
    /// A text with its variables put in, as `read` understands it.
    template <class Read>
    auto parsed(toml::node const& node, std::string_view what, Read read) const {
        return with_place(node, what,
                          [&](std::string const& text) { return read(expand(text, values_)); });
    }
    std::string text_of(toml::node const& node, std::string_view what) const {
        return parsed(node, what, [](std::string text) { return text; });
    }

    // ---- step_toml.cpp

    static bool is_front(std::string_view key) { return key == "variables" || key == "include"; }
    void read_variables(toml::node const& node, variables& into);
    void read_steps(toml::node const& node, scenario& into);
    void read_profile(toml::node const& node, scenario& into) const;
    void read_macro_stages(toml::table const& from, scenario& into);
    macro_pairs read_macros(toml::table const& from);
    scenario_step read_step(toml::table const& from);
    void read_argument(toml::node const& node, scenario_step& to);
    void read_offer(toml::table const& from, offer_change& to);
    void read_client(toml::node const& node, smtp_client& to);
    void read_headers(toml::node const& node, std::vector<mail_header>& to);
    std::string read_bytes(toml::node const& node, std::string_view what, scenario_step& to);
    void read_content(toml::node const& node, scenario_step& to);
    proto::duration time_of(toml::node const& node, std::string_view what) const;

    // ---- expectation_toml.cpp

    void read_expectation(toml::node const& node, step_expectation& to);
    void read_short(toml::node const& node, step_expectation& to) const;
    bool read_answer(std::string_view name, toml::node const& node, step_expectation& to) const;
    bool read_agreement(std::string_view name, toml::node const& node, agreement_expectation& to);
    void refuse_agreement(toml::table const& step);
    bool read_message(std::string_view name, toml::node const& node, message_expectation& to);
    std::vector<text_pattern> patterns(toml::node const& node, std::string_view what);
    std::vector<header_pattern> header_patterns(toml::node const& node, std::string_view what);
    text_pattern pattern(toml::node const& node, std::string_view what) const;

    std::string file_;
    variables const& values_;
};

} // namespace milter::test_server
