// SPDX-License-Identifier: BSL-1.0
// rule/cidr_table.cpp
#include "rule/cidr_table.hpp"

#include <milter/wire/describe.hpp>

#include <string>

namespace milter::rule {

class cidr_reader {
public:
    cidr_reader(std::string_view text, counting_results const& results, table_problems& problems)
        : lines_(text), results_(results), problems_(problems) {}

    cidr_table read() {
        while (!problems_.are_too_many() && lines_.next()) read_line();
        if (table_.rules_.open_ifs() > 0)
            fail(lines_.text().size(), "an if without its endif", "end it with a line \"endif\"");
        table_.rules_.build();
        return std::move(table_);
    }

private:
    using test = cidr_table::test;
    using rules = decltype(cidr_table::rules_);

    void fail(std::size_t offset, std::string message, std::string hint) {
        problems_.add(lines_, offset, std::move(message), std::move(hint));
    }

    void read_line() {
        table_cursor line{lines_.text()};
        switch (skip_table_word(line)) {
        case table_word::rule: return read_rule(line);
        case table_word::if_: return read_if(line);
        case table_word::endif: return read_endif(line);
        }
    }

    void read_rule(table_cursor line) {
        auto const tested = read_test(line);
        if (!tested) return;
        if (line.rest.empty())
            return fail(line.offset, "no result behind the address",
                        "Postfix skips such a line; write for example OK behind it");
        table_.rules_.add_rule(*tested, tested->negated ? rules::form::negated : rules::form::plain,
                               results_.has(line.rest));
    }

    /// Also of a pattern that is wrong, so that its endif is none too many.
    void read_if(table_cursor line) {
        auto const tested = read_test(line);
        table_.rules_.open_if(tested.value_or(test{}));
        if (tested && !line.rest.empty())
            fail(line.offset, "something behind the address of an if",
                 "Postfix ignores it; rules stand on lines of their own that do not begin with a "
                 "blank");
    }

    void read_endif(table_cursor line) {
        if (!table_.rules_.close_if()) return fail(0, "an endif without its if", {});
        if (!line.rest.empty()) fail(line.offset, "something behind an endif", {});
    }

    /// The pattern at the front; behind it the cursor stands at what follows.
    std::optional<test> read_test(table_cursor& line) {
        test out;
        out.negated = line.skip_negations();
        auto const word = first_word(line.rest);
        auto parsed = parse_prefix(without_brackets(word));
        if (!parsed.value) {
            fail(line.offset, std::move(parsed.problem),
                 "write an address or a prefix, like 192.0.2.0/24 or 2001:db8::/32");
            return std::nullopt;
        }
        out.network = *parsed.value;
        line.advance(word.size());
        line.skip_blanks();
        return out;
    }

    /// [address]/length is allowed.
    static std::string without_brackets(std::string_view word) {
        auto const closed = word.find(']');
        if (!word.starts_with('[') || closed == word.npos) return std::string(word);
        return std::string(word.substr(1, closed - 1)).append(word.substr(closed + 1));
    }

    table_lines lines_;
    counting_results const& results_;
    table_problems& problems_;
    cidr_table table_;
};

cidr_table cidr_table::parse(std::string_view text, counting_results const& results,
                             table_problems& problems) {
    return cidr_reader(text, results, problems).read();
}

} // namespace milter::rule
