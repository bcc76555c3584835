// SPDX-License-Identifier: BSL-1.0
// rule/posix_pattern.cpp
#include "rule/posix_pattern.hpp"

#include <milter/ascii.hpp>
#include <milter/wire/describe.hpp>

#include <algorithm>
#include <utility>

namespace milter::rule {

namespace {

bool is_letter(char c) noexcept { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_word(char c) noexcept { return is_letter(c) || is_digit(c) || c == '_'; }

enum class piece { other, repetition, assertion };

class translator {
public:
    explicit translator(std::string_view text) noexcept : text_(text) {}

    posix_pattern translate() {
        while (at_ < text_.size() && out_.problem.empty()) step();
        return std::move(out_);
    }

private:
    void emit(std::string_view text) {
        out_.text += text;
        out_.origins.resize(out_.text.size(), at_);
    }
    void emit_from(std::size_t bytes) {
        for (; bytes > 0; --bytes, ++at_) emit(text_.substr(at_, 1));
    }
    void fail(std::string problem) { out_.problem = std::move(problem), out_.offset = at_; }

    void step() {
        auto const before = std::exchange(last_, piece::other);
        auto const two = text_.substr(at_, 2);
        switch (text_[at_]) {
        case '\\': return escape();
        case '[': return bracket();
        case '^':
        case '$': last_ = piece::assertion; break;
        case '(':
            if (two == "(?") return fail("\"(?\" is of Perl; use a table of type pcre");
            break;
        case '*':
        case '+':
        case '?': return repetition(before, 1);
        case '{':
            if (two.size() == 2 && (two[1] == ',' || is_digit(two[1])))
                return repetition(before, text_.find('}', at_) + 1 - at_);
            break;
        default: break;
        }
        emit_from(1);
    }

    void repetition(piece before, std::size_t size) {
        if (before == piece::repetition)
            return fail("repeats a repetition; that means something else in Perl");
        if (before == piece::assertion) return fail("repeats something that matches no character");
        last_ = piece::repetition;
        if (text_.substr(at_, 2) == "{,") {
            emit("{0");
            ++at_, --size;
        }
        emit_from(std::min(size, text_.size() -
                                     at_)); // one without "}" RE2 will refuse or take as it stands
    }

    /// Those of letters that glibc knows, and those that stand for a character that is special otherwise.
    void escape() {
        auto const escaped = text_.substr(at_, 2);
        auto const next = escaped.back();
        if (is_digit(next) && next != '0')
            return fail("a reference back to what a group matched (" + std::string(escaped) +
                        ") is not supported, as matching it can take for ever");
        switch (next) {
        case '<':
        case '>': return word_edge(next);
        case 'b':
        case 'B': last_ = piece::assertion; return emit_from(2);
        case '`': return assert_as("\\A");
        case '\'': return assert_as("\\z");
        case 's': return emit("[[:space:]]"), skip_escape();
        case 'S': return emit("[^[:space:]]"), skip_escape();
        case 'w':
        case 'W': return emit_from(2);
        default: break;
        }
        if (is_letter(next) || next == '0')
            return fail("the escape " + wire::quoted(escaped) + " is not of POSIX; write [0-9], " +
                        "[[:space:]] and the like, or use a table of type pcre");
        emit_from(escaped.size());
    }

    /// RE2 knows no difference between both edges of a word, so the neighbour must make it.
    void word_edge(char side) {
        auto const after = at_ + 2 < text_.size() ? text_[at_ + 2] : '\0';
        auto const neighbour = side == '<' ? after : at_ > 0 ? text_[at_ - 1] : '\0';
        bool const plain = side == '<' || at_ < 2 || text_[at_ - 2] != '\\';
        if (!is_word(neighbour) || !plain)
            return fail(
                "an edge of a word that is not beside a letter or digit; write \\b instead");
        assert_as("\\b");
    }

    void assert_as(std::string_view text) {
        emit(text);
        last_ = piece::assertion;
        skip_escape();
    }
    void skip_escape() { at_ += 2; }

    /// [...], where a backslash is one, and "]" in front is a member.
    void bracket() {
        emit_from(1);
        if (peek() == '^') emit_from(1);
        if (peek() == ']') emit("\\"), emit_from(1);
        while (at_ < text_.size() && peek() != ']' && out_.problem.empty()) bracket_member();
        if (at_ < text_.size() && out_.problem.empty()) emit_from(1);
    }

    void bracket_member() {
        auto const two = text_.substr(at_, 2);
        if (two == "[." || two == "[=") return fail("names of characters are not supported");
        if (two == "[:") {
            auto const end = text_.find(":]", at_ + 2);
            return emit_from(end == text_.npos ? 1 : end + 2 - at_);
        }
        if (two.front() == '\\' || two.front() == '[') emit("\\");
        emit_from(1);
    }

    char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

    std::string_view text_;
    std::size_t at_ = 0;
    piece last_ = piece::other; // what was read last
    posix_pattern out_;
};

} // namespace

posix_pattern translate_posix(std::string_view text) { return translator(text).translate(); }

} // namespace milter::rule
