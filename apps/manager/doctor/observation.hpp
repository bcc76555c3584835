// SPDX-License-Identifier: BSL-1.0
// manager/doctor/observation.hpp - looks at the machine, and changes nothing
#pragma once

#include "manager/doctor/facts.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager::doctor {

struct observation_request {
    bool connect = true; ///< to milters, for a negotiation each
    bool query = false;  ///< lists in DNS
};

/// Blocks: 5 s at most for each connection and each negotiation, and once for DNS as [dns] deadline says.
/// @param settings  from with_endpoints()
facts observe(std::shared_ptr<config const> settings, postfix_settings postfix,
              observation_request const& request);

/// Addresses of the lines `nameserver` of resolv.conf. @source  resolv.conf(5)
std::vector<std::string> resolvers_in(std::string_view text);

} // namespace milter::manager::doctor
