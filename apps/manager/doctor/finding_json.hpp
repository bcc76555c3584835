// SPDX-License-Identifier: BSL-1.0
// manager/doctor/finding_json.hpp - what the doctor found, for programs
#pragma once

#include "manager/doctor/finding.hpp"

#include <span>
#include <string>

namespace milter::manager::doctor {

/// {"problems": 1, "warnings": 0, "findings": [{"weight": ..., "area": ..., "what": ..., "why": ..., "lines": [...]}]}
std::string to_json(std::span<finding const> all);

} // namespace milter::manager::doctor
