// SPDX-License-Identifier: BSL-1.0
// manager/config/config_test_check.hpp - whether tests of rules are about milters, conditions, lists and tags that there are
#pragma once

#include "manager/config/config_check.hpp"

namespace milter::manager {

void check_tests(config const& what, value_places const& places, problem_list& problems);

} // namespace milter::manager
