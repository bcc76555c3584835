// SPDX-License-Identifier: BSL-1.0
// manager/import_command.hpp - `milter-manager import`: files in, files out
#pragma once

#include "manager/options.hpp"

namespace milter::manager {

/// @return  0: all is translated; 1: something is not; 65: nothing was understood; 66: it cannot be read; 73: the
///          output cannot be written
int import_configuration(import_options const& options);

} // namespace milter::manager
