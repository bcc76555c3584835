// SPDX-License-Identifier: BSL-1.0
// rule/book_order.hpp - who comes after whom, as rules ask about other milters, and whether that is possible at all
#pragma once

#include "rule/book.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace milter::rule {

/// A milter that would have to wait for what it says itself.
struct order_problem {
    std::size_t milter = 0;
    std::optional<std::uint32_t> rule; ///< that asks; empty: the milter's own `when`
    finding what;                      ///< with its place in that expression
};

/// The conditions, the rules and, of these, those that accept mail: they are about each milter.
struct order_sources {
    std::vector<program> const& conditions;
    std::vector<book_rule> const& rules;
    std::vector<std::uint32_t> const& accepts;
};

/// Fills in whom each milter comes after, and by whose word.
/// @param names  of the milters
std::vector<order_problem> put_in_order(order_sources const& from,
                                        std::vector<milter_text> const& names,
                                        std::vector<book_milter>& milters);

} // namespace milter::rule
