// SPDX-License-Identifier: BSL-1.0
// rule/rule_table_reader.hpp - reads the lines of a table of rules: a pattern with its result, if, endif
//
// How a pattern is written is the matter of the table (cidr, regexp, pcre); the rest is the same for all of them.
// Source: cidr_table(5), regexp_table(5), pcre_table(5) of Postfix 3.7.11
#pragma once

#include "rule/table_text.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace milter::rule {

/// Own:  `std::optional<Test> read_test(table_cursor&)`, with the pattern at the front, and nothing when it is wrong, which
///       it has told by fail(); `static Test test_of_nothing()`; `static constexpr std::string_view` what_is_tested
///       ("pattern") and without_result, a hint.
/// Test: `bool negated`
///
///     class my_reader : rule_table_reader<my_reader, my_test> { ... read_into(table.rules); ... };
template <class Own, class Test> class rule_table_reader {
protected:
    rule_table_reader(std::string_view text, counting_results const& results,
                      table_problems& problems)
        : lines_(text), results_(results), problems_(problems) {}

    /// @param rules  a rule_table of such tests; not to be asked when there are problems
    template <class Rules> void read_into(Rules& rules) {
        while (!problems_.are_too_many() && lines_.next()) read_line(rules);
        if (rules.open_ifs() > 0)
            fail(lines_.text().size(), "an if without its endif", "end it with a line \"endif\"");
        if (problems_.empty()) rules.build();
    }

    void fail(std::size_t offset, std::string message, std::string hint) {
        problems_.add(lines_, offset, std::move(message), std::move(hint));
    }

private:
    template <class Rules> void read_line(Rules& rules) {
        table_cursor line{lines_.text()};
        switch (skip_table_word(line)) {
        case table_word::rule: return read_rule(rules, line);
        case table_word::begin_if: return read_if(rules, line);
        case table_word::end_if: return read_endif(rules, line);
        }
    }

    template <class Rules> void read_rule(Rules& rules, table_cursor line) {
        auto tested = own().read_test(line);
        if (!tested) return;
        if (line.rest.empty())
            return fail(line.offset, "no result behind the " + std::string(Own::what_is_tested),
                        std::string(Own::without_result));
        auto const form = tested->negated ? Rules::form::negated : Rules::form::plain;
        rules.add_rule(std::move(*tested), form, results_.has(line.rest));
    }

    /// Of a pattern that is wrong something is opened all the same, so that its endif is none too many.
    template <class Rules> void read_if(Rules& rules, table_cursor line) {
        auto tested = own().read_test(line);
        bool const is_good = tested.has_value();
        rules.open_if(is_good ? std::move(*tested) : Own::test_of_nothing());
        if (is_good && !line.rest.empty())
            fail(line.offset,
                 "something behind the " + std::string(Own::what_is_tested) + " of an if",
                 "Postfix ignores it; rules stand on lines of their own that do not begin with a "
                 "blank");
    }

    template <class Rules> void read_endif(Rules& rules, table_cursor line) {
        if (!rules.close_if()) return fail(0, "an endif without its if", {});
        if (!line.rest.empty()) fail(line.offset, "something behind an endif", {});
    }

    Own& own() noexcept { return static_cast<Own&>(*this); }

    table_lines lines_;
    counting_results const& results_;
    table_problems& problems_;
};

} // namespace milter::rule
