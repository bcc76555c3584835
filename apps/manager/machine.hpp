// SPDX-License-Identifier: BSL-1.0
// manager/machine.hpp - the machine that the manager runs on, for the checks of its configuration
#pragma once

#include "manager/config/config_machine.hpp"

namespace milter::manager {

/// Asks the system. Blocks on files and on the list of groups.
machine this_machine();

} // namespace milter::manager
