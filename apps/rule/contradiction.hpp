// SPDX-License-Identifier: BSL-1.0
// rule/contradiction.hpp - expressions that say the same of every mail
//
//   client.family == "inet" and client.family == "inet6"    is never true
//
// What is claimed is so. What is not found may still be so: patterns, named sets and unlike facts are taken for free of
// each other, and an expression of many parts is not examined at all.
#pragma once

#include "rule/formula.hpp"
#include "rule/place.hpp"

#include <string_view>

namespace milter::rule {

enum class constancy : unsigned char {
    none,   ///< both, or not found out
    never,  ///< it is true of no mail
    always, ///< it is false of no mail; it may be unavailable
};

/// @param tree  that can be compiled; so can the conditions
constancy constancy_of(node const& tree, condition_trees const& conditions, std::string_view salt);

/// It is written out as true or false, which has its uses: nothing is to be said of it.
bool is_constant(node const& tree, condition_trees const& conditions, std::string_view salt);

/// Of the expression as a whole, and of what any(), all(), none() and count() ask of each; not of constants.
findings contradictions_in(node const& tree, condition_trees const& conditions,
                           std::string_view salt);

} // namespace milter::rule
