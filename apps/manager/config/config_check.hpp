// SPDX-License-Identifier: BSL-1.0
// manager/config/config_check.hpp - what must hold between the values of a configuration
#pragma once

#include "manager/config/config_problem.hpp"
#include "manager/core/config.hpp"

#include <functional>
#include <map>
#include <string>

namespace milter::manager {

/// Where the values that were read stand: "listen[0]", "listen[0].socket", "manager.workers", and of a list
/// also its elements: "milter[0].socket[1]". What was
/// refused is not in here, but for lists of the wrong shape: "milter".
using value_places = std::map<std::string, source_place, std::less<>>;

void check_config(config const& what, value_places const& places, problem_list& problems);

} // namespace milter::manager
