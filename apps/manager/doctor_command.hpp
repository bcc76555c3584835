// SPDX-License-Identifier: BSL-1.0
// manager/doctor_command.hpp - `milter-manager doctor`
#pragma once

#include "manager/options.hpp"

namespace milter::manager {

/// @return  0: no problem; 1: problems; 78: the configuration has errors
int examine(options const& options);

} // namespace milter::manager
