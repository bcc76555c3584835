// SPDX-License-Identifier: BSL-1.0
// rule/table_text.hpp - the text of Postfix' tables: logical lines, and which results count
//
// Source: cidr_table(5), regexp_table(5) and postmap of Postfix 3.7.11. What Postfix warns of and skips is a problem here,
// as nobody reads its warnings.
#pragma once

#include "rule/entry_problem.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::rule {

/// Reads logical lines: what begins with a blank goes on with the line before, and empty lines and comments are none,
/// wherever they stand.
///
///     table_lines lines(text);
///     while (lines.next()) parse(lines.text());
class table_lines {
public:
    explicit table_lines(std::string_view text) noexcept : rest_(text) {}

    bool next();
    /// Without blanks around. Good until next().
    std::string_view text() const noexcept { return current_; }
    /// Where that byte of text() stands: line and column, from 1.
    std::pair<std::size_t, std::size_t> place(std::size_t offset) const noexcept;

private:
    /// A line of the file in current_.
    struct piece {
        std::size_t begin; // in current_
        std::size_t line, column;
    };

    bool goes_on() const noexcept;
    void append_line();

    std::string_view rest_;
    std::size_t line_ = 0; // of the file, the last that was taken
    std::string_view current_;
    std::string joined_; // what current_ shows when it has several pieces
    std::vector<piece> pieces_;
};

/// Where problems of a table are gathered.
class table_problems {
public:
    void add(table_lines const& lines, std::size_t offset, std::string message, std::string hint);
    void add(entry_problem problem);
    bool are_too_many() const noexcept { return problems_.size() >= most_problems; }
    bool empty() const noexcept { return problems_.empty(); }
    std::vector<entry_problem> take() && { return std::move(problems_); }

private:
    std::vector<entry_problem> problems_;
};

/// What in a table makes a member of who is found.
class counting_results {
public:
    /// @param words  first words of results, in any case; none: all but DUNNO, which is Postfix' word for "not found"
    explicit counting_results(std::vector<std::string> words) : words_(std::move(words)) {}

    bool has(std::string_view result) const noexcept;

private:
    std::vector<std::string> words_;
};

bool is_table_blank(char c) noexcept;
std::string_view trimmed_left(std::string_view text) noexcept;
/// Of `text`, up to its first blank.
std::string_view first_word(std::string_view text) noexcept;

/// Text that is read from its front, with its place in the logical line.
struct table_cursor {
    std::string_view rest;
    std::size_t offset = 0;

    void advance(std::size_t bytes) noexcept { rest.remove_prefix(bytes), offset += bytes; }
    void skip_blanks() noexcept { advance(rest.size() - trimmed_left(rest).size()); }
    /// Any number of "!", with blanks behind each.
    /// @return  that the number is odd
    bool skip_negations() noexcept;
};

enum class table_word { rule, begin_if, end_if };

/// Which of the three a logical line is; the word of the latter two is skipped.
table_word skip_table_word(table_cursor& line) noexcept;

} // namespace milter::rule
