// SPDX-License-Identifier: BSL-1.0
// manager/rules/facts_verb.hpp - `rules facts`: what expressions can ask about, and what they can do with it
#pragma once

#include "manager/rules/request.hpp"

namespace milter::manager {

/// All in tables, one in full, or a group: "client" has client.address and others.
rules_answer show_facts(rules_request const& request);

} // namespace milter::manager
