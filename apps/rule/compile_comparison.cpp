// SPDX-License-Identifier: BSL-1.0
// rule/compile_comparison.cpp - what stands on both sides of ==, <, in, under, matches, ...
#include "rule/compiler.hpp"
#include "rule/domain.hpp"
#include "rule/format.hpp"
#include "rule/quote.hpp"
#include "rule/suggestion.hpp"

#include <algorithm>
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

std::optional<type> type_of_literal(node_kind kind) noexcept {
    switch (kind) {
    case node_kind::integer: return type::integer;
    case node_kind::size: return type::size;
    case node_kind::duration: return type::duration;
    case node_kind::percent: return type::percent;
    case node_kind::boolean: return type::boolean;
    default: return std::nullopt;
    }
}

std::string_view example_of(type of) noexcept {
    switch (of) {
    case type::boolean: return "true";
    case type::integer: return "10";
    case type::size: return "64KiB";
    case type::duration: return "500ms";
    case type::percent: return "5%";
    case type::domain: return "\"example.com\"";
    case type::mail: return "\"user@example.com\"";
    case type::ip: return "\"192.0.2.1\"";
    case type::time: return "\"Mon-Fri 08:00-18:00\"";
    case type::text: break;
    }
    return "\"text\"";
}

std::vector<node const*> elements_of(node const& list) {
    std::vector<node const*> found;
    found.reserve(list.children.size());
    for (auto const& one : list.children) found.push_back(&one);
    return found;
}

step comparing(step_kind what, type is, comparison how = comparison::equal) {
    step one;
    one.what = what;
    one.is = is;
    one.how = how;
    return one;
}

} // namespace

std::uint32_t compiler::comparison_of(node const& tree) {
    auto const& given = tree.children[0];
    if (is_literal(given))
        return wrong(given.at, "a comparison begins with a fact, not with " + to_text(given),
                     "turn it round: the fact stands first");
    auto const left = operand_of(given);
    if (!left.is) return left.step;
    switch (tree.how) {
    case comparison::in: return negated_if(tree.negated, in(tree, left), tree.at);
    case comparison::under: return negated_if(tree.negated, under(tree, left), tree.at);
    case comparison::matches: return negated_if(tree.negated, matches(tree, left), tree.at);
    case comparison::contains:
    case comparison::starts_with:
    case comparison::ends_with: return negated_if(tree.negated, part_of_text(tree, left), tree.at);
    default: return equal_or_ordered(tree, left);
    }
}

// ---- in

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
                     right.kind == node_kind::text
                         ? "write [" + to_text(right) + "], or == for one value"
                         : "write [" + std::string(example_of(*left.is)) + ", ...] or @name");
    auto const made = inline_set(elements_of(right), kind_for(*left.is), left);
    if (!made) return left.step;
    auto one = comparing(step_kind::in_set, *left.is);
    one.index = *made;
    return add(one, tree.at, {left.step});
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
              "write " + std::string(example_of(*left.is)));
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

// ---- under, matches, contains

std::uint32_t compiler::under(node const& tree, operand const& left) {
    auto const& right = tree.children[1];
    if (left.is != type::domain)
        return wrong(tree.children[0].at,
                     "under is for domains, and " + left.name + " is of type " +
                         std::string(name_of(*left.is)),
                     left.is == type::mail ? "write " + left.name + ".domain" : "");
    if (right.kind == node_kind::set)
        return wrong(right.at, "under takes a domain or a list of them, not a set",
                     "an entry \".example.com\" of a set stands for all below it: write in @" +
                         right.text);
    if (right.kind != node_kind::list) {
        if (is_above_nothing(right, "under ")) return left.step;
        auto const parent = right_side(right, left);
        if (!parent.is) return parent.step;
        return add(comparing(step_kind::under, type::domain), tree.at, {left.step, parent.step});
    }
    std::vector<std::uint32_t> parts;
    for (auto const& one : right.children) {
        if (is_above_nothing(one, "")) continue;
        auto const parent = literal_of(one, type::domain);
        if (parent.is)
            parts.push_back(
                add(comparing(step_kind::under, type::domain), one.at, {left.step, parent.step}));
    }
    step any_of;
    any_of.what = step_kind::or_;
    return add(any_of, tree.at, parts);
}

/// A text that no name is under, as it is spelled for a set: that has been told then.
/// @param word  in front of what to write instead
bool compiler::is_above_nothing(node const& parent, std::string_view word) {
    if (parent.kind != node_kind::text) return false;
    auto const name_at = std::min(parent.text.find_first_not_of("*."), parent.text.size());
    auto const name = std::string_view(parent.text).substr(name_at);
    bool const is_name = !name.empty() && name.find('*') == name.npos;
    if (is_name && name_at == 0) return false;
    wrong(parent.at, "no name is under " + in_quotes(parent.text),
          is_name ? "write " + std::string(word) + in_quotes(name) +
                        ": this name and all names below it"
                  : "write a domain; a pattern stands behind matches");
    return true;
}

std::uint32_t compiler::matches(node const& tree, operand const& left) {
    auto const& right = tree.children[1];
    if (!is_textual(*left.is))
        return wrong(tree.children[0].at, "matches is for texts, and " + left.name +
                                              " is of type " + std::string(name_of(*left.is)));
    if (right.kind != node_kind::pattern)
        return wrong(right.at, "expected a pattern behind matches, not " + to_text(right),
                     "write /.../, or /.../i where case does not matter");
    auto made = pattern::compile(right.text, right.member == "i");
    if (!made.value) {
        auto at = right.at;
        if (made.offset && *made.offset < right.text.size())
            at = {right.at.offset + 1 + static_cast<std::uint32_t>(*made.offset), 1};
        return wrong(at, "the pattern cannot be used: " + made.problem);
    }
    made_.patterns.push_back(std::move(*made.value));
    auto one = comparing(step_kind::matches, *left.is);
    one.index = static_cast<std::uint32_t>(made_.patterns.size() - 1);
    return add(one, tree.at, {left.step});
}

std::uint32_t compiler::part_of_text(node const& tree, operand const& left) {
    if (!is_textual(*left.is))
        return wrong(tree.children[0].at, std::string(spelling(tree.how)) + " is for texts, and " +
                                              left.name + " is of type " +
                                              std::string(name_of(*left.is)));
    auto const& right = tree.children[1];
    auto const part =
        right.kind == node_kind::text ? literal_of(right, type::text) : right_side(right, left);
    if (!part.is) return part.step;
    if (right.kind == node_kind::text && right.text.empty())
        return wrong(right.at, "an empty text", "it is part of every text");
    return add(comparing(step_kind::compare, type::text, tree.how), tree.at,
               {left.step, part.step});
}

// ---- ==, <

std::uint32_t compiler::equal_or_ordered(node const& tree, operand const& left) {
    bool const orders = tree.how != comparison::equal && tree.how != comparison::not_equal;
    if (orders && !is_number(*left.is))
        return wrong(tree.children[0].at, std::string(spelling(tree.how)) +
                                              " is for numbers, and " + left.name + " is of type " +
                                              std::string(name_of(*left.is)));
    if (left.is == type::time)
        return wrong(tree.children[1].at, "a time lies in hours",
                     R"(write now in "Mon-Fri 08:00-18:00")");
    auto const right = right_side(tree.children[1], left);
    if (!right.is) return right.step;
    return add(comparing(step_kind::compare, *left.is, tree.how), tree.at, {left.step, right.step});
}

compiler::operand compiler::right_side(node const& tree, operand const& left) {
    if (is_literal(tree)) {
        if (tree.kind == node_kind::text) check_word(tree, left);
        return literal_of(tree, *left.is);
    }
    auto found = operand_of(tree);
    if (!found.is || *found.is == *left.is) return found;
    return {wrong(tree.at,
                  left.name + " is of type " + std::string(name_of(*left.is)) + ", and " +
                      found.name + " of type " + std::string(name_of(*found.is)),
                  "only values of one type are compared"),
            std::nullopt,
            {},
            {}};
}

compiler::operand compiler::literal_of(node const& tree, type wanted) {
    auto made = std::make_unique<literal>();
    made->is = wanted;
    if (!fill(*made, tree, wanted)) return {constant(false, tree.at), std::nullopt, {}, {}};
    made_.values.push_back(value_of(*made));
    made_.literals.push_back(std::move(made));
    auto one = comparing(step_kind::literal, wanted);
    one.index = static_cast<std::uint32_t>(made_.literals.size() - 1);
    return {add(one, tree.at), wanted, {}, to_text(tree)};
}

bool compiler::fill(literal& into, node const& tree, type wanted) {
    auto const refuse = [&](std::string message, std::string hint = {}) {
        wrong(tree.at, std::move(message), std::move(hint));
        return false;
    };
    if (is_number(wanted) || wanted == type::boolean) {
        into.number = static_cast<std::int64_t>(tree.number);
        if (type_of_literal(tree.kind) == wanted) return true;
        return refuse("expected a value of type " + std::string(name_of(wanted)) + ", not " +
                          to_text(tree),
                      "write one like " + std::string(example_of(wanted)));
    }
    if (tree.kind != node_kind::text)
        return refuse("expected a value of type " + std::string(name_of(wanted)) + ", not " +
                          to_text(tree),
                      tree.kind == node_kind::set || tree.kind == node_kind::list
                          ? "write in for a set or a list"
                      : tree.kind == node_kind::pattern
                          ? "write matches for a pattern"
                          : "write one like " + std::string(example_of(wanted)));
    into.text = wanted == type::domain ? normal_domain(tree.text) : tree.text;
    if (wanted == type::mail) into.mail = parse_mail_address(into.text);
    if (wanted == type::time)
        return refuse("a time lies in hours", R"(write in "Mon-Fri 08:00-18:00")");
    if (wanted != type::ip) return true;
    auto const address = parse_ip(tree.text);
    if (!address)
        return refuse(in_quotes(tree.text) + " is no IP address",
                      parse_prefix(tree.text).value
                          ? "a network is written behind in"
                          : "write one like " + std::string(example_of(type::ip)));
    into.address = *address;
    return true;
}

/// Of a fact that has few values, a text that is none of them is a slip.
void compiler::check_word(node const& given, operand const& left) {
    if (left.words.empty()) return;
    std::vector<std::string_view> words;
    for (auto rest = left.words; !rest.empty();) {
        auto const space = rest.find(' ');
        words.push_back(rest.substr(0, space));
        rest = space == rest.npos ? std::string_view() : rest.substr(space + 1);
    }
    if (std::find(words.begin(), words.end(), given.text) != words.end()) return;
    auto const near = nearest(given.text, words);
    std::string all;
    for (auto const word : words) (all += all.empty() ? "" : ", ") += word;
    wrong(given.at, left.name + " is never " + in_quotes(given.text),
          near.empty() ? "it is one of " + all : "did you mean " + in_quotes(near) + "?");
}

} // namespace milter::rule
