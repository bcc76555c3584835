// SPDX-License-Identifier: BSL-1.0
// manager/config/config_show_json.hpp - a configuration as JSON: each value by its path, with its origin
#pragma once

#include "manager/config/config_show.hpp"

#include <span>
#include <string>

namespace milter::manager {

/// {"milter[0].name": {"value": "opendkim", "origin": "FILE:LINE"}}; null: not set. In lines, for people, too.
std::string to_json(std::span<shown_value const> values, std::span<computed_value const> computed);

} // namespace milter::manager
