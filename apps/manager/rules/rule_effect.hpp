// SPDX-License-Identifier: BSL-1.0
// manager/rules/rule_effect.hpp - what a rule does when it holds, in words
#pragma once

#include "rule/book.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

std::string_view name_of(rule::verdict_kind what) noexcept;

/// "skips rspamd; tag newsletter"
std::string effect_of(rule::rule_text const& one);

/// Names of macros with their values and milters: `{x} = "y" for dkim`.
std::vector<std::string> macros_of(rule::rule_text const& one);

} // namespace milter::manager
