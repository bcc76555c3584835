// SPDX-License-Identifier: BSL-1.0
// manager/check_command.hpp - `milter-manager check`: what is wrong with the configuration, without starting anything
#pragma once

#include "manager/config/config_toml.hpp"
#include "manager/options.hpp"

#include <string>

namespace milter::manager {

/// Reads it and shows errors and warnings on standard error. Blocks on files, and on what the machine is asked.
loaded_config load_and_tell(std::string const& file, machine const& here);

/// @return  the exit status
int check(options const& options);

} // namespace milter::manager
