// SPDX-License-Identifier: BSL-1.0
// manager/doctor/examination.hpp - from what was seen to what is wrong, without looking any more
#pragma once

#include "manager/doctor/facts.hpp"
#include "manager/doctor/finding.hpp"

#include <vector>

namespace milter::manager::doctor {

/// All of the following, in this order.
std::vector<finding> examine(facts const& what);

std::vector<finding> examine_sockets(facts const& what);
std::vector<finding> examine_listeners(facts const& what);
std::vector<finding> examine_order(facts const& what);
std::vector<finding> examine_macros(facts const& what);
std::vector<finding> examine_timeouts(facts const& what);
std::vector<finding> examine_sizes(facts const& what);
std::vector<finding> examine_mta(facts const& what);
std::vector<finding> examine_dns(facts const& what);

} // namespace milter::manager::doctor
