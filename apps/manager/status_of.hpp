// SPDX-License-Identifier: BSL-1.0
// manager/status_of.hpp - how one listener and one milter are, as `status` reports it
#pragma once

#include "manager/config/status_json.hpp"
#include "manager/service/door.hpp"

namespace milter::manager {

listener_status status_of(door const& one);

/// But for what counters know. @param one  from with_endpoints()
milter_status status_of(milter_config const& one);

} // namespace milter::manager
