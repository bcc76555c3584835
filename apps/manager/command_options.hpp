// SPDX-License-Identifier: BSL-1.0
// manager/command_options.hpp - commands whose options stand in files of their own
#pragma once

#include "manager/options.hpp"

#include <CLI/CLI.hpp>

namespace milter::manager {

/// @return  the command that takes a configuration file
CLI::App& add_config_command(CLI::App& app, options& into);
CLI::App& add_doctor_command(CLI::App& app, options& into);

} // namespace milter::manager
