// SPDX-License-Identifier: BSL-1.0
// test-filter/script.hpp - how the filter behaves: what it negotiates, and rules
//
// The rules of a stage are looked at in order. Each whose conditions all hold is carried out; the first with a final
// action (a verdict, an end of the connection, silence) is the last. Without one the answer is CONTINUE.
#pragma once

#include "test-filter/action.hpp"
#include "test-filter/condition.hpp"
#include "test-filter/expectation.hpp"
#include "test-filter/fault_schedule.hpp"
#include <milter/proto/negotiation.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace milter::test_filter {

struct rule {
    std::optional<wire::command_code> stage; ///< empty: each that is answered
    std::vector<condition> when;
    std::vector<action> actions;
};

struct wishes {
    std::optional<std::uint32_t> version; ///< empty: the newest both have
    std::optional<wire::action> actions;  ///< empty: what the rules need
    wire::step steps = wire::step::none;
    proto::macro_lists lists;
};

struct script {
    wishes negotiation;
    std::vector<rule> rules;
    std::vector<expectation> expected;
    fault_schedule faults;
};

/// What to ask for.
proto::wish to_wish(script const& from);

/// A rule of the form STAGE=ACTION. @throws script_error
rule parse_rule(std::string_view text);

/// Adds what parse_action() reads to a rule whose stage is known. @throws script_error, also when it cannot be sent there
void add_action(rule& to, std::string_view text);

/// `any`, or a stage of cli/flag_names.hpp. @throws script_error
std::optional<wire::command_code> parse_rule_stage(std::string_view text);

/// Adds a list of the form STAGE=NAMES, e.g. `connect=j {daemon_name}`; empty NAMES ask for none. @throws script_error
void add_macro_list(wishes& to, std::string_view text);
void add_macro_list(wishes& to, std::string_view stage, std::string_view names);

/// What to do about a command, in order; pointers into `from`. @param stage  of the command
std::vector<action const*> choose(script const& from, seen const& state,
                                  proto::macro_store const& macros, wire::command_code stage);

} // namespace milter::test_filter
