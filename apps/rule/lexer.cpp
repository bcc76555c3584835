// SPDX-License-Identifier: BSL-1.0
// rule/lexer.cpp
#include "rule/lexer.hpp"

#include "rule/fact_table.hpp"
#include "rule/foreign_word.hpp"
#include "rule/literal.hpp"
#include "rule/quote.hpp"

#include <algorithm>
#include <utility>

namespace milter::rule {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) noexcept { return is_lower(c) || (c >= 'A' && c <= 'Z'); }
bool is_of_name(char c) noexcept { return is_letter(c) || is_digit(c) || c == '_'; }
bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

/// Its argument, or one of them, is a name that others chose: a header field, a milter.
bool takes_foreign_name(std::string_view call) {
    if (call.empty()) return false;
    auto const form = std::string(call) + "()";
    auto const rows = fact_rows();
    return std::any_of(rows.begin(), rows.end(),
                       [&](fact_row const& row) { return row.name.starts_with(form); });
}

} // namespace

token lexer::next() {
    if (problem_) return {};
    skip_spaces();
    char const c = at(next_);
    if (next_ >= text_.size()) return {token_kind::end, {}, {}, since(next_)};
    if (is_letter(c) || c == '_') return name();
    if (is_digit(c)) return number();
    if (c == '@') return set();
    if (c == '"') return quoted();
    if (c == '/') return pattern();
    return symbol();
}

void lexer::skip_spaces() noexcept {
    while (next_ < text_.size() && (text_[next_] == ' ' || text_[next_] == '\t' ||
                                    text_[next_] == '\n' || text_[next_] == '\r'))
        ++next_;
}

place lexer::since(std::size_t first) const noexcept {
    return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(next_ - first)};
}

token lexer::word(token_kind kind, std::size_t first) {
    return {kind, std::string(text_.substr(first, next_ - first)), {}, since(first)};
}

token lexer::fail(place where, std::string message, std::string hint) {
    problem_ = finding{where, std::move(message), std::move(hint)};
    return {};
}

/// With its dots: client.address.
token lexer::name() {
    auto const first = next_;
    do {
        while (is_of_name(at(next_))) ++next_;
    } while (at(next_) == '.' && (is_letter(at(next_ + 1)) || at(next_ + 1) == '_') && ++next_ > 0);
    auto found = word(token_kind::name, first);
    bool const is_lower_case = std::all_of(found.text.begin(), found.text.end(),
                                           [](char c) { return !is_letter(c) || is_lower(c); });
    auto const whole = whole_name(first);
    if (is_lower_case && whole == found.text) return found;
    if (auto const call = call_at(first); takes_foreign_name(call)) {
        next_ = first + whole.size();
        bool const is_first = call.data() + call.size() + 1 == text_.data() + first;
        return fail(since(first), "expected a name in quotes, not " + std::string(whole),
                    "write " + (is_first ? std::string(call) + "(" + in_quotes(whole) + ")"
                                         : in_quotes(whole)));
    }
    if (is_lower_case) return found;
    auto lower = found.text;
    for (auto& c : lower)
        if (is_letter(c)) c = static_cast<char>(c | 0x20);
    return fail(found.at, "names are in lower case", "write " + lower);
}

/// With what names of ours do not have, and those of header fields and milters do: X-Spam-Flag.
std::string_view lexer::whole_name(std::size_t first) const noexcept {
    auto end = first;
    while (is_of_name(at(end)) || at(end) == '-' || at(end) == '.') ++end;
    return text_.substr(first, end - first);
}

/// What is called with an argument that begins here; empty: nothing.
std::string_view lexer::call_at(std::size_t argument) const noexcept {
    auto const open = text_.substr(0, argument).find_last_of("()");
    if (open == text_.npos || text_[open] != '(') return {};
    auto const between = text_.substr(open + 1, argument - open - 1);
    auto const behind_comma = between.rfind(',') + 1; // 0: there is none
    if (between.find_first_not_of(" \t\r\n", behind_comma) != between.npos) return {};
    auto begin = open;
    while (begin > 0 && (is_of_name(text_[begin - 1]) || text_[begin - 1] == '.')) --begin;
    return text_.substr(begin, open - begin);
}

token lexer::set() {
    auto const first = next_++;
    while (is_of_name(at(next_)) || at(next_) == '-') ++next_;
    auto found = word(token_kind::set, first);
    found.text.erase(0, 1);
    if (found.text.empty())
        return fail(found.at, "expected the name of a set behind @",
                    "write @customers, for [set.customers]");
    return found;
}

/// Digits, perhaps with a fraction, and their unit.
token lexer::number() {
    auto const first = next_;
    while (is_digit(at(next_))) ++next_;
    if (at(next_) == '.' && is_digit(at(next_ + 1))) {
        ++next_;
        while (is_digit(at(next_))) ++next_;
    }
    if (at(next_) == '%')
        ++next_;
    else
        while (is_of_name(at(next_))) ++next_;
    auto found = word(token_kind::number, first);
    bool const is_address = at(next_) == '.' || at(next_) == '/' || at(next_) == ':';
    if (auto const unit = unit_behind(); !is_address && !unit.empty())
        if (auto const meant = likely_number(found.text, unit); !meant.empty()) {
            next_ = static_cast<std::size_t>(unit.data() + unit.size() - text_.data());
            return fail(since(first), "a number and its unit stand together", "write " + meant);
        }
    if (!is_address) return found;
    while (is_of_name(at(next_)) || at(next_) == '.' || at(next_) == '/' || at(next_) == ':')
        ++next_;
    return fail(since(first), "an address is a text",
                "write " + in_quotes(text_.substr(first, next_ - first)));
}

/// The next word behind blanks, which would be a unit if there were none of them.
std::string_view lexer::unit_behind() const noexcept {
    auto const begin = std::min(text_.find_first_not_of(" \t", next_), text_.size());
    if (begin == next_) return {};
    auto end = begin;
    while (is_of_name(at(end)) || at(end) == '%') ++end;
    return text_.substr(begin, end - begin);
}

token lexer::quoted() {
    auto const first = next_++;
    std::string value;
    for (; next_ < text_.size(); ++next_) {
        char const c = text_[next_];
        if (c == '"') {
            ++next_;
            return {token_kind::text, std::move(value), {}, since(first)};
        }
        if (is_control(c))
            return fail({static_cast<std::uint32_t>(next_), 1}, "a control character in a text");
        if (c != '\\') {
            value += c;
            continue;
        }
        char const escaped = at(++next_);
        if (escaped != '"' && escaped != '\\')
            return fail({static_cast<std::uint32_t>(next_ - 1), next_ < text_.size() ? 2U : 1U},
                        "an unknown escape in a text",
                        R"(only \" and \\ have a meaning; a pattern stands between slashes)");
        value += escaped;
    }
    return fail(since(first), "a text without its end", R"(it ends with ")");
}

/// A slash in it is written \/; all other escapes are the pattern's own.
token lexer::pattern() {
    auto const first = next_++;
    std::string value;
    for (; at(next_) != '/'; ++next_) {
        if (next_ >= text_.size())
            return fail(since(first), "a pattern without its end", "it ends with /");
        if (is_control(text_[next_]))
            return fail({static_cast<std::uint32_t>(next_), 1}, "a control character in a pattern");
        if (text_[next_] == '\\' && next_ + 1 < text_.size()) {
            if (text_[next_ + 1] != '/') value += '\\';
            ++next_;
            if (is_control(text_[next_]))
                return fail({static_cast<std::uint32_t>(next_), 1},
                            "a control character in a pattern");
        }
        value += text_[next_];
    }
    auto const flags = ++next_;
    while (is_of_name(at(next_))) ++next_;
    std::string const said(text_.substr(flags, next_ - flags));
    if (!said.empty() && said != "i")
        return fail({static_cast<std::uint32_t>(flags), static_cast<std::uint32_t>(said.size())},
                    "an unknown flag of a pattern",
                    "the only one is i: upper and lower case are the same");
    if (value.empty()) return fail(since(first), "an empty pattern", "it would match everything");
    return {token_kind::pattern, std::move(value), said, since(first)};
}

token lexer::symbol() {
    auto const first = next_++;
    char const c = text_[first];
    bool const may_be_two = c == '=' || c == '!' || c == '<' || c == '>';
    if (may_be_two && at(next_) == '=') ++next_;
    auto found = word(token_kind::symbol, first);
    constexpr std::string_view single = "()[],.=<>";
    if (found.text.size() == 2 || single.find(c) != single.npos) return found;
    if ((c == '&' || c == '|') && at(next_) == c) ++next_;
    found = word(token_kind::symbol, first);
    // a character of several bytes is shown whole
    while (next_ < text_.size() && (static_cast<unsigned char>(text_[next_]) & 0xc0) == 0x80 &&
           static_cast<unsigned char>(c) >= 0xc0)
        ++next_;
    found = word(token_kind::symbol, first);
    auto const hint = hint_for_word(found.text);
    return fail(found.at, "unexpected " + in_quotes(found.text),
                std::string(hint.empty() ? hint_for_word(found.text.substr(0, 1)) : hint));
}

} // namespace milter::rule
