// SPDX-License-Identifier: BSL-1.0
// rule/lexer.cpp
#include "rule/lexer.hpp"

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

/// People bring them along from other languages.
std::string_view hint_for(std::string_view symbol) noexcept {
    constexpr std::pair<std::string_view, std::string_view> known[] = {
        {"&", "write and"},
        {"|", "write or"},
        {"!", "write not"},
        {"~", "write matches"},
        {"'", R"(write "..." )"},
        {"{", "a list is [\"a\", \"b\"]"},
        {"#", "a comment stands outside of the expression"}};
    auto const* const found = std::find_if(std::begin(known), std::end(known),
                                           [&](auto const& one) { return one.first == symbol; });
    return found == std::end(known) ? std::string_view() : found->second;
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
    if (std::all_of(found.text.begin(), found.text.end(),
                    [](char c) { return !is_letter(c) || is_lower(c); }))
        return found;
    auto lower = found.text;
    for (auto& c : lower)
        if (is_letter(c)) c = static_cast<char>(c | 0x20);
    return fail(found.at, "names are in lower case", "write " + lower);
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
    if (!is_address) return found;
    while (is_of_name(at(next_)) || at(next_) == '.' || at(next_) == '/' || at(next_) == ':')
        ++next_;
    return fail(since(first), "an address is a text",
                "write " + in_quotes(text_.substr(first, next_ - first)));
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
    return fail(found.at, "unexpected " + in_quotes(found.text),
                std::string(hint_for(found.text.substr(0, 1))));
}

} // namespace milter::rule
