// SPDX-License-Identifier: BSL-1.0
// manager/status_of.hpp - how one listener and one milter are, as `status` reports it
#pragma once

#include "manager/config/status_json.hpp"
#include "manager/service/door.hpp"
#include "manager/service/rule_desk.hpp"

namespace milter::manager {

listener_status status_of(door const& one);

/// Lists in DNS and their answers. @param desk  null: nobody asks them
void add_lists(status_report& to, config const& settings, rule_desk const* desk);

/// But for what counters know. @param one  from with_endpoints()
milter_status status_of(milter_config const& one);

} // namespace milter::manager
