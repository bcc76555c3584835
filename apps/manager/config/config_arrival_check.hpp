// SPDX-License-Identifier: BSL-1.0
// manager/config/config_arrival_check.hpp - expressions that ask for a listener or a profile that there is not
#pragma once

#include "manager/config/config_check.hpp"

namespace milter::manager {

/// Of expressions in which nothing is wrong.
void check_arrivals(config const& what, value_places const& places, problem_list& problems);

} // namespace milter::manager
