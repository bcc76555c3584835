// SPDX-License-Identifier: BSL-1.0
// rule/compile_operand.cpp - what has a value: facts with their arguments, and functions of them
#include "rule/compiler.hpp"
#include "rule/format.hpp"
#include "rule/macro_stage.hpp"
#include "rule/quote.hpp"
#include "rule/suggestion.hpp"
#include <milter/ascii.hpp>

#include <algorithm>
#include <utility>

namespace milter::rule {

namespace {

std::string ascii_upper(std::string text) {
    for (auto& c : text) c = to_upper(c);
    return text;
}

} // namespace

/// What a name or a call stands for; null: it is no fact.
fact_row const* compiler::fact_of(node const& tree) {
    if (tree.kind == node_kind::name) return find_fact(tree.text);
    if (tree.kind != node_kind::call) return nullptr;
    return find_fact(tree.text + "()" + (tree.member.empty() ? "" : "." + tree.member));
}

compiler::operand compiler::operand_of(node const& tree) {
    if (tree.kind == node_kind::call && tree.member.empty())
        if (auto const* const known = find_function(tree.text))
            return call_operand(tree, known->id);
    if (tree.kind == node_kind::name || tree.kind == node_kind::call) return fact_operand(tree);
    return {wrong(tree.at, "expected a fact, not " + to_text(tree),
                  is_literal(tree) ? "the fact stands first, the value behind it" : ""),
            std::nullopt,
            {},
            {}};
}

compiler::operand compiler::call_operand(node const& tree, function which) {
    switch (which) {
    case function::count: return count(tree);
    case function::length: return length(tree);
    case function::or_else: return or_else(tree);
    default: return {condition(tree), type::boolean, {}, tree.text};
    }
}

compiler::operand compiler::fact_operand(node const& tree) {
    auto const* const row = fact_of(tree);
    if (!row) {
        auto const condition_there = names_.conditions.find(tree.text);
        if (tree.kind == node_kind::name && condition_there != names_.conditions.end())
            return {name_as_condition(tree), type::boolean, {}, tree.text};
        unknown_name(tree);
        return {constant(false, tree.at), std::nullopt, {}, tree.text};
    }
    argument with;
    bool const ready = argument_of(*row, tree, with) && fits_range(*row, with, tree);
    step one;
    one.what = row->is == type::boolean ? step_kind::fact : step_kind::read;
    one.is = row->is;
    one.which = row->id;
    one.of = row->of;
    if (row->takes != argument_kind::none) one.index = argument_index(std::move(with));
    auto const made = add(one, tree.at);
    return {made, ready ? std::optional(row->is) : std::nullopt, row->words, to_text(tree)};
}

// ---- what stands in parentheses

bool compiler::has_arguments(node const& call, std::size_t count, std::string_view form) {
    auto const plain = std::none_of(call.children.begin(), call.children.end(),
                                    [](node const& one) { return one.kind == node_kind::named; });
    if (plain && call.children.size() == count) return true;
    wrong(call.at,
          call.text + " takes " + std::to_string(count) + (count == 1 ? " argument" : " arguments"),
          "write " + std::string(form));
    return false;
}

bool compiler::argument_of(fact_row const& row, node const& call, argument& into) {
    if (row.takes == argument_kind::none) return true;
    bool const two = row.takes == argument_kind::milter_and_header;
    if (!has_arguments(call, two ? 2 : 1, row.example)) return false;
    if (!two) return resolve(row, row.takes, call.children[0], into);
    return resolve(row, argument_kind::milter, call.children[0], into) &&
           resolve(row, argument_kind::header, call.children[1], into);
}

bool compiler::resolve(fact_row const& row, argument_kind kind, node const& given, argument& into) {
    if (given.kind != node_kind::text || given.text.empty()) {
        auto const name = to_text(given);
        wrong(given.at, "expected a name in quotes, not " + name,
              given.kind == node_kind::name ? "write " + in_quotes(name) : "");
        return false;
    }
    switch (kind) {
    case argument_kind::parameter: into.text = ascii_upper(given.text); return true;
    case argument_kind::header:
        into.text = given.text;
        if (given.text.find_first_of(": \t") == given.text.npos) return true;
        wrong(given.at, in_quotes(given.text) + " is no name of a header field",
              "without colon and spaces");
        return false;
    case argument_kind::macro: into.text = braced(given.text); return true;
    case argument_kind::milter:
        return resolve_in(names_.milters, "milter", "[[milter]] of this name", given, into);
    case argument_kind::zone: {
        bool const allows = row.id == fact::dnswl;
        return resolve_in(allows ? names_.allow_lists : names_.block_lists, "DNS list",
                          (allows ? "[dnswl." : "[dnsbl.") + as_text(given.text) + "]", given,
                          into);
    }
    case argument_kind::milter_and_header:
    case argument_kind::none: break;
    }
    return true;
}

bool compiler::resolve_in(names<std::uint32_t> const& known, std::string_view what,
                          std::string_view heading, node const& given, argument& into) {
    auto const found = known.find(given.text);
    if (found != known.end()) {
        into.index = found->second;
        return true;
    }
    std::vector<std::string_view> candidates;
    for (auto const& [name, ignored] : known) candidates.push_back(name);
    auto const near = nearest_name(given.text, candidates);
    wrong(given.at, "unknown " + std::string(what) + " " + in_quotes(given.text),
          near.empty() ? "add " + std::string(heading) : "did you mean " + in_quotes(near) + "?");
    return false;
}

// ---- functions

compiler::operand compiler::length(node const& tree) {
    operand result{0, std::nullopt, {}, "length"};
    if (!has_arguments(tree, 1, "length(string)")) return result;
    auto const inner = operand_of(tree.children[0]);
    result.step = inner.step;
    if (!inner.is) return result;
    if (!is_textual(*inner.is)) {
        result.step =
            wrong(tree.children[0].at,
                  "length takes a string, a domain or an address, not " + with_article(*inner.is));
        return result;
    }
    step one;
    one.what = step_kind::length;
    one.is = type::integer;
    result.step = add(one, tree.at, {inner.step});
    result.is = type::integer;
    return result;
}

/// or_else(declared_size, 0B)
compiler::operand compiler::or_else(node const& tree) {
    operand result{0, std::nullopt, {}, "or_else"};
    if (!has_arguments(tree, 2, "or_else(fact, value)")) return result;
    auto const inner = operand_of(tree.children[0]);
    result.step = inner.step;
    if (!inner.is) return result;
    auto const otherwise = literal_of(tree.children[1], *inner.is);
    if (!otherwise.is) return result;
    step one;
    one.what = step_kind::or_else;
    one.is = *inner.is;
    result.step = add(one, tree.at, {inner.step, otherwise.step});
    result.is = inner.is;
    result.words = inner.words;
    return result;
}

} // namespace milter::rule
