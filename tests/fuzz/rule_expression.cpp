// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/rule_expression.cpp - an expression of a rule from its words to its program: the input is the text

#include "invariant.hpp"
#include "rule/compile.hpp"
#include "rule/contradiction.hpp"
#include "rule/expression_source.hpp"
#include "rule/format.hpp"
#include "rule/lexer.hpp"
#include "rule/outlook.hpp"
#include "rule/parser.hpp"
#include "rule/tree_json.hpp"

#include <support/exact_copy.hpp>

#include <string>

using namespace milter::rule;
using fuzz::require;

namespace {

bool lies_within(place at, std::size_t size) {
    return at.offset <= size && at.length <= size - at.offset;
}

void check_words(std::string_view text) {
    lexer words(text);
    std::size_t end = 0;
    for (auto one = words.next(); one.kind != token_kind::end; one = words.next()) {
        require(one.at.length > 0 && one.at.offset >= end, "words stand one behind the other");
        require(lies_within(one.at, text.size()), "a word lies within the text");
        end = one.at.offset + one.at.length;
    }
    if (words.problem())
        require(lies_within(words.problem()->at, text.size()), "a problem lies within the text");
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

void check_forms(node const& tree) {
    auto const text = to_text(tree);
    if (text.size() > max_text) return; // blanks were added
    auto const again = parse(text);
    require(again.tree && *again.tree == tree, "a tree as text is the tree again");
    require(to_text(*again.tree) == text, "a tree has one spelling");
    auto const data = to_json(tree);
    auto const read = from_json(data);
    require(read.tree.has_value(), "a tree as JSON is a tree again");
    require(!is_ascii(text) || *read.tree == tree, "it is the same tree");
    require(to_json(*read.tree) == data, "JSON stays the same");
}

void check_places(node const& tree, std::size_t size) {
    require(lies_within(tree.at, size), "a part lies within the text");
    for (auto const& one : tree.children) check_places(one, size);
}

/// Text of the expression in it is escaped.
void check_finding(finding const& one, std::size_t size) {
    require(lies_within(one.at, size), "a problem lies within the text");
    require(!one.message.empty(), "a problem says what it is");
    for (auto const* const text : {&one.message, &one.hint})
        require(std::none_of(text->begin(), text->end(),
                             [](char c) { return static_cast<unsigned char>(c) < ' '; }),
                "a message is one line");
}

scope some_names() {
    auto names = rule_test::names_of_expressions();
    names.milters = {
        {"dkim", 0}, {"spf", 1}, {"rspamd", 2}, {"spamassassin", 3}, {"disclaimer", 4}};
    names.block_lists = {{"zen.spamhaus.org", 0}};
    names.allow_lists = {{"list.dnswl.org", 0}};
    names.conditions = {{"suspicious", 0}};
    return names;
}

void check_program(node const& tree, std::string_view text) {
    static auto const names = some_names();
    static auto const suspicious = compile("s25r(client.name)", names, "suspicious");
    auto const made = compile(tree, text, names, "fuzz");
    require(made.value.has_value() == made.problems.empty(), "a program, or what is wrong");
    for (auto const& one : made.problems) check_finding(one, text.size());
    if (!made.value) return;
    require(made.value->steps.size() == made.value->places.size(), "each step has its place");
    for (auto const at : made.value->places)
        require(lies_within(at, text.size()), "a step lies within the text");
    outlook_of(*made.value, {&*suspicious.value, 1});
    for (auto const& one : contradictions_in(tree, {}, "fuzz")) check_finding(one, text.size());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    support::exact_copy const text(fuzz::view(data, size));
    check_words(text.view());
    auto const read = from_json(text.view());
    read.tree ? check_forms(*read.tree) : check_finding(read.problem, size);
    auto const parsed = parse(text.view());
    if (!parsed.tree) {
        check_finding(parsed.problem, size);
        return 0;
    }
    check_places(*parsed.tree, size);
    check_forms(*parsed.tree);
    check_program(*parsed.tree, text.view());
    return 0;
}
