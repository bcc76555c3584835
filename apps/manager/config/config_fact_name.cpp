// SPDX-License-Identifier: BSL-1.0
// manager/config/config_fact_name.cpp - names of facts in tests, and those that a test says to be unavailable
#include "manager/config/config_fact_name.hpp"

#include "manager/config/config_rule_value.hpp"
#include "manager/config/printable.hpp"
#include "manager/config/toml_text.hpp"
#include "rule/parser.hpp"
#include "rule/suggestion.hpp"

#include <algorithm>
#include <iterator>

namespace milter::manager {

namespace {

using rule::argument_kind;
using rule::fact;
using rule::fact_row;

constexpr std::pair<fact, std::string_view> derived[] = {
    {fact::sender_local, "sender"},         {fact::sender_domain, "sender"},
    {fact::sender_null, "sender"},          {fact::recipient_local, "recipients"},
    {fact::recipient_domain, "recipients"}, {fact::recipient_parameter, "recipients"},
    {fact::has_header, "header"},           {fact::content_type, "header"}};

/// As the table of facts has it: "milter().verdict".
std::string row_name(rule::node const& tree) {
    if (tree.kind == rule::node_kind::name) return tree.text;
    return tree.text + "()" + (tree.member.empty() ? "" : "." + tree.member);
}

/// As expressions spell it, with any name where one belongs: milter("NAME").verdict
std::string form_of(std::string_view row) {
    std::string form(row);
    if (auto const at = form.find("()"); at != form.npos) form.insert(at + 1, "\"NAME\"");
    return form;
}

complaint unknown(std::string const& name) {
    std::vector<std::string_view> names;
    for (auto const& row : rule::fact_rows())
        if (row.of == rule::quantity::one && source_of_fact(row.id).empty())
            names.push_back(row.name);
    auto const near = rule::nearest(name, names);
    return {"unknown fact " + in_quotes(name), near.empty()
                                                   ? "facts are listed in docs/rules.md"
                                                   : "did you mean " + form_of(near) + "?"};
}

/// It has a known value always, or has none by itself.
refusal refuse_row(fact_row const& row) {
    if (auto const source = source_of_fact(row.id); !source.empty())
        return complaint{std::string(row.name) + " cannot be said to be unavailable",
                         "it follows from " + std::string(source)};
    if (row.of != rule::quantity::one)
        return complaint{std::string(row.name) + " is never unavailable",
                         "there are several of them, or none"};
    return {};
}

refusal read_argument(fact_row const& row, rule::node const& tree, given_fact& to) {
    if (row.takes == argument_kind::none) return {};
    bool const is_good = tree.children.size() == 1 &&
                         tree.children[0].kind == rule::node_kind::text &&
                         !tree.children[0].text.empty();
    if (!is_good)
        return complaint{std::string(row.name) + " takes one name in quotes",
                         "write " + form_of(row.name)};
    bool const is_name = row.takes == argument_kind::milter || row.takes == argument_kind::zone;
    (is_name ? to.milter : to.with) = tree.children[0].text;
    return {};
}

refusal read_fact(std::string const& text, given_fact& to) {
    auto const parsed = rule::parse(text);
    bool const is_name = parsed.tree && (parsed.tree->kind == rule::node_kind::name ||
                                         parsed.tree->kind == rule::node_kind::call);
    if (!is_name)
        return complaint{in_quotes(text) + " is no name of a fact",
                         R"(facts are written 'client.name', 'dnsbl("ZONE")')"};
    auto const name = row_name(*parsed.tree);
    auto const* const row = rule::find_fact(name);
    if (!row) {
        if (rule::find_fact(name + "()"))
            return complaint{name + " needs an argument", "write " + form_of(name + "()")};
        return unknown(name);
    }
    to.which = row->id;
    to.key = to.written = text;
    if (auto refused = refuse_row(*row)) return refused;
    return read_argument(*row, *parsed.tree, to);
}

} // namespace

std::string_view source_of_fact(fact which) noexcept {
    auto const* const found = std::find_if(std::begin(derived), std::end(derived),
                                           [&](auto const& one) { return one.first == which; });
    return found == std::end(derived) ? std::string_view() : found->second;
}

refusal read_value(fact_names to, raw_value const& value) {
    std::vector<std::string> names;
    if (auto refused = read_value(texts{&names}, value)) return refused;
    std::vector<given_fact> read;
    refusal wrong;
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto refused = read_fact(names[i], read.emplace_back());
        if (!refused) continue;
        refused->element = i;
        add_complaint(wrong, std::move(*refused));
    }
    if (!wrong) *to.to = std::move(read);
    return wrong;
}

std::string written(fact_names from) {
    std::vector<std::string> names;
    for (auto const& one : *from.to) names.push_back(one.written);
    return names.empty() ? std::string() : toml_list(names);
}

} // namespace milter::manager
