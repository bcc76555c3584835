// SPDX-License-Identifier: BSL-1.0
// rule/compile.hpp - from a tree to a program: what the names mean, and whether the types fit
//
// All that is wrong is found, not only the first.
#pragma once

#include "rule/place.hpp"
#include "rule/program.hpp"
#include "rule/tree.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace milter::rule {

template <class Meaning> using names = std::map<std::string, Meaning, std::less<>>;

/// A set of the configuration.
struct named_set {
    std::uint32_t index = 0;
    set_kind kind = set_kind::text;
};

/// What the names in an expression may mean, besides facts and functions.
struct scope {
    names<std::uint32_t> conditions;
    names<named_set> sets;
    names<std::uint32_t> milters;
    names<std::uint32_t> block_lists; ///< zones of dnsbl()
    names<std::uint32_t> allow_lists; ///< zones of dnswl()
};

struct compiled_program {
    std::optional<program> value; ///< empty when there are findings
    findings problems;
};

/// @param text  that the tree was parsed from
/// @param salt  chooses the samples of this expression: a name that stays
compiled_program compile(node const& tree, std::string_view text, scope const& names,
                         std::string_view salt);

/// parse() and compile().
compiled_program compile(std::string_view text, scope const& names, std::string_view salt);

} // namespace milter::rule
