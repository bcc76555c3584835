// SPDX-License-Identifier: BSL-1.0
// manager/machine.hpp - the machine that the manager runs on, for the checks of its configuration
#pragma once

#include "manager/config/config_machine.hpp"

namespace milter::manager {

/// Asks the system. Blocks on files and on the list of groups.
machine this_machine();

/// Asks also what a start would find, without making anything: it binds ports that it does not listen on, and asks a
/// manager that runs. Blocks on the name service, and for seconds on who does not answer.
machine this_machine_before_start();

} // namespace milter::manager
