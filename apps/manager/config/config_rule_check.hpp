// SPDX-License-Identifier: BSL-1.0
// manager/config/config_rule_check.hpp - what must hold between the keys of a set, and between those of a rule
//
// What their names mean and whether types fit, rule/book.hpp finds out.
#pragma once

#include "manager/config/config_check.hpp"

namespace milter::manager {

/// One source each, and what belongs to it.
/// @param keys  config_reader::keys()
void check_sets(config const& what, value_places const& keys, problem_list& problems);

/// Something to do, and one verdict at most.
void check_rules(config const& what, value_places const& keys, problem_list& problems);

} // namespace milter::manager
