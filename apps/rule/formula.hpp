// SPDX-License-Identifier: BSL-1.0
// rule/formula.hpp - an expression as and, or and not of atoms: of what is true or false by itself
//
// The same question is one atom, however often it is asked and whichever way round: `a != b` is the opposite of `a == b`,
// none() that of any(), and conditions are put in where they are named.
#pragma once

#include "rule/compile.hpp"
#include "rule/tree.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::rule {

/// Conditions by their names; those that are missing stay atoms.
using condition_trees = names<node const*>;

struct formula {
    enum class kind : unsigned char { constant, atom, not_, and_, or_ };

    struct part {
        kind what = kind::constant;
        bool value = false;               ///< of a constant
        std::uint32_t atom = 0;           ///< in `atoms`
        std::vector<std::uint32_t> parts; ///< in `all`, before this one
    };

    std::vector<part> all; ///< the last one is the whole
    std::vector<node> atoms;

    /// @param given  of each atom
    bool holds(std::vector<bool> const& given) const;
};

/// What it says depends on the salt.
bool has_sample(node const& tree);

inline constexpr std::size_t most_parts = 4096; ///< of a formula

/// Empty: it has too many parts. Of trees that can be compiled.
/// @param salt  as for compile(): the same sample() with another one is another atom
std::optional<formula> formula_of(node const& tree, condition_trees const& conditions,
                                  std::string_view salt);

} // namespace milter::rule
