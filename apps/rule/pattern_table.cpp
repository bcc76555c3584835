// SPDX-License-Identifier: BSL-1.0
// rule/pattern_table.cpp
#include "rule/pattern_table.hpp"

#include "rule/posix_pattern.hpp"
#include "rule/rule_table_reader.hpp"
#include <milter/ascii.hpp>
#include <milter/wire/describe.hpp>

#include <string>

namespace milter::rule {

namespace {

bool can_delimit(char c) noexcept {
    return !is_table_blank(c) && (c < '0' || c > '9') && (to_lower(c) < 'a' || to_lower(c) > 'z');
}

/// /pattern/flags, as it is written.
struct written_pattern {
    std::string_view text, flags;
    std::size_t text_at = 0, flags_at = 0; // in the logical line
};

/// What the letters say; each turns around what is the default of its kind of table.
struct table_flags {
    pattern_flags of_pattern;
    bool anchored = false;
    std::string problem;
    std::size_t offset = 0; // in the letters
};

constexpr std::string_view no_free_spacing =
    "flag x (patterns with blanks and comments) is not supported; write the pattern without them";
constexpr std::string_view no_basic_syntax =
    "flag x (basic syntax) is not supported; write the pattern in the extended syntax";

bool set_regexp_flag(table_flags& out, char letter) {
    auto& flags = out.of_pattern;
    switch (letter) {
    case 'i': flags.ignore_case = !flags.ignore_case; return true;
    case 'm': // REG_NEWLINE: "." does not match the end of a line then
        flags.multi_line = !flags.multi_line;
        flags.dot_all = !flags.multi_line;
        return true;
    case 'x': out.problem = no_basic_syntax; return true;
    default: return false;
    }
}

bool set_pcre_flag(table_flags& out, char letter) {
    auto& flags = out.of_pattern;
    switch (letter) {
    case 'i': flags.ignore_case = !flags.ignore_case; return true;
    case 'm': flags.multi_line = !flags.multi_line; return true;
    case 's': flags.dot_all = !flags.dot_all; return true;
    case 'A': out.anchored = !out.anchored; return true;
    case 'E':              // "$" at the very end only: what is looked up has no line end
    case 'U':              // ungreedy: the same texts match
    case 'X': return true; // refuses unknown escapes, as RE2 does
    case 'x': out.problem = no_free_spacing; return true;
    default: return false;
    }
}

table_flags read_flags(pattern_syntax syntax, std::string_view letters) {
    table_flags out;
    out.of_pattern.memory = listed_pattern_memory;
    out.of_pattern.ignore_case = out.of_pattern.dot_all = true;
    bool const posix = syntax == pattern_syntax::regexp;
    for (std::size_t i = 0; i < letters.size() && out.problem.empty(); ++i) {
        out.offset = i;
        if (posix ? set_regexp_flag(out, letters[i]) : set_pcre_flag(out, letters[i])) continue;
        out.problem = "there is no flag " + wire::quoted(letters.substr(i, 1)) +
                      "; the flags are " + (posix ? "i and m" : "i, m, s, A, E, U and X");
    }
    return out;
}

} // namespace

class pattern_table_reader : rule_table_reader<pattern_table_reader, pattern_table::test> {
public:
    pattern_table_reader(pattern_syntax syntax, std::string_view text,
                         counting_results const& results, table_problems& problems)
        : rule_table_reader(text, results, problems), syntax_(syntax) {}

    pattern_table read() {
        read_into(table_.rules_);
        return std::move(table_);
    }

private:
    friend rule_table_reader;
    using test = pattern_table::test;

    static constexpr std::string_view what_is_tested = "pattern";
    static constexpr std::string_view without_result = "write for example OK behind it";

    static test test_of_nothing() { return {*pattern::compile("", false).value, false}; }

    std::optional<test> read_test(table_cursor& line) {
        bool const negated = line.skip_negations();
        if (++patterns_ > most_listed_patterns) {
            fail(line.offset, "more than " + std::to_string(most_listed_patterns) + " patterns",
                 "a table of type texthash may have as many keys as you like");
            return std::nullopt;
        }
        auto const written = read_pattern(line);
        if (!written) return std::nullopt;
        auto const flags = read_flags(syntax_, written->flags);
        if (!flags.problem.empty()) {
            fail(written->flags_at + flags.offset, flags.problem, {});
            return std::nullopt;
        }
        auto compiled = syntax_ == pattern_syntax::regexp ? compile_posix(*written, flags)
                                                          : compile_pcre(*written, flags);
        if (!compiled) return std::nullopt;
        return test{std::move(*compiled), negated};
    }

    /// The pattern at the front; behind it the cursor stands at what follows.
    std::optional<written_pattern> read_pattern(table_cursor& line) {
        if (line.rest.empty() || !can_delimit(line.rest.front())) {
            fail(line.offset, "no pattern", "a rule is written as /pattern/flags result");
            return std::nullopt;
        }
        auto const delimiter = line.rest.front();
        std::size_t end = 1;
        while (end < line.rest.size() && line.rest[end] != delimiter)
            end += line.rest[end] == '\\' ? 2U : 1U;
        if (end >= line.rest.size()) {
            fail(line.offset, "the pattern has no " + wire::quoted({&delimiter, 1}) + " at its end",
                 "within a pattern it is written with a backslash");
            return std::nullopt;
        }
        written_pattern out;
        out.text = line.rest.substr(1, end - 1), out.text_at = line.offset + 1;
        line.advance(end + 1);
        out.flags = first_word(line.rest), out.flags_at = line.offset;
        line.advance(out.flags.size());
        line.skip_blanks();
        return out;
    }

    std::optional<pattern> compile_posix(written_pattern const& written, table_flags const& flags) {
        auto translated = translate_posix(written.text);
        if (!translated.problem.empty()) {
            fail(written.text_at + translated.offset, std::move(translated.problem), {});
            return std::nullopt;
        }
        auto compiled = pattern::compile(translated.text, flags.of_pattern);
        if (compiled.value) return std::move(compiled.value);
        auto const at = compiled.offset.value_or(0);
        auto const origin = at < translated.origins.size() ? translated.origins[at] : 0;
        fail(written.text_at + origin, std::move(compiled.problem), {});
        return std::nullopt;
    }

    std::optional<pattern> compile_pcre(written_pattern const& written, table_flags const& flags) {
        auto compiled = pattern::compile(written.text, flags.of_pattern);
        if (compiled.value &&
            flags.anchored) // by itself it is well-formed, so it cannot end the group
            compiled =
                pattern::compile("\\A(?:" + std::string(written.text) + ")", flags.of_pattern);
        if (compiled.value) return std::move(compiled.value);
        fail(written.text_at + compiled.offset.value_or(0), std::move(compiled.problem),
             "of PCRE's patterns those are supported that RE2 has, too");
        return std::nullopt;
    }

    pattern_syntax syntax_;
    pattern_table table_;
    std::size_t patterns_ = 0;
};

pattern_table pattern_table::parse(pattern_syntax syntax, std::string_view text,
                                   counting_results const& results, table_problems& problems) {
    return pattern_table_reader(syntax, text, results, problems).read();
}

} // namespace milter::rule
