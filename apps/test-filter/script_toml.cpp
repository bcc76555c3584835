// SPDX-License-Identifier: BSL-1.0
// test-filter/script_toml.cpp - a script from a TOML file
#include "test-filter/script_toml.hpp"

#include "cli/file.hpp"
#include "cli/flag_names.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace milter::test_filter {

namespace {

struct problem {
    toml::source_position at;
    std::string text;
};

/// Reads on behind a problem, so that all of them are told at once.
class reader {
public:
    explicit reader(std::string const& file) : file_(file) {}

    script read(toml::table const& root) {
        script plan;
        for (auto const& [key, node] : root)
            attempt([&, &name = key, &value = node] {
                if (name == "negotiate")
                    read_negotiation(table_at(value, "negotiate"), plan.negotiation);
                else if (name == "rule")
                    read_rules(value, plan);
                else
                    unknown_key(name, "negotiate and rule");
            });
        if (!problems_.empty()) throw script_error(all_problems());
        return plan;
    }

private:
    /// Does a part of the reading; a problem in it is kept.
    template <class Part> void attempt(Part part) {
        try {
            part();
        } catch (problem const& found) {
            problems_.push_back(found);
        }
    }

    /// A line each, in the order of the file.
    std::string all_problems() {
        std::stable_sort(problems_.begin(), problems_.end(), [](auto const& a, auto const& b) {
            return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
        });
        std::string text;
        for (auto const& one : problems_)
            text += fmt::format("{}{}:{}:{}: {}", text.empty() ? "" : "\n", file_, one.at.line,
                                one.at.column, one.text);
        return text;
    }

    [[noreturn]] static void fail(toml::source_region const& at, std::string_view why) {
        throw problem{at.begin, std::string(why)};
    }

    [[noreturn]] static void unknown_key(toml::key const& key, std::string_view known) {
        fail(key.source(), fmt::format("unknown key \"{}\"; there are {}", key.str(), known));
    }

    static toml::table const& table_at(toml::node const& node, std::string_view what) {
        auto const* const table = node.as_table();
        if (!table) fail(node.source(), fmt::format("\"{}\" is a table", what));
        return *table;
    }

    static std::string text_at(toml::node const& node, std::string_view what) {
        auto const text = node.value_exact<std::string>();
        if (!text) fail(node.source(), fmt::format("\"{}\" is a text in quotes", what));
        return *text;
    }

    /// Calls read(text) and puts the place before what it throws.
    template <class Read>
    static auto with_place(toml::node const& node, std::string_view what, Read read) {
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
    template <class Each> void each_text(toml::node const& node, Each each) {
        auto const* const list = node.as_array();
        if (!list) return attempt([&] { each(node); });
        for (auto const& element : *list) attempt([&] { each(element); });
    }

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

    static std::uint32_t version_at(toml::node const& node) {
        auto const number = node.value_exact<std::int64_t>();
        if (!number || *number < 0 || *number > UINT32_MAX)
            fail(node.source(), "\"version\" is a number");
        return static_cast<std::uint32_t>(*number);
    }

    template <class Bits>
    Bits flags(toml::node const& node, std::string_view what, Bits (*parse)(std::string_view)) {
        Bits all{};
        each_text(node, [&](toml::node const& one) {
            all |= with_place(one, what, [&](std::string const& text) { return parse(text); });
        });
        return all;
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

    std::string const& file_;
    std::vector<problem> problems_;
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
