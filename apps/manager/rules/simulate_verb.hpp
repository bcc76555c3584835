// SPDX-License-Identifier: BSL-1.0
// manager/rules/simulate_verb.hpp - `rules simulate`: which recorded messages another configuration treats otherwise
#pragma once

#include "manager/rules/replayed_mail.hpp"
#include "manager/rules/request.hpp"

#include <optional>
#include <string>
#include <vector>

namespace milter::manager {

/// @return  empty: one of them is no ZONE=IP,IP, or its zone is none of a configuration; `problem` says which
std::optional<listed_clients> read_listed(std::vector<std::string> const& texts,
                                          std::vector<std::string> const& zones,
                                          std::string& problem);

rules_answer simulate_rules(rules_request const& request);

} // namespace milter::manager
