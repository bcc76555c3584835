// SPDX-License-Identifier: BSL-1.0
// manager/config/config_origin.cpp
#include "manager/config/config_origin.hpp"

#include "manager/config/printable.hpp"

namespace milter::manager {

config_origins origins_of(value_places const& places, problem_list const& files) {
    config_origins all;
    for (auto const& [path, at] : places)
        all.emplace(path, config_origin{files.name_of(at.file), at.line});
    return all;
}

std::string to_string(config_origin const& origin) {
    return printable(origin.file) + ':' + std::to_string(origin.line);
}

} // namespace milter::manager
