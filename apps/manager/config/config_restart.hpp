// SPDX-License-Identifier: BSL-1.0
// manager/config/config_restart.hpp - what a running manager cannot take over from a configuration read anew
#pragma once

#include "manager/core/config.hpp"

#include <string>
#include <vector>

namespace milter::manager {

/// The keys that stay as the manager was started with them, where they differ: `[manager] workers = 4`.
std::vector<std::string> changed_for_restart(config const& started_with, config const& read);

} // namespace milter::manager
