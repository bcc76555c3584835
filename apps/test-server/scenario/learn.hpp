// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/learn.hpp - scenarios from what there is: a message, or a conversation that was recorded
#pragma once

#include "test-server/scenario/scenario.hpp"
#include "test-server/scenario/scenario_player.hpp"
#include <milter/corpus/conversation.hpp>

#include <string>
#include <string_view>

namespace milter::test_server {

/// The steps that hand in a message: its envelope is taken from From and To. @param file  how the scenario names it
scenario scenario_of_mail(std::string_view text, std::string const& file);

/// The steps of the MTA, expecting what the milter answered, to be played as `mta`, which is called `as`. What a step
/// cannot say (packets that are broken, or that no MTA says) is left out. @throws std::invalid_argument  no MTA said
/// anything
scenario scenario_of_conversation(corpus::conversation const& talk, std::string const& as,
                                  mta_profile const& mta);

/// Expects of each step what came of it: verdict, reply, edits, what was negotiated.
void expect_what_came(scenario& steps, scenario_result const& result);

/// As a file that parse_scenario() reads: variables have their values, and included files are part of it.
std::string to_toml(scenario const& one);

} // namespace milter::test_server
