// SPDX-License-Identifier: BSL-1.0
// manager/rules/check_verb.hpp - `rules check`: problems, who is asked when and at what cost, and what the tests say
#pragma once

#include "manager/config/config_machine.hpp"
#include "manager/core/config.hpp"
#include "manager/rules/request.hpp"
#include "rule/outlook.hpp"

#include <string>

namespace milter::manager {

/// "at connect"; "from connect when false, at rcpt at the latest"
std::string decision_text(rule::outlook const& ahead);

/// Milters in the order in which they are asked, then the rules. @param settings  ready, see ready_rules.hpp
std::string overview(config const& settings);

rules_answer check_rules(rules_request const& request, machine const& here);

} // namespace milter::manager
