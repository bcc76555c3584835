// SPDX-License-Identifier: BSL-1.0
// rule/compile.cpp - conditions, names and calls
#include "rule/compile.hpp"

#include "rule/compiler.hpp"
#include "rule/format.hpp"
#include "rule/macro_stage.hpp"
#include "rule/parser.hpp"
#include "rule/quote.hpp"
#include "rule/suggestion.hpp"

#include <algorithm>
#include <utility>

namespace milter::rule {

namespace {

std::string ascii_upper(std::string text) {
    for (auto& c : text)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return text;
}

std::string with_article(type of) {
    bool const vowel = of == type::integer || of == type::ip || of == type::mail;
    return (vowel ? "an " : "a ") + std::string(name_of(of));
}

} // namespace

compiler::compiler(std::string_view text, scope const& names, std::string_view salt)
    : names_(names) {
    made_.text = text;
    made_.salt = salt;
    made_.samples = sampling(salt);
}

compiled_program compiler::run(node const& tree) {
    made_.root = condition(tree);
    if (problems_.empty()) return {std::move(made_), {}};
    return {std::nullopt, std::move(problems_)};
}

// ---- making steps

std::uint32_t compiler::add(step one, place at) {
    made_.steps.push_back(one);
    made_.places.push_back(at);
    return static_cast<std::uint32_t>(made_.steps.size() - 1);
}

std::uint32_t compiler::add(step one, place at, std::vector<std::uint32_t> const& parts) {
    one.count = static_cast<std::uint32_t>(parts.size());
    one.first = one.count == 1 ? parts[0] : static_cast<std::uint32_t>(made_.links.size());
    if (one.count != 1) made_.links.insert(made_.links.end(), parts.begin(), parts.end());
    return add(one, at);
}

std::uint32_t compiler::constant(bool value, place at) {
    step one;
    one.what = step_kind::constant;
    one.flag = value;
    return add(one, at);
}

std::uint32_t compiler::negated_if(bool negated, std::uint32_t inner, place at) {
    if (!negated) return inner;
    step one;
    one.what = step_kind::not_;
    return add(one, at, {inner});
}

std::uint32_t compiler::argument_index(argument with) {
    made_.arguments.push_back(std::move(with));
    return static_cast<std::uint32_t>(made_.arguments.size() - 1);
}

std::uint32_t compiler::wrong(place at, std::string message, std::string hint) {
    problems_.push_back({at, std::move(message), std::move(hint)});
    return constant(false, at);
}

bool compiler::is_literal(node const& tree) noexcept {
    return tree.kind <= node_kind::list || tree.kind == node_kind::set;
}

// ---- conditions

std::uint32_t compiler::condition(node const& tree) {
    switch (tree.kind) {
    case node_kind::boolean: return constant(tree.number != 0, tree.at);
    case node_kind::not_: return negated_if(true, condition(tree.children[0]), tree.at);
    case node_kind::and_:
    case node_kind::or_: {
        std::vector<std::uint32_t> parts;
        for (auto const& one : tree.children) parts.push_back(condition(one));
        step one;
        one.what = tree.kind == node_kind::and_ ? step_kind::and_ : step_kind::or_;
        return add(one, tree.at, parts);
    }
    case node_kind::compare: return comparison_of(tree);
    case node_kind::name: return name_as_condition(tree);
    case node_kind::call: return call_as_condition(tree);
    default: break;
    }
    return wrong(tree.at, "expected a condition, not " + to_text(tree),
                 "a value is compared with a fact: client.name == \"...\"");
}

std::uint32_t compiler::name_as_condition(node const& tree) {
    auto const found = names_.conditions.find(tree.text);
    if (found == names_.conditions.end()) return fact_as_condition(tree);
    step one;
    one.what = step_kind::condition;
    one.index = one.slot = found->second;
    return add(one, tree.at);
}

std::uint32_t compiler::call_as_condition(node const& tree) {
    auto const* const known = tree.member.empty() ? find_function(tree.text) : nullptr;
    if (!known) return fact_as_condition(tree);
    switch (known->id) {
    case function::any: return quantifier(tree, step_kind::any);
    case function::all: return quantifier(tree, step_kind::all);
    case function::none: return quantifier(tree, step_kind::none);
    case function::s25r: return one_operand_condition(tree, step_kind::s25r, type::domain);
    case function::is_private: return one_operand_condition(tree, step_kind::is_private, type::ip);
    case function::sample: return sample(tree);
    case function::or_else: return bool_or_else(tree);
    case function::count:
    case function::length: break;
    }
    return wrong(tree.at, to_text(tree) + " is a number, not a condition",
                 "compare it: " + tree.text + "(...) > 10");
}

std::uint32_t compiler::fact_as_condition(node const& tree) {
    auto const before = problems_.size();
    auto const found = fact_operand(tree);
    if (problems_.size() > before) return found.step;
    if (found.is == type::boolean) return found.step;
    return wrong(tree.at, to_text(tree) + " is " + with_article(*found.is) + ", not a condition",
                 "compare it: " + to_text(tree) +
                     (is_number(*found.is) ? " > ..." : " == \"...\""));
}

std::uint32_t compiler::one_operand_condition(node const& tree, step_kind what, type takes) {
    if (!has_arguments(tree, 1, tree.text + "(" + std::string(name_of(takes)) + ")"))
        return constant(false, tree.at);
    auto const inner = operand_of(tree.children[0]);
    if (!inner.is) return inner.step;
    if (*inner.is != takes)
        return wrong(tree.children[0].at, tree.text + " takes " + with_article(takes) + ", not " +
                                              with_article(*inner.is));
    step one;
    one.what = what;
    return add(one, tree.at, {inner.step});
}

/// sample(5%, by = sender.domain)
std::uint32_t compiler::sample(node const& tree) {
    std::string const form = "sample(5%, by = client.address)";
    auto const& parts = tree.children;
    if (parts.size() != 2 || parts[0].kind != node_kind::percent ||
        parts[1].kind != node_kind::named || parts[1].text != "by")
        return wrong(tree.at, "sample takes a percentage and by", "write " + form);
    if (parts[0].number > 10'000) return wrong(parts[0].at, "a share is at most 100%");
    auto const by = operand_of(parts[1].children[0]);
    if (!by.is) return by.step;
    if (!is_textual(*by.is) && *by.is != type::ip)
        return wrong(parts[1].at,
                     "by takes an address, a domain, an IP or a string, not " +
                         with_article(*by.is),
                     "write " + form);
    step one;
    one.what = step_kind::sample;
    one.index = static_cast<std::uint32_t>(parts[0].number);
    one.is = *by.is;
    return add(one, tree.at, {by.step});
}

std::uint32_t compiler::bool_or_else(node const& tree) {
    if (!has_arguments(tree, 2, "or_else(fact, value)")) return constant(false, tree.at);
    auto const& otherwise = tree.children[1];
    if (otherwise.kind != node_kind::boolean) {
        auto const before = problems_.size();
        auto const value = or_else(tree);
        if (problems_.size() > before) return value.step;
        return wrong(tree.at,
                     to_text(tree) + " is " + with_article(*value.is) + ", not a condition",
                     "compare it with a value");
    }
    step one;
    one.what = step_kind::bool_or_else;
    one.flag = otherwise.number != 0;
    return add(one, tree.at, {condition(tree.children[0])});
}

// ---- several values

/// The first fact of several values in a tree; null: there is none.
fact_row const* compiler::fact_of(node const& tree) {
    if (tree.kind == node_kind::name) return find_fact(tree.text);
    if (tree.kind != node_kind::call) return nullptr;
    return find_fact(tree.text + "()" + (tree.member.empty() ? "" : "." + tree.member));
}

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

// ---- operands

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

void compiler::unknown_name(node const& tree) {
    std::vector<std::string_view> known;
    for (auto const& row : fact_rows()) known.push_back(row.name);
    for (auto const& row : function_rows()) known.push_back(row.name);
    for (auto const& [name, ignored] : names_.conditions) known.push_back(name);
    auto const full = tree.text + (tree.kind == node_kind::call ? "()" : "") +
                      (tree.member.empty() ? "" : "." + tree.member);
    auto const* const needs_argument = find_fact(full + "()");
    auto const* const needs_none = tree.kind == node_kind::call ? find_fact(tree.text) : nullptr;
    if (needs_argument)
        return void(wrong(tree.at, full + " needs an argument",
                          "write " + std::string(needs_argument->example)));
    if (needs_none)
        return void(wrong(tree.at, tree.text + " takes no argument", "write " + tree.text));
    auto near = nearest(full, known);
    if (near.empty()) near = nearest(tree.text, known);
    std::string const other =
        tree.kind == node_kind::name
            ? "add [condition." + tree.text +
                  "], or see the list of facts: milter-manager rules facts"
            : "see the lists of facts and functions: milter-manager rules facts";
    wrong(
        tree.at,
        "unknown " +
            std::string(tree.kind == node_kind::name ? "fact or condition " : "fact or function ") +
            in_quotes(full),
        near.empty() ? other : "did you mean " + std::string(near) + "?");
}

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
        wrong(given.at, "expected a name in quotes, not " + to_text(given));
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
    auto const near = nearest(given.text, candidates);
    wrong(given.at, "unknown " + std::string(what) + " " + in_quotes(given.text),
          near.empty() ? "add " + std::string(heading) : "did you mean " + in_quotes(near) + "?");
    return false;
}

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

// ---- for others

compiled_program compile(node const& tree, std::string_view text, scope const& names,
                         std::string_view salt) {
    return compiler(text, names, salt).run(tree);
}

compiled_program compile(std::string_view text, scope const& names, std::string_view salt) {
    auto const parsed = parse(text);
    if (!parsed.tree) return {std::nullopt, {parsed.problem}};
    return compile(*parsed.tree, text, names, salt);
}

} // namespace milter::rule
