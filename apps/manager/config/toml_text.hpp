// SPDX-License-Identifier: BSL-1.0
// manager/config/toml_text.hpp - texts and keys as TOML spells them
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

/// In double quotes, with control characters escaped.
std::string toml_text(std::string_view text);

/// Bare where that is possible.
std::string toml_key(std::string_view key);

/// ["a", "b"]
std::string toml_list(std::vector<std::string> const& texts);

} // namespace milter::manager
