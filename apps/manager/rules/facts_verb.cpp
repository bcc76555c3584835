// SPDX-License-Identifier: BSL-1.0
// manager/rules/facts_verb.cpp
#include "manager/rules/facts_verb.hpp"

#include "manager/config/printable.hpp"
#include "rule/fact_table.hpp"
#include "rule/function_table.hpp"
#include "rule/suggestion.hpp"

#include <nlohmann/json.hpp>

#include <sysexits.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

namespace {

using json = nlohmann::ordered_json;
using rule::fact_row;
using rule::function_row;

/// Rows that were asked for.
struct selected_rows {
    std::vector<fact_row const*> facts;
    std::vector<function_row const*> functions;

    bool is_one() const noexcept { return facts.size() + functions.size() == 1; }
    bool empty() const noexcept { return facts.empty() && functions.empty(); }
};

/// "milter().verdict" as people may write it: milter.verdict.
std::string without_parentheses(std::string_view name) {
    std::string bare;
    std::copy_if(name.begin(), name.end(), std::back_inserter(bare),
                 [](char c) { return c != '(' && c != ')'; });
    return bare;
}

selected_rows all_rows() {
    selected_rows rows;
    for (auto const& one : rule::fact_rows()) rows.facts.push_back(&one);
    for (auto const& one : rule::function_rows()) rows.functions.push_back(&one);
    return rows;
}

selected_rows rows_named(std::string_view name) {
    auto const asked = without_parentheses(name);
    selected_rows exact, group;
    for (auto const* one : all_rows().facts) {
        auto const bare = without_parentheses(one->name);
        if (bare == asked) exact.facts.push_back(one);
        if (bare == asked || bare.starts_with(asked + '.')) group.facts.push_back(one);
    }
    for (auto const* one : all_rows().functions)
        if (one->name == asked) exact.functions.push_back(one);
    return group.facts.size() > 1 || exact.empty() ? group : exact;
}

std::string_view argument_of(fact_row const& row) noexcept {
    using enum rule::argument_kind;
    switch (row.takes) {
    case none: return {};
    case parameter: return "name of an ESMTP parameter";
    case header: return "name of a header field";
    case macro: return "name of a macro";
    case milter: return "name of a milter";
    case zone: return "zone of a list in DNS";
    case milter_and_header: return "names of a milter and of a header field";
    }
    return {};
}

std::string_view several(fact_row const& row) noexcept {
    if (row.of == rule::quantity::one) return {};
    return row.of == rule::quantity::each_recipient
               ? "one for each recipient: in any(), all(), none(), count()"
               : "one for each such field: in any(), all(), none(), count()";
}

// ---- as text

std::string padded(std::string_view text, std::size_t width) {
    std::string out(text);
    out.resize(std::max(width, text.size()), ' ');
    return out;
}

template <class Rows, class Text> std::size_t widest(Rows const& rows, Text text) {
    std::size_t width = 0;
    for (auto const* one : rows) width = std::max(width, text(*one).size());
    return width;
}

std::string table_of(std::vector<fact_row const*> const& rows) {
    auto const name = widest(rows, [](auto const& one) { return one.name; });
    auto const type = widest(rows, [](auto const& one) { return rule::name_of(one.is); });
    auto const stage = widest(rows, [](auto const& one) { return rule::name_of(one.from); });
    std::string out;
    for (auto const* one : rows)
        out += padded(one->name, name) + "  " + padded(rule::name_of(one->is), type) + "  " +
               padded(rule::name_of(one->from), stage) + "  " + std::string(one->help) + '\n';
    return out;
}

std::string table_of(std::vector<function_row const*> const& rows) {
    auto const form = widest(rows, [](auto const& one) { return one.form; });
    std::string out;
    for (auto const* one : rows)
        out += padded(one->form, form) + "  " + std::string(one->help) + '\n';
    return out;
}

std::string line(std::string_view key, std::string_view value) {
    return value.empty() ? "" : "  " + padded(key, 8) + std::string(value) + '\n';
}

std::string in_full(fact_row const& row) {
    return std::string(row.name) + '\n' + line("type", rule::name_of(row.is)) +
           line("known", "from " + std::string(rule::name_of(row.from))) +
           line("takes", argument_of(row)) + line("many", several(row)) +
           line("values", row.words) + line("meaning", row.help) + line("example", row.example);
}

std::string in_full(function_row const& row) {
    return std::string(row.name) + '\n' + line("form", row.form) + line("meaning", row.help) +
           line("example", row.example);
}

std::string as_text(selected_rows const& rows) {
    if (rows.is_one())
        return rows.facts.empty() ? in_full(*rows.functions[0]) : in_full(*rows.facts[0]);
    auto text = table_of(rows.facts);
    if (!rows.functions.empty()) text += '\n' + table_of(rows.functions);
    return text;
}

// ---- as JSON

void add(json& to, char const* key, std::string_view value) {
    if (!value.empty()) to[key] = value;
}

json words_of(std::string_view words) {
    auto list = json::array();
    while (!words.empty()) {
        auto const end = std::min(words.find(' '), words.size());
        list.push_back(words.substr(0, end));
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return list;
}

json encoded(fact_row const& row) {
    json out{
        {"name", row.name}, {"type", rule::name_of(row.is)}, {"known", rule::name_of(row.from)}};
    add(out, "takes", argument_of(row));
    if (row.of != rule::quantity::one) out["many"] = true;
    if (!row.words.empty()) out["values"] = words_of(row.words);
    add(out, "meaning", row.help);
    add(out, "example", row.example);
    return out;
}

json encoded(function_row const& row) {
    return {
        {"name", row.name}, {"form", row.form}, {"meaning", row.help}, {"example", row.example}};
}

std::string as_json(selected_rows const& rows) {
    json out{{"facts", json::array()}, {"functions", json::array()}};
    for (auto const* one : rows.facts) out["facts"].push_back(encoded(*one));
    for (auto const* one : rows.functions) out["functions"].push_back(encoded(*one));
    return out.dump() + '\n';
}

rules_answer unknown(std::string_view name) {
    std::vector<std::string> bare;
    for (auto const* one : all_rows().facts) bare.push_back(without_parentheses(one->name));
    for (auto const* one : all_rows().functions) bare.emplace_back(one->name);
    std::vector<std::string_view> const names(bare.begin(), bare.end());
    auto const near = rule::nearest(without_parentheses(name), names);
    auto const hint =
        near.empty() ? "rules facts lists them all" : "did you mean " + std::string(near) + '?';
    return {EX_USAGE,
            {},
            "milter-manager: no fact or function " + in_quotes(name) + "; " + hint + '\n'};
}

} // namespace

rules_answer show_facts(rules_request const& request) {
    auto const rows = request.name.empty() ? all_rows() : rows_named(request.name);
    if (rows.empty()) return unknown(request.name);
    return {EX_OK, request.json ? as_json(rows) : as_text(rows), {}};
}

} // namespace milter::manager
