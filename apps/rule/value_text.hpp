// SPDX-License-Identifier: BSL-1.0
// rule/value_text.hpp - the value of a fact for people: escaped, cut, with its unit
#pragma once

#include "rule/value.hpp"

#include <string>

namespace milter::rule {

/// "203.0.113.9"; texts in quotes; "not known yet" and "unavailable" where there is none.
std::string to_text(value const& of, type is);

} // namespace milter::rule
