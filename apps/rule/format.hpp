// SPDX-License-Identifier: BSL-1.0
// rule/format.hpp - a tree as text: one spelling for each
//
// parse(to_text(tree)) is the tree again.
#pragma once

#include "rule/tree.hpp"

#include <string>

namespace milter::rule {

/// On one line, with as few parentheses as keep the tree.
std::string to_text(node const& tree);

} // namespace milter::rule
