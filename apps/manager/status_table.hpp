// SPDX-License-Identifier: BSL-1.0
// manager/status_table.hpp - the answer to `status`, for people
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace milter::manager {

/// Lines with their ends. What the answer lacks, as one of another version may, is left out; text in it is escaped.
/// @throws nlohmann::json::exception  when a key has another type than ours
std::string status_table(nlohmann::ordered_json const& answer);

} // namespace milter::manager
