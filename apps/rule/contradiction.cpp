// SPDX-License-Identifier: BSL-1.0
// rule/contradiction.cpp - tries all combinations of answers that its atoms may have together
#include "rule/contradiction.hpp"

#include "rule/format.hpp"
#include "rule/function_table.hpp"
#include "rule/witness.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace milter::rule {

namespace {

constexpr std::size_t most_combinations = 65'536;
constexpr std::size_t most_work = std::size_t{1} << 23; // combinations times parts: some 100 ms

/// Atoms that depend on each other, and the answers that they may have together.
struct group {
    std::vector<std::uint32_t> atoms;
    std::vector<std::uint64_t> answers; // a bit for each atom
};

class trial {
public:
    explicit trial(formula const& of) : formula_(of) {}

    constancy run() {
        if (!make_groups()) return constancy::none;
        std::vector<std::size_t> turn(groups_.size());
        std::vector<bool> given(formula_.atoms.size());
        bool seen[2] = {false, false};
        do {
            for (std::size_t i = 0; i < groups_.size(); ++i) set(given, groups_[i], turn[i]);
            seen[formula_.holds(given) ? 1 : 0] = true;
            if (seen[0] && seen[1]) return constancy::none;
        } while (advance(turn));
        return seen[0] ? constancy::never : constancy::always;
    }

private:
    /// @return  false: there would be too much to try
    bool make_groups() {
        std::map<std::string, group> by_operand;
        for (std::uint32_t i = 0; i < formula_.atoms.size(); ++i) {
            auto const& atom = formula_.atoms[i];
            if (has_witnesses(atom) && !has_sample(atom))
                by_operand[to_text(atom.children[0])].atoms.push_back(i);
            else
                groups_.push_back({{i}, {0, 1}});
        }
        for (auto& [ignored, one] : by_operand) {
            if (!find_answers(one)) return false;
            groups_.push_back(std::move(one));
        }
        std::size_t combinations = 1;
        for (auto const& one : groups_) {
            combinations *= one.answers.size();
            if (combinations > most_combinations) return false;
        }
        return combinations * formula_.all.size() <= most_work;
    }

    bool find_answers(group& of) const {
        if (of.atoms.size() > most_comparisons) return false;
        std::vector<node const*> comparisons;
        for (auto const one : of.atoms) comparisons.push_back(&formula_.atoms[one]);
        of.answers = answers_together(comparisons);
        return !of.answers.empty();
    }

    static void set(std::vector<bool>& given, group const& of, std::size_t which) {
        for (std::size_t i = 0; i < of.atoms.size(); ++i)
            given[of.atoms[i]] = (of.answers[which] >> i & 1) != 0;
    }

    bool advance(std::vector<std::size_t>& turn) const {
        for (std::size_t i = 0; i < turn.size(); ++i) {
            if (++turn[i] < groups_[i].answers.size()) return true;
            turn[i] = 0;
        }
        return false;
    }

    formula const& formula_;
    std::vector<group> groups_;
};

/// The conditions about single recipients or header fields in it.
void collect_bodies(node const& tree, std::vector<node const*>& into) {
    if (tree.kind == node_kind::call && tree.member.empty() && tree.children.size() == 1) {
        auto const* const known = find_function(tree.text);
        bool const goes_through = known && known->id <= function::count;
        auto const& body = tree.children[0];
        // Of count() the body may be a fact.
        bool const is_fact = known && known->id == function::count && type_of_operand(body);
        if (goes_through && !is_fact) into.push_back(&body);
    }
    for (auto const& one : tree.children) collect_bodies(one, into);
}

/// Comparisons of numbers in it, which may be out of bounds by themselves: client.port > 70000. Within or_else() they ask
/// whether the fact is known at all.
void collect_numbers(node const& tree, std::vector<node const*>& into) {
    if (tree.kind == node_kind::call && tree.text == "or_else") return;
    if (tree.kind == node_kind::compare) {
        auto const is = type_of_operand(tree.children[0]);
        if (is && is_number(*is)) into.push_back(&tree);
    }
    for (auto const& one : tree.children) collect_numbers(one, into);
}

void add_finding(findings& to, node const& tree, condition_trees const& conditions,
                 std::string_view salt) {
    auto const what = constancy_of(tree, conditions, salt);
    if (what == constancy::none || is_constant(tree, conditions, salt)) return;
    auto const one_value = tree.kind == node_kind::compare ? to_text(tree.children[0]) : "";
    if (what == constancy::never)
        to.push_back({tree.at, "this is never true",
                      one_value.empty() ? "its parts contradict each other"
                                        : "no value of " + one_value + " is like that"});
    else
        to.push_back({tree.at, "this is always true",
                      one_value.empty() ? "its parts leave nothing out"
                                        : "each value of " + one_value + " is like that"});
}

} // namespace

constancy constancy_of(node const& tree, condition_trees const& conditions, std::string_view salt) {
    auto const made = formula_of(tree, conditions, salt);
    return made ? trial(*made).run() : constancy::none;
}

bool is_constant(node const& tree, condition_trees const& conditions, std::string_view salt) {
    auto const made = formula_of(tree, conditions, salt);
    return made && made->atoms.empty();
}

findings contradictions_in(node const& tree, condition_trees const& conditions,
                           std::string_view salt) {
    findings all;
    add_finding(all, tree, conditions, salt);
    std::vector<node const*> bodies;
    collect_bodies(tree, bodies);
    for (auto const* const one : bodies) add_finding(all, *one, conditions, salt);
    if (!all.empty()) return all; // which may be for that reason
    std::vector<node const*> numbers;
    collect_numbers(tree, numbers);
    for (auto const* const one : numbers)
        if (constancy_of(*one, conditions, salt) == constancy::never)
            add_finding(all, *one, conditions, salt);
    return all;
}

} // namespace milter::rule
