// SPDX-License-Identifier: BSL-1.0
// manager/config/config_origin.hpp - in which file and line the values of a configuration stand
#pragma once

#include "manager/config/config_check.hpp"
#include "manager/config/config_problem.hpp"

#include <functional>
#include <map>
#include <string>

namespace milter::manager {

struct config_origin {
    std::string file;
    unsigned line = 0; ///< from 1
};

/// By the paths of value_places. What is not in here has its default.
using config_origins = std::map<std::string, config_origin, std::less<>>;

/// @param files  that the places are in
config_origins origins_of(value_places const& places, problem_list const& files);

/// "rules.d/spam.toml:12"
std::string to_string(config_origin const& origin);

} // namespace milter::manager
