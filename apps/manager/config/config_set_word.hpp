// SPDX-License-Identifier: BSL-1.0
// manager/config/config_set_word.hpp - how else people call the kinds of sets: "cidr" for "addresses", "ip", "emails"
#pragma once

#include "rule/set.hpp"

#include <optional>
#include <string_view>

namespace milter::manager {

/// Also for the words that are right.
std::optional<rule::set_kind> set_kind_meant_by(std::string_view word) noexcept;

/// Key of a list of such entries: "cidr".
std::string_view list_key_of(rule::set_kind kind) noexcept;

} // namespace milter::manager
