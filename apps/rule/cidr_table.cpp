// SPDX-License-Identifier: BSL-1.0
// rule/cidr_table.cpp
#include "rule/cidr_table.hpp"

#include "rule/rule_table_reader.hpp"

#include <string>
#include <utility>

namespace milter::rule {

class cidr_reader : rule_table_reader<cidr_reader, cidr_table::test> {
public:
    cidr_reader(std::string_view text, counting_results const& results, table_problems& problems)
        : rule_table_reader(text, results, problems) {}

    cidr_table read() {
        read_into(table_.rules_);
        return std::move(table_);
    }

private:
    friend rule_table_reader;
    using test = cidr_table::test;

    static constexpr std::string_view what_is_tested = "address";
    static constexpr std::string_view without_result =
        "Postfix skips such a line; write for example OK behind it";

    static test test_of_nothing() { return {}; }

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

    cidr_table table_;
};

cidr_table cidr_table::parse(std::string_view text, counting_results const& results,
                             table_problems& problems) {
    return cidr_reader(text, results, problems).read();
}

} // namespace milter::rule
