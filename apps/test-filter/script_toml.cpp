// SPDX-License-Identifier: BSL-1.0
// test-filter/script_toml.cpp - a script from a TOML file
#include "test-filter/script_toml.hpp"

#include "cli/file.hpp"
#include "cli/flag_names.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <stdexcept>

namespace milter::test_filter {

namespace {

class reader {
public:
    explicit reader(std::string const& file) : file_(file) {}

    script read(toml::table const& root) const {
        script plan;
        for (auto const& [key, node] : root) {
            if (key == "negotiate")
                read_negotiation(table_at(node, "negotiate"), plan.negotiation);
            else if (key == "rule")
                read_rules(node, plan);
            else
                unknown_key(key, "negotiate and rule");
        }
        return plan;
    }

private:
    [[noreturn]] void fail(toml::source_region const& at, std::string_view why) const {
        throw script_error(fmt::format("{}:{}:{}: {}", file_, at.begin.line, at.begin.column, why));
    }

    [[noreturn]] void unknown_key(toml::key const& key, std::string_view known) const {
        fail(key.source(), fmt::format("unknown key \"{}\"; there are {}", key.str(), known));
    }

    toml::table const& table_at(toml::node const& node, std::string_view what) const {
        auto const* const table = node.as_table();
        if (!table) fail(node.source(), fmt::format("\"{}\" is a table", what));
        return *table;
    }

    std::string text_at(toml::node const& node, std::string_view what) const {
        auto const text = node.value_exact<std::string>();
        if (!text) fail(node.source(), fmt::format("\"{}\" is a text in quotes", what));
        return *text;
    }

    /// Calls read(text) and puts the place before what it throws.
    template <class Read>
    auto with_place(toml::node const& node, std::string_view what, Read read) const {
        auto const text = text_at(node, what);
        try {
            return read(text);
        } catch (script_error const& why) {
            fail(node.source(), why.what());
        } catch (std::invalid_argument const& why) {
            fail(node.source(), why.what());
        }
    }

    /// A text, or a list of texts.
    template <class Each> void each_text(toml::node const& node, Each each) const {
        auto const* const list = node.as_array();
        if (!list) return each(node);
        for (auto const& element : *list) each(element);
    }

    void read_negotiation(toml::table const& from, wishes& to) const {
        for (auto const& [key, node] : from) {
            if (key == "version")
                to.version = version_at(node);
            else if (key == "actions")
                to.actions = flags<wire::action>(node, "actions", cli::parse_actions);
            else if (key == "steps")
                to.steps = flags<wire::step>(node, "steps", cli::parse_steps);
            else if (key == "macros")
                read_macros(table_at(node, "macros"), to);
            else
                unknown_key(key, "version, actions, steps and macros");
        }
    }

    std::uint32_t version_at(toml::node const& node) const {
        auto const number = node.value_exact<std::int64_t>();
        if (!number || *number < 0 || *number > UINT32_MAX)
            fail(node.source(), "\"version\" is a number");
        return static_cast<std::uint32_t>(*number);
    }

    template <class Bits>
    Bits flags(toml::node const& node, std::string_view what,
               Bits (*parse)(std::string_view)) const {
        Bits all{};
        each_text(node, [&](toml::node const& one) {
            all |= with_place(one, what, [&](std::string const& text) { return parse(text); });
        });
        return all;
    }

    void read_macros(toml::table const& from, wishes& to) const {
        for (auto const& [key, node] : from)
            with_place(node, key.str(), [&, stage = key.str()](std::string const& names) {
                add_macro_list(to, stage, names);
            });
    }

    void read_rules(toml::node const& node, script& to) const {
        auto const* const list = node.as_array();
        if (!list) fail(node.source(), "rules are written [[rule]]");
        for (auto const& element : *list) to.rules.push_back(read_rule(table_at(element, "rule")));
    }

    rule read_rule(toml::table const& from) const {
        rule one;
        for (auto const& [key, node] : from) {
            if (key == "on")
                one.stage = with_place(
                    node, "on", [](std::string const& text) { return parse_rule_stage(text); });
            else if (key == "when")
                each_text(node, [&](toml::node const& text) {
                    one.when.push_back(with_place(
                        text, "when", [](std::string const& t) { return parse_condition(t); }));
                });
            else if (key == "do")
                each_text(node, [&](toml::node const& text) {
                    one.actions.push_back(with_place(
                        text, "do", [](std::string const& t) { return parse_action(t); }));
                });
            else
                unknown_key(key, "on, when and do");
        }
        if (!from.contains("on")) fail(from.source(), "a rule needs \"on\", the stage");
        if (one.actions.empty()) fail(from.source(), "a rule needs \"do\", what is done");
        return one;
    }

    std::string const& file_;
};

} // namespace

script parse_script(std::string_view text, std::string const& file) {
    try {
        return reader(file).read(toml::parse(text, file));
    } catch (toml::parse_error const& why) {
        auto const& at = why.source().begin;
        throw script_error(
            fmt::format("{}:{}:{}: {}", file, at.line, at.column, why.description()));
    }
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
