// SPDX-License-Identifier: BSL-1.0
// manager/rules/run_rules.hpp - `milter-manager rules`: a verb does its work, and what it has to say is printed
#pragma once

#include "manager/config/config_machine.hpp"
#include "manager/rules/request.hpp"

namespace milter::manager {

/// @param here  the machine that a configuration is checked for
/// @return  the exit status
int run_rules(rules_request const& request, machine const& here);

} // namespace milter::manager
