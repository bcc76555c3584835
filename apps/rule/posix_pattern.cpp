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
        auto const c = text_[at_];
        bool const after_repetition = std::exchange(repeated_, false);
        switch (c) {
        case '\\': return escape();
        case '[': return bracket();
        case '(':
            if (text_.substr(at_, 2) == "(?")
                return fail(R"("(?" is of Perl; use a table of type pcre)");
            break;
        case '*':
        case '+':
        case '?':
            if (after_repetition)
                return fail("repeats a repetition; that means something else in Perl");
            repeated_ = true;
            break;
        case '{':
            repeated_ = true;
            if (text_.substr(at_, 2) == "{,") return emit("{0"), ++at_, emit_from(1);
            break;
        case '}': repeated_ = true; break;
        default: break;
        }
        emit_from(1);
    }

    /// The escapes of letters that glibc knows mean the same to RE2, or have another name there.
    void escape() {
        auto const next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        constexpr std::pair<char, std::string_view> renamed[] = {
            {'<', "\\b"}, {'>', "\\b"}, {'`', "\\A"}, {'\'', "\\z"}};
        for (auto const& [letter, name] : renamed)
            if (next == letter) return emit(name), at_ += 2, void();
        auto const escape = text_.substr(at_, 2);
        if (is_digit(next) && next != '0')
            return fail("a reference back to what a group matched (" + std::string(escape) +
                        ") is not supported, as matching it can take for ever");
        if ((is_letter(next) || next == '0') &&
            std::string_view("wWsSbB").find(next) == std::string_view::npos)
            return fail("the escape " + wire::quoted(escape) + " is not of POSIX; write [0-9], " +
                        "[[:space:]] and the like, or use a table of type pcre");
        emit_from(escape.size());
    }

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
    bool repeated_ = false; // the last that was read repeats what is before it
    posix_pattern out_;
};

} // namespace

posix_pattern translate_posix(std::string_view text) { return translator(text).translate(); }

} // namespace milter::rule
