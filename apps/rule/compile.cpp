// SPDX-License-Identifier: BSL-1.0
// rule/compile.cpp - conditions, and the steps that all parts are made of
#include "rule/compile.hpp"

#include "rule/compiler.hpp"
#include "rule/format.hpp"
#include "rule/parser.hpp"

#include <utility>

namespace milter::rule {

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

std::string compiler::with_article(type of) {
    bool const vowel = of == type::integer || of == type::ip || of == type::mail;
    return (vowel ? "an " : "a ") + std::string(name_of(of));
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
