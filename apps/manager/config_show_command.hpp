// SPDX-License-Identifier: BSL-1.0
// manager/config_show_command.hpp - `milter-manager config show`
#pragma once

#include "manager/options.hpp"

namespace milter::manager {

/// @return  78: the configuration has errors; 73: standard output takes nothing
int show_configuration(options const& options);

} // namespace milter::manager
