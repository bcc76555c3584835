// SPDX-License-Identifier: BSL-1.0
// test-filter/script_toml.cpp - a script from a TOML file
#include "test-filter/script_toml.hpp"

#include "cli/file.hpp"
#include "cli/flag_names.hpp"
#include "cli/toml_reader.hpp"

#include <stdexcept>
#include <string>

namespace milter::test_filter {

namespace {

class reader : cli::toml_reader {
public:
    explicit reader(std::string const& file) : toml_reader(file) {}

    script read(toml::table const& root) {
        script plan;
        for (auto const& [key, node] : root)
            attempt([&, &name = key, &value = node] {
                if (name == "negotiate")
                    read_negotiation(table_at(value, "negotiate"), plan.negotiation);
                else if (name == "rule")
                    read_rules(value, plan);
                else if (name == "expect")
                    read_expectations(value, plan);
                else if (name == "faults")
                    read_faults(table_at(value, "faults"), plan.faults);
                else
                    unknown_key(name, "negotiate, rule, expect and faults");
            });
        if (auto const all = problems(); !all.empty()) throw script_error(all);
        return plan;
    }

private:
    void read_negotiation(toml::table const& from, wishes& to) {
        for (auto const& [key, node] : from)
            attempt([&, &name = key, &value = node] {
                if (name == "version")
                    to.version = version_at(value);
                else if (name == "actions")
                    to.actions = flags<wire::action>(value, "actions", cli::parse_actions);
                else if (name == "steps")
                    to.steps = flags<wire::step>(value, "steps", cli::parse_steps);
                else if (name == "macros")
                    read_macros(table_at(value, "macros"), to);
                else
                    unknown_key(name, "version, actions, steps and macros");
            });
    }

    void read_macros(toml::table const& from, wishes& to) {
        for (auto const& [key, node] : from)
            attempt([&, &name = key, &value = node] {
                with_place(value, name.str(), [&](std::string const& names) {
                    add_macro_list(to, name.str(), names);
                });
            });
    }

    void read_rules(toml::node const& node, script& to) {
        auto const* const list = node.as_array();
        if (!list) fail(node.source(), "rules are written [[rule]]");
        for (auto const& element : *list)
            attempt([&] { to.rules.push_back(read_rule(table_at(element, "rule"))); });
    }

    void read_expectations(toml::node const& node, script& to) {
        auto const* const list = node.as_array();
        if (!list) fail(node.source(), "expectations are written [[expect]]");
        for (auto const& element : *list)
            attempt([&] { to.expected.push_back(read_expectation(table_at(element, "expect"))); });
    }

    expectation read_expectation(toml::table const& from) {
        expectation one;
        auto const* const on = from.get("on");
        if (!on) fail(from.source(), "an expectation needs \"on\", the stage");
        one.stage =
            with_place(*on, "on", [](std::string const& text) { return parse_rule_stage(text); });
        one.text = text_at(*on, "on");
        for (auto const& [key, node] : from)
            attempt([&, &name = key, &value = node] {
                if (name == "that")
                    each_text(value, [&](toml::node const& text) {
                        one.that.push_back(with_place(
                            text, "that", [](std::string const& t) { return parse_condition(t); }));
                        one.text.append(one.that.size() == 1 ? "=" : ", ")
                            .append(text_at(text, "that"));
                    });
                else if (name == "never")
                    one.never = flag_at(value, "never");
                else if (name != "on")
                    unknown_key(name, "on, that and never");
            });
        return one;
    }

    void read_faults(toml::table const& from, fault_schedule& to) {
        for (auto const& [key, node] : from)
            attempt([&, &name = key, &value = node] {
                if (name == "rate")
                    with_place(value, "rate",
                               [&](std::string const& text) { read_fault_rate(text, to); });
                else if (name == "seed")
                    to.seed = number_at(value, "seed");
                else if (name == "kinds")
                    each_text(value, [&](toml::node const& text) {
                        to.kinds.push_back(with_place(
                            text, "kinds", [](std::string const& t) { return parse_action(t); }));
                    });
                else
                    unknown_key(name, "rate, seed and kinds");
            });
    }

    rule read_rule(toml::table const& from) {
        rule one;
        bool const staged = read_stage(from, one);
        bool misspelt = false; // perhaps "do"
        for (auto const& [key, node] : from)
            attempt([&, &name = key, &value = node] {
                if (name == "when")
                    each_text(value, [&](toml::node const& text) {
                        one.when.push_back(with_place(
                            text, "when", [](std::string const& t) { return parse_condition(t); }));
                    });
                else if (name == "do")
                    each_text(value,
                              [&](toml::node const& text) { read_action(text, one, staged); });
                else if (name != "on") {
                    misspelt = true;
                    unknown_key(name, "on, when and do");
                }
            });
        auto const* const actions = from.get("do");
        bool const none = !actions || (actions->is_array() && actions->as_array()->empty());
        if (none && !misspelt) fail(from.source(), "a rule needs \"do\", what is done");
        return one;
    }

    /// @return  whether the stage is known: what may be done depends on it
    bool read_stage(toml::table const& from, rule& to) {
        bool known = false;
        attempt([&] {
            auto const* const on = from.get("on");
            if (!on) fail(from.source(), "a rule needs \"on\", the stage");
            to.stage = with_place(*on, "on",
                                  [](std::string const& text) { return parse_rule_stage(text); });
            known = true;
        });
        return known;
    }

    static void read_action(toml::node const& from, rule& to, bool staged) {
        with_place(from, "do", [&](std::string const& text) {
            if (staged)
                add_action(to, text);
            else
                parse_action(text);
        });
    }
};

} // namespace

script parse_script(std::string_view text, std::string const& file) {
    return cli::read_toml<script_error>(
        text, file, [&](toml::table const& root) { return reader(file).read(root); });
}

script load_script(std::string const& file) {
    std::string text;
    try {
        text = cli::read_file(file);
    } catch (std::runtime_error const& why) {
        throw script_error(why.what());
    }
    return parse_script(text, file);
}

} // namespace milter::test_filter
