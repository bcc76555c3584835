// SPDX-License-Identifier: BSL-1.0
// manager/rules/rule_user.hpp - which rules have a word on whether a milter runs
#pragma once

#include "manager/core/config.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

struct rule_user {
    std::uint32_t rule = 0; ///< in the book
    std::string does;       ///< "uses it"
};

/// Those that accept mail are among them.
std::vector<rule_user> users_of(rule::book const& book, std::size_t milter);

/// As it stands in the configuration. @param name  of a rule of its book
rule::rule_text const* written_rule(config const& settings, std::string_view name);

} // namespace milter::manager
