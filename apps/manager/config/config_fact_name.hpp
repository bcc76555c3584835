// SPDX-License-Identifier: BSL-1.0
// manager/config/config_fact_name.hpp - facts as tests of rules name them
#pragma once

#include "rule/fact_table.hpp"

#include <string_view>

namespace milter::manager {

/// What a fact follows from that a test cannot say anything about by itself; empty: it can.
std::string_view source_of_fact(rule::fact which) noexcept;

/// "header()" as the key of a table.
constexpr std::string_view without_parentheses(std::string_view name) noexcept {
    return name.ends_with("()") ? name.substr(0, name.size() - 2) : name;
}

} // namespace milter::manager
