// SPDX-License-Identifier: BSL-1.0
// manager/run.hpp - the verbs of milter-manager; each returns the exit status (sysexits)
#pragma once

#include "manager/options.hpp"

namespace milter::manager {

int run(options const& options);
int check(options const& options);

} // namespace milter::manager
