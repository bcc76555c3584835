// SPDX-License-Identifier: BSL-1.0
// manager/import/show_config.hpp - what the older manager's `--show-config` prints, or a file of its configuration
//
// Source: milter manager 2.3.2, keys and defaults in its doc/configuration.rd.
#pragma once

#include "manager/import/setup.hpp"

#include <string_view>

namespace milter::manager {

/// Does not throw; `understood` stays false when no line is one of that program.
setup read_show_config(std::string_view text);

} // namespace milter::manager
