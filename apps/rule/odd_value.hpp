// SPDX-License-Identifier: BSL-1.0
// rule/odd_value.hpp - comparisons with texts that can be written, but that the fact has in hardly any mail: "*.example.com"
#pragma once

#include "rule/place.hpp"
#include "rule/tree.hpp"

namespace milter::rule {

/// @param tree  that can be compiled
findings odd_values_in(node const& tree);

} // namespace milter::rule
