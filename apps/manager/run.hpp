// SPDX-License-Identifier: BSL-1.0
// manager/run.hpp - `milter-manager run`
#pragma once

#include "manager/options.hpp"

namespace milter::manager {

/// @return  the exit status (sysexits)
int run(options const& options);

} // namespace milter::manager
