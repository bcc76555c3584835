// SPDX-License-Identifier: BSL-1.0
// rule/table_text.cpp
#include "rule/table_text.hpp"

#include <milter/ascii.hpp>

#include <algorithm>

namespace milter::rule {

namespace {

bool is_alphanumeric(char c) noexcept {
    return (c >= '0' && c <= '9') || (to_lower(c) >= 'a' && to_lower(c) <= 'z');
}

std::string_view trimmed_right(std::string_view text) noexcept {
    while (!text.empty() && is_table_blank(text.back())) text.remove_suffix(1);
    return text;
}

bool is_comment_or_empty(std::string_view line) noexcept {
    auto const text = trimmed_left(line);
    return text.empty() || text.front() == '#';
}

/// A word alone, not the begin of another.
bool begins_with_word(std::string_view text, std::string_view word) noexcept {
    return equal_ignoring_case(text.substr(0, word.size()), word) &&
           (text.size() == word.size() || !is_alphanumeric(text[word.size()]));
}

} // namespace

bool is_table_blank(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view trimmed_left(std::string_view text) noexcept {
    while (!text.empty() && is_table_blank(text.front())) text.remove_prefix(1);
    return text;
}

std::string_view first_word(std::string_view text) noexcept {
    auto const end = std::find_if(text.begin(), text.end(), is_table_blank);
    return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

bool table_lines::next() {
    current_ = {};
    pieces_.clear();
    while (!rest_.empty() && (pieces_.empty() || goes_on())) append_line();
    return !pieces_.empty();
}

/// A comment is part of the logical line, so that what stands behind it can go on with it.
bool table_lines::goes_on() const noexcept {
    return is_table_blank(rest_.front()) || rest_.front() == '#';
}

/// Nothing is copied while a logical line is one line of the file, as nearly all are.
void table_lines::append_line() {
    auto const end = std::min(rest_.find('\n'), rest_.size());
    auto const line = trimmed_right(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++line_;
    if (is_comment_or_empty(line)) return;
    if (pieces_.empty()) {
        current_ = trimmed_left(line);
        pieces_.push_back({0, line_, line.size() - current_.size() + 1});
        return;
    }
    if (pieces_.size() == 1) joined_ = current_;
    pieces_.push_back({joined_.size(), line_, 1});
    joined_ += line;
    current_ = joined_;
}

std::pair<std::size_t, std::size_t> table_lines::place(std::size_t offset) const noexcept {
    piece found{0, line_, 1};
    for (auto const& one : pieces_)
        if (one.begin <= offset) found = one;
    return {found.line, found.column + offset - found.begin};
}

void table_problems::add(table_lines const& lines, std::size_t offset, std::string message,
                         std::string hint) {
    auto const [line, column] = lines.place(offset);
    add({line, column, std::move(message), std::move(hint)});
}

void table_problems::add(entry_problem problem) {
    if (!are_too_many()) problems_.push_back(std::move(problem));
}

bool counting_results::has(std::string_view result) const noexcept {
    auto const word = first_word(result);
    if (words_.empty()) return !equal_ignoring_case(word, "DUNNO");
    return std::any_of(words_.begin(), words_.end(),
                       [&](std::string const& one) { return equal_ignoring_case(one, word); });
}

bool table_cursor::skip_negations() noexcept {
    bool odd = false;
    while (rest.starts_with('!')) {
        advance(1);
        skip_blanks();
        odd = !odd;
    }
    return odd;
}

table_word skip_table_word(table_cursor& line) noexcept {
    auto const is = begins_with_word(line.rest, "if")      ? table_word::begin_if
                    : begins_with_word(line.rest, "endif") ? table_word::end_if
                                                           : table_word::rule;
    if (is == table_word::rule) return is;
    line.advance(is == table_word::begin_if ? 2 : 5);
    line.skip_blanks();
    return is;
}

} // namespace milter::rule
