// SPDX-License-Identifier: BSL-1.0
// manager/config/config_choice.hpp - one of several words in the configuration
#pragma once

#include "manager/config/config_raw.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace milter::manager {

using words = std::span<std::string_view const>;

/// `"a", "b" or "c"`
std::string choice_of(words names);

/// @param to  which one; unchanged on a refusal
refusal assign_choice(std::size_t& to, raw_value const& value, words names);

} // namespace milter::manager
