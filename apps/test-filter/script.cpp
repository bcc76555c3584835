// SPDX-License-Identifier: BSL-1.0
// test-filter/script.cpp - how the filter behaves: what it negotiates, and rules
#include "test-filter/script.hpp"

#include "cli/flag_names.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace milter::test_filter {

namespace {

/// @return  wire::macro_stage_count: there is no such list
std::size_t macro_list_of(std::string_view stage) {
    try {
        return wire::macro_stage_index(cli::parse_stage(stage));
    } catch (std::invalid_argument const&) { // its list of stages is longer
        return wire::macro_stage_count;
    }
}

wire::action needed_by_rules(std::vector<rule> const& rules) {
    auto needed = wire::action::none;
    for (auto const& one : rules)
        for (auto const& step : one.actions) needed |= needed_by(step);
    return needed;
}

bool concerns(rule const& one, wire::command_code stage) noexcept {
    if (one.stage) return *one.stage == stage;
    return wire::row_of(stage).answered && stage != wire::command_code::negotiate;
}

bool applies(rule const& one, seen const& state, proto::macro_store const& macros,
             wire::command_code stage) {
    return concerns(one, stage) &&
           std::all_of(one.when.begin(), one.when.end(),
                       [&](condition const& asked) { return holds(asked, state, macros, stage); });
}

} // namespace

proto::wish to_wish(script const& from) {
    proto::wish wish;
    wish.actions = from.negotiation.actions.value_or(needed_by_rules(from.rules));
    wish.steps = from.negotiation.steps;
    wish.lists = from.negotiation.lists;
    return wish;
}

std::optional<wire::command_code> parse_rule_stage(std::string_view text) {
    if (cli::normal_name(text) == "any") return std::nullopt;
    try {
        return cli::parse_stage(text);
    } catch (std::invalid_argument const& why) {
        throw script_error(std::string(why.what()) + ", any");
    }
}

void add_action(rule& to, std::string_view text) {
    auto one = parse_action(text);
    check_stage(one, to.stage);
    to.actions.push_back(std::move(one));
}

rule parse_rule(std::string_view text) {
    auto const sign = text.find('=');
    if (sign == text.npos)
        throw script_error("expected STAGE=ACTION instead of \"" + std::string(text) + "\"");
    rule one;
    one.stage = parse_rule_stage(text.substr(0, sign));
    add_action(one, text.substr(sign + 1));
    return one;
}

void add_macro_list(wishes& to, std::string_view text) {
    auto const sign = text.find('=');
    if (sign == text.npos)
        throw script_error("expected STAGE=NAMES instead of \"" + std::string(text) + "\"");
    add_macro_list(to, text.substr(0, sign), text.substr(sign + 1));
}

void add_macro_list(wishes& to, std::string_view stage, std::string_view names) {
    auto const index = macro_list_of(stage);
    if (index == wire::macro_stage_count)
        throw script_error(
            "there are macro lists of connect, helo, mail, rcpt, data, end_of_headers and "
            "end_of_message, not of " +
            std::string(stage));
    to.lists[index] = std::string(names);
}

std::vector<action const*> choose(script const& from, seen const& state,
                                  proto::macro_store const& macros, wire::command_code stage) {
    std::vector<action const*> chosen;
    for (auto const& one : from.rules) {
        if (!applies(one, state, macros, stage)) continue;
        bool final = false;
        for (auto const& step : one.actions) {
            chosen.push_back(&step);
            final = final || is_final(step);
        }
        if (final) break;
    }
    return chosen;
}

} // namespace milter::test_filter
