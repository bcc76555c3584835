// SPDX-License-Identifier: BSL-1.0
// manager/config/set_status.hpp - the sets of a configuration as `status` reports them
#pragma once

#include "manager/core/config.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

struct set_status {
    std::string name;
    std::string_view kind;   ///< as it is written
    std::string_view source; ///< "list", "file", "table" or "sqlite"
    std::string file;        ///< as it is written; empty: its list stands in the configuration
    std::size_t entries = 0;
    std::chrono::system_clock::time_point read; ///< when what is in force was
    std::string last_error; ///< as long as its source is as it was then, or its file does not come
};

/// Of a configuration that was read without errors.
/// @param overdue  path of the file whose reading does not come back; empty: none
std::vector<set_status> sets_of(config const& settings, std::string_view overdue = {});

} // namespace milter::manager
