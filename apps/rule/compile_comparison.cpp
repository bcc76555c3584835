// SPDX-License-Identifier: BSL-1.0
// rule/compile_comparison.cpp - what stands on both sides of ==, <, in, under, matches, ...
#include "rule/compiler.hpp"
#include "rule/domain.hpp"
#include "rule/format.hpp"
#include "rule/literal.hpp"
#include "rule/quote.hpp"
#include "rule/suggestion.hpp"

#include <algorithm>
#include <utility>

namespace milter::rule {

namespace {

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

/// In place of a text that is part of addresses, the network: 10.0.0.0/8 for "10."
std::string network_like(node const& given) {
    auto text = given.kind == node_kind::text ? given.text : std::string();
    while (!text.empty() && text.back() == '.') text.pop_back();
    if (text.empty()) return "10.0.0.0/8";
    auto const parts = 1 + std::count(text.begin(), text.end(), '.');
    for (auto i = parts; i < 4; ++i) text += ".0";
    text += '/' + std::to_string(parts * 8);
    return parse_prefix(text).value ? text : "10.0.0.0/8";
}

} // namespace

step compiler::comparing(step_kind what, type is, comparison how) {
    step one;
    one.what = what;
    one.is = is;
    one.how = how;
    return one;
}

std::string_view compiler::example_of(type of) noexcept {
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

/// A value of the type that was probably meant: 25 for "25", 90% for 90. Empty: nothing is likely.
std::string compiler::value_like(node const& given, type wanted) {
    if (!is_number(wanted)) return given.kind == node_kind::text ? to_text(given) : std::string();
    if (given.kind == node_kind::integer && wanted == type::percent) return given.text + '%';
    auto const number = read_number(given.text);
    return number && type_of_literal(number->kind) == wanted ? given.text : std::string();
}

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
    if (!is_textual(*left.is)) return unsuited(tree, left, "texts");
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
    if (!is_textual(*left.is)) return unsuited(tree, left, "texts");
    auto const& right = tree.children[1];
    auto const part =
        right.kind == node_kind::text ? literal_of(right, type::text) : right_side(right, left);
    if (!part.is) return part.step;
    if (right.kind == node_kind::text && right.text.empty())
        return wrong(right.at, "an empty text", "it is part of every text");
    return add(comparing(step_kind::compare, type::text, tree.how), tree.at,
               {left.step, part.step});
}

/// A comparison that the fact does not have, with one that it has.
std::uint32_t compiler::unsuited(node const& tree, operand const& left, std::string_view takes) {
    std::string hint;
    if (left.is == type::ip)
        hint = "a network stands behind in: in \"" + network_like(tree.children[1]) + "\"";
    else if (takes == "numbers" && is_textual(*left.is))
        hint = "list those that are meant: in [" +
               (tree.children[1].kind == node_kind::text ? to_text(tree.children[1])
                                                         : std::string(example_of(*left.is))) +
               ", ...]";
    return wrong(tree.children[0].at,
                 std::string(spelling(tree.how)) + " is for " + std::string(takes) + ", and " +
                     left.name + " is of type " + std::string(name_of(*left.is)),
                 std::move(hint));
}

// ---- ==, <

std::uint32_t compiler::equal_or_ordered(node const& tree, operand const& left) {
    bool const orders = tree.how != comparison::equal && tree.how != comparison::not_equal;
    if (orders && !is_number(*left.is)) return unsuited(tree, left, "numbers");
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
    if (is_bare_word(tree, left))
        return {wrong(tree.at,
                      "expected a value of type " + std::string(name_of(*left.is)) + ", not " +
                          tree.text,
                      in_place_of_word(tree.text, left)),
                std::nullopt,
                {},
                {}};
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
        auto const likely = value_like(tree, wanted);
        return refuse("expected a value of type " + std::string(name_of(wanted)) + ", not " +
                          to_text(tree),
                      likely.empty() ? "write one like " + std::string(example_of(wanted))
                                     : "write " + likely);
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
