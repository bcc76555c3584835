// SPDX-License-Identifier: BSL-1.0
// manager/config/config_rule_key.hpp - the keys of conditions, sets, rules, lists in DNS and tests: part of the table of keys
#pragma once

#include "manager/config/config_key.hpp"

#include <span>

namespace milter::manager {

std::span<config_key const> config_rule_key_rows() noexcept;

} // namespace milter::manager
