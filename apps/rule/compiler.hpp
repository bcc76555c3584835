// SPDX-License-Identifier: BSL-1.0
// rule/compiler.hpp - one expression on its way to a program: what compile.cpp and compile_comparison.cpp share
#pragma once

#include "rule/compile.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::rule {

class compiler {
public:
    compiler(std::string_view text, scope const& names, std::string_view salt);

    compiled_program run(node const& tree);

private:
    /// An operand that was compiled; what it is, even where something is wrong with it, so that nothing else is said of it.
    struct operand {
        std::uint32_t step = 0;
        std::optional<type> is;      ///< empty: something was wrong
        std::string_view words = {}; ///< values it may have, if not any
        std::string name = {};       ///< for messages
    };

    /// What the any(), all(), ... at hand goes through.
    struct range {
        quantity of = quantity::one;
        argument with;
        bool has_argument = false;
    };

    // compile.cpp: conditions
    std::uint32_t condition(node const& tree);
    std::uint32_t name_as_condition(node const& tree);
    std::uint32_t call_as_condition(node const& tree);
    std::uint32_t fact_as_condition(node const& tree);
    std::uint32_t one_operand_condition(node const& tree, step_kind what, type takes);
    std::uint32_t sample(node const& tree);
    std::uint32_t bool_or_else(node const& tree);

    // compile_quantifier.cpp: several values
    std::uint32_t quantifier(node const& tree, step_kind what);
    operand count(node const& tree);
    bool fits_range(fact_row const& row, argument const& with, node const& tree);

    // compile_operand.cpp: facts, their arguments, functions
    fact_row const* fact_of(node const& tree);
    operand operand_of(node const& tree);
    operand call_operand(node const& tree, function which);
    operand fact_operand(node const& tree);
    operand or_else(node const& tree);
    operand length(node const& tree);
    bool has_arguments(node const& call, std::size_t count, std::string_view form);
    bool argument_of(fact_row const& row, node const& call, argument& into);
    bool resolve(fact_row const& row, argument_kind kind, node const& given, argument& into);
    bool resolve_in(names<std::uint32_t> const& known, std::string_view what,
                    std::string_view heading, node const& given, argument& into);

    // compile_unknown.cpp: names that mean nothing here, and what was probably meant
    void unknown_name(node const& tree);
    bool misses_argument(node const& tree);
    bool is_only_front(node const& tree);
    std::string hint_for_name(node const& tree) const;
    std::string in_quantifier(std::string_view fact) const;
    std::string fact_of_milter(std::string_view name) const;
    std::string near_name(node const& tree) const;
    std::vector<std::string> known_names() const;
    bool is_bare_word(node const& tree, operand const& left) const;
    std::string in_place_of_word(std::string_view word, operand const& left) const;

    // compile_comparison.cpp: what stands on both sides of a word
    std::uint32_t comparison_of(node const& tree);
    std::uint32_t under(node const& tree, operand const& left);
    bool is_above_nothing(node const& parent, std::string_view word);
    std::uint32_t matches(node const& tree, operand const& left);
    std::uint32_t part_of_text(node const& tree, operand const& left);
    std::uint32_t equal_or_ordered(node const& tree, operand const& left);
    std::uint32_t unsuited(node const& tree, operand const& left, std::string_view takes);
    operand right_side(node const& tree, operand const& left);
    operand literal_of(node const& tree, type wanted);
    bool fill(literal& into, node const& tree, type wanted);
    void check_word(node const& given, operand const& left);
    static std::string_view example_of(type of) noexcept;
    static std::string value_like(node const& given, type wanted);
    static step comparing(step_kind what, type is, comparison how = comparison::equal);

    // compile_set.cpp: what stands behind in
    std::uint32_t in(node const& tree, operand const& left);
    std::uint32_t in_numbers(node const& tree, operand const& left, node const& list);
    std::uint32_t in_named_set(node const& tree, operand const& left, node const& set);
    std::optional<std::uint32_t> inline_set(std::vector<node const*> const& entries, set_kind kind,
                                            operand const& left);
    std::string hint_for_list(node const& right, operand const& left) const;

    // making steps
    std::uint32_t add(step one, place at);
    std::uint32_t add(step one, place at, std::vector<std::uint32_t> const& parts);
    std::uint32_t constant(bool value, place at);
    std::uint32_t negated_if(bool negated, std::uint32_t inner, place at);
    std::uint32_t argument_index(argument with);
    std::uint32_t wrong(place at, std::string message, std::string hint = {});

    static bool is_literal(node const& tree) noexcept;
    static std::string with_article(type of);

    scope const& names_;
    program made_;
    findings problems_;
    range* range_ = nullptr; ///< null: not in a quantifier
};

} // namespace milter::rule
