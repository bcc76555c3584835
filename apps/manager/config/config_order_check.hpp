// SPDX-License-Identifier: BSL-1.0
// manager/config/config_order_check.hpp - orders of milters that rules change, and why
#pragma once

#include "manager/config/config_check.hpp"

namespace milter::manager {

/// Notes for the file and for each profile, with the order that results; of a configuration with its book.
void check_orders(config const& what, value_places const& places, problem_list& problems);

} // namespace milter::manager
