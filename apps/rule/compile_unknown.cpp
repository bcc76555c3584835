// SPDX-License-Identifier: BSL-1.0
// rule/compile_unknown.cpp - what was probably meant by a name that is no fact, function or condition
#include "rule/compiler.hpp"
#include "rule/foreign_word.hpp"
#include "rule/format.hpp"
#include "rule/quote.hpp"
#include "rule/shipped_condition.hpp"
#include "rule/suggestion.hpp"

#include <algorithm>
#include <utility>

namespace milter::rule {

namespace {

/// As the tables have it: "client.name", "milter().verdict".
std::string row_name(node const& tree) {
    return tree.text + (tree.kind == node_kind::call ? "()" : "") +
           (tree.member.empty() ? "" : "." + tree.member);
}

/// What stands behind "client." or "milter()." in the names of facts.
std::vector<std::string_view> members_of(std::string const& front) {
    std::vector<std::string_view> found;
    for (auto const& row : fact_rows())
        if (row.name.starts_with(front + '.')) found.push_back(row.name.substr(front.size() + 1));
    return found;
}

/// "client.address, .name or .port"
std::string written_out(std::string const& front, std::vector<std::string_view> const& members) {
    std::string out = front;
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (i > 0) out += i + 1 == members.size() ? " or " : ", ";
        (out += '.') += members[i];
    }
    return out;
}

/// The part that several facts have in front: "client", "milter()".
std::string front_of(node const& tree) {
    if (tree.kind == node_kind::call) return tree.text + "()";
    return tree.text.substr(0, tree.text.find('.'));
}

/// "milter()" as it was written, or as it might be.
std::string shown_front(node const& tree) {
    if (tree.kind == node_kind::call) {
        auto bare = tree;
        bare.member.clear();
        return to_text(bare);
    }
    return front_of(tree);
}

std::string without_parentheses(std::string row) {
    if (auto const open = row.find("()"); open != row.npos) row.erase(open, 2);
    return row;
}

/// A row with the arguments that were written; where there were none, with dots.
std::string with_arguments(std::string_view row, node const& tree) {
    auto const open = row.find("()");
    if (open == row.npos) return std::string(row);
    auto arguments = std::string("...");
    if (tree.kind == node_kind::call) {
        auto const front = shown_front(tree);
        arguments = front.substr(tree.text.size() + 1, front.size() - tree.text.size() - 2);
    }
    return std::string(row.substr(0, open + 1)) + arguments + std::string(row.substr(open + 1));
}

} // namespace

void compiler::unknown_name(node const& tree) {
    if (misses_argument(tree) || is_only_front(tree)) return;
    bool const is_name = tree.kind == node_kind::name;
    wrong(tree.at,
          std::string("unknown fact or ") + (is_name ? "condition " : "function ") +
              in_quotes(row_name(tree)),
          hint_for_name(tree));
}

/// Of a fact or function that there is, its parentheses are too many, or missing.
bool compiler::misses_argument(node const& tree) {
    auto const full = row_name(tree);
    auto const needs = [&](std::string_view example) {
        wrong(tree.at, full + " needs an argument", "write " + std::string(example));
        return true;
    };
    if (auto const* const row = find_fact(full + "()")) return needs(row->example);
    bool const is_call = tree.kind == node_kind::call;
    auto const* const called = is_call ? nullptr : find_function(tree.text);
    if (called) return needs(called->example);
    if (!is_call || !find_fact(tree.text)) return false;
    wrong(tree.at, tree.text + " takes no argument", "write " + tree.text);
    return true;
}

/// client, milter("spf"): something stands behind it.
bool compiler::is_only_front(node const& tree) {
    if (tree.kind == node_kind::name && !name_meant_by(tree.text).empty()) return false;
    auto members = members_of(row_name(tree));
    auto front = shown_front(tree);
    if (members.empty() && tree.kind == node_kind::name) { // "milter"
        members = members_of(tree.text + "()");
        front += "(\"NAME\")";
    }
    if (members.empty()) return false;
    wrong(tree.at, to_text(tree) + " is no value by itself",
          "write " + written_out(front, members));
    return true;
}

std::string compiler::hint_for_name(node const& tree) const {
    bool const is_name = tree.kind == node_kind::name;
    if (is_name) {
        if (auto const fact = fact_of_milter(tree.text); !fact.empty()) return "write " + fact;
        if (names_.block_lists.contains(tree.text))
            return "write dnsbl(" + in_quotes(tree.text) + ")";
        if (auto const file = shipped_file_with(tree.text); !file.empty())
            return "rules/" + std::string(file) + " defines it: copy that file to rules.d";
    }
    if (auto const meant = name_meant_by(row_name(tree)); !meant.empty())
        return "did you mean " + in_quantifier(with_arguments(meant, tree)) + "?";
    if (auto const near = near_name(tree); !near.empty()) return "did you mean " + near + "?";
    if (auto const members = members_of(front_of(tree)); !members.empty())
        return "write " + written_out(shown_front(tree), members);
    std::string const list = "milter-manager rules facts";
    if (!is_name) return "see the lists of facts and functions: " + list;
    if (tree.text.find('.') != tree.text.npos) return "see the list of facts: " + list;
    return "add [condition." + tree.text + "], or see the list of facts: " + list;
}

/// A fact of several values, with a word around it that says which of them are meant.
std::string compiler::in_quantifier(std::string_view fact) const {
    auto const* const row =
        find_fact(fact.substr(0, fact.find('(')) == "header" ? "header()" : fact);
    bool const is_of_many = row && row->of != quantity::one;
    return is_of_many && !range_ ? "any(" + std::string(fact) + " ...)" : std::string(fact);
}

/// Of the name of a milter, perhaps with what is asked about it: rspamd.ran.
std::string compiler::fact_of_milter(std::string_view name) const {
    auto const members = members_of("milter()");
    for (auto const& [milter, ignored] : names_.milters) {
        auto const front = "milter(" + in_quotes(milter) + ")";
        if (name == milter) return written_out(front, members);
        if (!name.starts_with(milter + '.')) continue;
        auto const near = nearest(name.substr(milter.size() + 1), members);
        return near.empty() ? written_out(front, members) : front + '.' + std::string(near);
    }
    return {};
}

/// Below a front that there is, the nearest of what is there; else the nearest of all names.
std::string compiler::near_name(node const& tree) const {
    auto const full = row_name(tree), front = front_of(tree);
    if (auto const members = members_of(front); full.starts_with(front + '.') && !members.empty()) {
        auto const near = nearest(std::string_view(full).substr(front.size() + 1), members);
        if (near.empty()) return {};
        return with_arguments(front + '.' + std::string(near), tree);
    }
    auto const rows = known_names();
    bool const is_call = tree.kind == node_kind::call;
    std::vector<std::string> spelled; // a name is compared without parentheses
    spelled.reserve(rows.size());
    for (auto const& row : rows) spelled.push_back(is_call ? row : without_parentheses(row));
    std::vector<std::string_view> const names(spelled.begin(), spelled.end());
    auto near = nearest(full, names);
    if (near.empty()) near = nearest(tree.text, names);
    auto const found = std::find(names.begin(), names.end(), near);
    if (near.empty() || found == names.end()) return {};
    return with_arguments(rows[static_cast<std::size_t>(found - names.begin())], tree);
}

std::vector<std::string> compiler::known_names() const {
    std::vector<std::string> all;
    for (auto const& row : fact_rows()) all.emplace_back(row.name);
    for (auto const& row : function_rows()) all.push_back(std::string(row.name) + "()");
    for (auto const& [name, ignored] : names_.conditions) all.push_back(name);
    return all;
}

// ---- words where a value belongs

/// On the right of a comparison: neither a fact nor a condition, nor one that is nearly spelled right.
bool compiler::is_bare_word(node const& tree, operand const& left) const {
    if (tree.kind != node_kind::name || find_fact(tree.text) ||
        names_.conditions.contains(tree.text))
        return false;
    if (left.words.empty() && !near_name(tree).empty()) return says_nothing(tree.text);
    return !in_place_of_word(tree.text, left).empty();
}

std::string compiler::in_place_of_word(std::string_view word, operand const& left) const {
    if (left.is == type::boolean) {
        auto const meant = truth_meant_by(word);
        return meant.empty() ? std::string() : "write " + std::string(meant);
    }
    if (!is_textual(*left.is)) return {};
    if (says_nothing(word))
        return left.name == "sender" ? "write sender.null" : "a text that is empty is written \"\"";
    return "write " + in_quotes(word);
}

} // namespace milter::rule
