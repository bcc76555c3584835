// SPDX-License-Identifier: BSL-1.0
// manager/running_manager.hpp - whether a manager runs, and on what it listens
#pragma once

#include "manager/config/config_machine.hpp"

namespace milter::manager {

/// Asks for the status on the control socket. Blocks for a few seconds at most.
manager_found find_manager(endpoint const& control);

} // namespace milter::manager
