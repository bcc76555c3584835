// SPDX-License-Identifier: BSL-1.0
// manager/rules_options.hpp - the command line of `milter-manager rules`
#pragma once

#include "manager/rules/request.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace milter::manager {

/// Both targets outlive the parsing.
void add_rules_command(CLI::App& app, rules_request& into, std::string& config_file,
                       char const* config_help);

/// What CLI11 cannot know is missing, or too much. @return  what is wrong with the usage; empty: nothing
std::string complete_rules_request(CLI::App const& app, rules_request& request);

} // namespace milter::manager
