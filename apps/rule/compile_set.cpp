// SPDX-License-Identifier: BSL-1.0
// rule/compile_set.cpp - what stands behind in: lists, sets with a name, networks and hours
#include "rule/compiler.hpp"
#include "rule/format.hpp"
#include "rule/quote.hpp"
#include "rule/suggestion.hpp"

#include <utility>

namespace milter::rule {

namespace {

/// Of the sets that hold such values.
set_kind kind_for(type of) noexcept {
    switch (of) {
    case type::ip: return set_kind::addresses;
    case type::domain: return set_kind::domains;
    case type::mail: return set_kind::mail;
    case type::time: return set_kind::windows;
    default: return set_kind::text;
    }
}

std::string_view name_of_kind(set_kind of) noexcept {
    switch (of) {
    case set_kind::addresses: return "IP addresses";
    case set_kind::domains: return "domains";
    case set_kind::mail: return "mail addresses";
    case set_kind::windows: return "hours";
    case set_kind::text: break;
    }
    return "strings";
}

std::vector<node const*> elements_of(node const& list) {
    std::vector<node const*> found;
    found.reserve(list.children.size());
    for (auto const& one : list.children) found.push_back(&one);
    return found;
}

} // namespace

std::uint32_t compiler::in(node const& tree, operand const& left) {
    auto const& right = tree.children[1];
    if (right.kind == node_kind::set) return in_named_set(tree, left, right);
    if (is_number(*left.is) && right.kind == node_kind::list) return in_numbers(tree, left, right);
    bool const takes_one = left.is == type::ip || left.is == type::time;
    if (right.kind == node_kind::text && takes_one) {
        auto const made = inline_set({&right}, kind_for(*left.is), left);
        if (!made) return left.step;
        auto one = comparing(step_kind::in_set, *left.is);
        one.index = *made;
        return add(one, tree.at, {left.step});
    }
    if (right.kind != node_kind::list || is_number(*left.is) || left.is == type::boolean)
        return wrong(right.at, "expected a list or a set behind in, not " + to_text(right),
                     hint_for_list(right, left));
    auto const made = inline_set(elements_of(right), kind_for(*left.is), left);
    if (!made) return left.step;
    auto one = comparing(step_kind::in_set, *left.is);
    one.index = *made;
    return add(one, tree.at, {left.step});
}

/// Of what is neither a list nor a set.
std::string compiler::hint_for_list(node const& right, operand const& left) const {
    if (left.is == type::boolean) return "write == true, or == false";
    if (right.kind == node_kind::name && names_.sets.contains(right.text))
        return "write @" + right.text;
    auto const value = value_like(right, *left.is);
    return value.empty() ? "write [" + std::string(example_of(*left.is)) + ", ...] or @name"
                         : "write [" + value + "], or == for one value";
}

std::uint32_t compiler::in_numbers(node const& tree, operand const& left, node const& list) {
    std::vector<std::uint32_t> parts;
    for (auto const& one : list.children) {
        auto const right = literal_of(one, *left.is);
        if (right.is)
            parts.push_back(
                add(comparing(step_kind::compare, *left.is), one.at, {left.step, right.step}));
    }
    step any_of;
    any_of.what = step_kind::or_;
    return add(any_of, tree.at, parts);
}

std::uint32_t compiler::in_named_set(node const& tree, operand const& left, node const& set) {
    auto const found = names_.sets.find(set.text);
    if (found == names_.sets.end()) {
        std::vector<std::string_view> known;
        for (auto const& [name, ignored] : names_.sets) known.push_back(name);
        auto const near = nearest(set.text, known);
        return wrong(set.at, "unknown set " + in_quotes("@" + set.text),
                     near.empty() ? "add [set." + set.text + "]"
                                  : "did you mean @" + std::string(near) + "?");
    }
    if (found->second.kind != kind_for(*left.is) || is_number(*left.is) || left.is == type::boolean)
        return wrong(set.at, "@" + set.text + " holds " +
                                 std::string(name_of_kind(found->second.kind)) + ", and " +
                                 left.name + " is of type " + std::string(name_of(*left.is)));
    auto one = comparing(step_kind::in_named_set, *left.is);
    one.index = found->second.index;
    return add(one, tree.at, {left.step});
}

/// The index of a set that is part of the program.
std::optional<std::uint32_t> compiler::inline_set(std::vector<node const*> const& entries,
                                                  set_kind kind, operand const& left) {
    std::vector<std::string_view> texts;
    bool all_texts = true;
    for (auto const* const one : entries) {
        if (one->kind == node_kind::text) {
            texts.push_back(one->text);
            check_word(*one, left);
            continue;
        }
        wrong(one->at, "expected a text in quotes in the list, not " + to_text(*one),
              "write " + (one->kind == node_kind::name ? in_quotes(one->text)
                                                       : std::string(example_of(*left.is))));
        all_texts = false;
    }
    if (!all_texts) return std::nullopt;
    auto made = parse_set(kind, texts);
    for (auto& problem : made.problems) {
        auto const at = problem.line > 0 && problem.line <= entries.size()
                            ? entries[problem.line - 1]->at
                            : place{};
        wrong(at, std::move(problem.message), std::move(problem.hint));
    }
    if (!made.value) return std::nullopt;
    made_.sets.push_back(std::move(*made.value));
    return static_cast<std::uint32_t>(made_.sets.size() - 1);
}

} // namespace milter::rule
