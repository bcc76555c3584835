// SPDX-License-Identifier: BSL-1.0
// rule/tree_json.hpp - a tree as JSON, which forms and programs handle better than text
//
//   client.address in @local and not suspicious
//   {"and": [{"in": [{"name": "client.address"}, {"set": "local"}]}, {"not": {"name": "suspicious"}}]}
//
// Texts, whole numbers, true and false are JSON's own; everything else is an object whose first key says what it is.
#pragma once

#include "rule/parser.hpp"

#include <string>
#include <string_view>

namespace milter::rule {

/// In one line. Bytes that are not UTF-8 become U+FFFD.
std::string to_json(node const& tree);

/// What it accepts, to_text() can print and parse() can read. The place of a problem is in the JSON text for its
/// syntax, else empty, and its message begins with the JSON pointer.
parsed_tree from_json(std::string_view json);

} // namespace milter::rule
