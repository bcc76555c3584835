// SPDX-License-Identifier: BSL-1.0
// rule/compile_quantifier.cpp - any, all, none and count: recipients and header fields, one by one
#include "rule/compiler.hpp"
#include "rule/format.hpp"

#include <utility>

namespace milter::rule {

std::uint32_t compiler::quantifier(node const& tree, step_kind what) {
    if (!has_arguments(tree, 1, tree.text + "(condition)")) return constant(false, tree.at);
    if (range_)
        return wrong(tree.at, tree.text + " within another one",
                     "recipients and header fields are looked at one by one");
    range mine;
    range_ = &mine;
    auto const inner = condition(tree.children[0]);
    range_ = nullptr;
    if (mine.of == quantity::one) {
        if (!problems_.empty()) return inner;
        return wrong(tree.at, tree.text + " of something that there is only one of",
                     "it is for recipient, recipient.domain, header(\"Name\"), ...");
    }
    step one;
    one.what = what;
    one.of = mine.of;
    if (mine.has_argument) one.index = argument_index(mine.with);
    return add(one, tree.at, {inner});
}

/// count(recipient.domain == "example.com"), count(header("Received"))
compiler::operand compiler::count(node const& tree) {
    operand result{0, std::nullopt, {}, "count"};
    if (!has_arguments(tree, 1, "count(condition)")) return result;
    if (range_) {
        result.step = wrong(tree.at, "count within any, all, none or count");
        return result;
    }
    range mine;
    range_ = &mine;
    auto const& inner = tree.children[0];
    auto const* const row = fact_of(inner);
    bool const is_bare = row && row->of != quantity::one;
    auto const part = is_bare ? (operand_of(inner), constant(true, inner.at)) : condition(inner);
    range_ = nullptr;
    if (mine.of == quantity::one) {
        result.step = problems_.empty()
                          ? wrong(tree.at, "count of something that there is only one of",
                                  "it is for recipient, header(\"Name\"), ...")
                          : part;
        return result;
    }
    step one;
    one.what = step_kind::count;
    one.is = type::integer;
    one.of = mine.of;
    if (mine.has_argument) one.index = argument_index(mine.with);
    result.step = add(one, tree.at, {part});
    result.is = type::integer;
    return result;
}

/// A fact of several values stands in a quantifier, which goes through one kind of them.
bool compiler::fits_range(fact_row const& row, argument const& with, node const& tree) {
    if (row.of == quantity::one) return true;
    auto const shown = to_text(tree);
    if (!range_) {
        wrong(tree.at, "there may be several " + shown,
              "write any(" + shown + " ...), all(...), none(...) or count(...)");
        return false;
    }
    bool const is_by_argument = row.of != quantity::each_recipient;
    if (range_->of == quantity::one) {
        *range_ = {row.of, is_by_argument ? with : argument{}, is_by_argument};
        return true;
    }
    bool const same =
        range_->of == row.of &&
        (!is_by_argument || (range_->with.text == with.text && range_->with.index == with.index));
    if (!same)
        wrong(tree.at, "a second kind of values within one any, all, none or count",
              "ask about " + shown + " in one of its own");
    return same;
}

} // namespace milter::rule
