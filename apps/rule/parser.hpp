// SPDX-License-Identifier: BSL-1.0
// rule/parser.hpp - the text of an expression to its tree
//
//   auto const parsed = parse("client.address in @local and not auth.present");
//   if (!parsed.tree) return tell(parsed.problem);
//
// or, and, not, comparison: in this order of binding, the last the tightest. Grammar: docs/rules.md.
#pragma once

#include "rule/tree.hpp"

#include <optional>
#include <string_view>

namespace milter::rule {

struct parsed_tree {
    std::optional<node> tree;
    finding problem; ///< the first one, where there is no tree
};

/// Never takes longer than the text is long, whatever it says.
parsed_tree parse(std::string_view text);

} // namespace milter::rule
