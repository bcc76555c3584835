// SPDX-License-Identifier: BSL-1.0
// manager/config/config_name_check.hpp - no two milters, rules, sets, ... of one name, in whichever files they stand
#pragma once

#include "manager/config/config_check.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

void check_names(config const& what, value_places const& places, problem_list& problems);

/// "did you mean "spf"?", or else what else there is to say.
std::string did_you_mean(std::string_view wrong, std::vector<std::string_view> const& names,
                         std::string otherwise);

/// Of all that are in a list.
template <class Named> std::vector<std::string_view> names_of(std::vector<Named> const& items) {
    std::vector<std::string_view> names;
    names.reserve(items.size());
    for (auto const& one : items) names.push_back(one.name);
    return names;
}

inline std::vector<std::string_view> names_of(std::vector<list_config> const& zones) {
    std::vector<std::string_view> names;
    names.reserve(zones.size());
    for (auto const& one : zones) names.push_back(one.zone.name);
    return names;
}

} // namespace milter::manager
