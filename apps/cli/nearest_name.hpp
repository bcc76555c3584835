// SPDX-License-Identifier: BSL-1.0
// cli/nearest_name.hpp - what somebody may have meant who misspelt a name
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace milter::cli {

/// The name nearest to a misspelt one, with one mistake in three letters at most; empty when none is near enough. A letter
/// that is added, left out, replaced, or swapped with its neighbour is one mistake.
std::string nearest_name(std::string_view wrong, std::span<std::string const> names);

} // namespace milter::cli
