// SPDX-License-Identifier: BSL-1.0
// rule/program.hpp - an expression made ready to be evaluated: its steps in one array, names resolved, lists built
//
// Never changed once it is made, so all threads may use it. Made by compile.hpp, run by evaluate.hpp.
#pragma once

#include "rule/function_table.hpp"
#include "rule/match.hpp"
#include "rule/place.hpp"
#include "rule/sample.hpp"
#include "rule/set.hpp"
#include "rule/tree.hpp"
#include "rule/truth.hpp"
#include "rule/value.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace milter::rule {

enum class step_kind : std::uint8_t {
    // conditions
    constant,
    not_,
    and_,
    or_,
    condition, ///< another program: `index`
    fact,      ///< of type bool
    any,       ///< of `of`, with the argument at `index`
    all,
    none,
    compare,      ///< two operands of one type
    in_set,       ///< of the program: `index`
    in_named_set, ///< of the configuration: `index`
    under,        ///< two domains
    matches,      ///< the pattern at `index`
    s25r,
    is_private,
    sample,       ///< its share is at `index`
    bool_or_else, ///< a condition, and a constant
    // operands
    literal, ///< at `index`
    read,    ///< a fact that is no bool
    count,
    length,
    or_else, ///< an operand, and a literal
};

struct step {
    step_kind what = step_kind::constant;
    type is = type::boolean;
    comparison how = comparison::equal;
    bool flag = false;  ///< of a constant: its value; of comparisons: negated
    rule::fact which{}; ///< of fact, read
    quantity of{};      ///< of any, all, none, count, read
    std::uint32_t index = no_index;
    std::uint32_t slot = no_index; ///< of its answer in a memo; none: it is found out each time
    std::uint32_t walk = no_index; ///< of any, all, none: how far it has come, in a memo
    std::uint32_t first = 0;       ///< its only part; of several: they are in `links` from here
    std::uint32_t count = 0;

    static constexpr std::uint32_t no_index = UINT32_MAX;
};

/// A value that stands in the expression.
struct literal {
    std::string text;
    std::int64_t number = 0;
    mail_address mail; ///< views into `text`
    ip address;
    type is = type::text;
};

/// Good as long as the literal.
inline value value_of(literal const& one) noexcept {
    switch (one.is) {
    case type::ip: return known_ip(one.address);
    case type::mail: return known_mail(one.mail);
    case type::text:
    case type::domain: return known_text(one.text);
    default: return known_number(one.number);
    }
}

struct program {
    std::string text; ///< that it was made from
    std::string salt; ///< of samples
    sampling samples;
    std::vector<step> steps;
    std::vector<place> places; ///< of the steps, in `text`
    std::vector<std::uint32_t> links;
    std::vector<std::unique_ptr<literal const>> literals; ///< do not move, as views lead into them
    std::vector<value> values;                            ///< of these, in their order
    std::vector<argument> arguments;
    std::vector<pattern> patterns;
    std::vector<set> sets;
    std::uint32_t root = 0;

    std::uint32_t part(step const& of, std::uint32_t which) const noexcept {
        return of.count == 1 ? of.first : links[of.first + which];
    }
};

} // namespace milter::rule
