// SPDX-License-Identifier: BSL-1.0
// manager/control_client.hpp - the verbs that ask a manager that runs: status, reload, drain
#pragma once

#include "manager/options.hpp"

namespace milter::manager {

/// Asks on the control socket; what it says goes to standard output, why it cannot be asked to standard error.
/// @return exit status (sysexits.h): 69 nobody answers there, or a listener cannot be opened; 70 not understood; 75 not
///         now, or sessions were cut off; 76 no answer of a manager; 77 not allowed; 78 configuration
int ask_manager(options const& options);

} // namespace milter::manager
