// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/text_pattern.cpp - what a text is to look like
#include "test-server/scenario/text_pattern.hpp"

#include <stdexcept>
#include <utility>

namespace milter::test_server {

namespace {

/// One step of a pattern with asterisks.
struct token {
    enum class kind { byte, any_byte, any_text };
    kind what = kind::byte;
    char byte = 0;
    std::size_t size = 1; ///< of the pattern
};

token next_token(std::string_view pattern) noexcept {
    switch (pattern.front()) {
    case '*': return {token::kind::any_text, 0, 1};
    case '?': return {token::kind::any_byte, 0, 1};
    case '\\':
        if (pattern.size() > 1) return {token::kind::byte, pattern[1], 2};
        break;
    default: break;
    }
    return {token::kind::byte, pattern.front(), 1};
}

/// After a mismatch only the last asterisk has to take more: what stands before it has matched as early as it can.
bool fits(std::string_view pattern, std::string_view text) noexcept {
    std::optional<std::string_view> behind_asterisk;
    std::string_view retry;
    while (!text.empty() || !pattern.empty()) {
        if (!pattern.empty()) {
            auto const now = next_token(pattern);
            if (now.what == token::kind::any_text) {
                pattern.remove_prefix(now.size);
                behind_asterisk = pattern;
                retry = text;
                continue;
            }
            bool const same =
                !text.empty() && (now.what == token::kind::any_byte || now.byte == text.front());
            if (same) {
                pattern.remove_prefix(now.size);
                text.remove_prefix(1);
                continue;
            }
        }
        if (!behind_asterisk || retry.empty()) return false;
        retry.remove_prefix(1);
        text = retry;
        pattern = *behind_asterisk;
    }
    return true;
}

} // namespace

text_pattern text_pattern::parse(std::string text) {
    bool const is_expression = text.size() > 2 && text.front() == '/' && text.back() == '/';
    text_pattern one(std::move(text));
    if (!is_expression) return one;
    auto const inner = std::string_view(one.text_).substr(1, one.text_.size() - 2);
    auto compiled = rule::pattern::compile(inner, false);
    if (!compiled.value) throw std::invalid_argument(one.text_ + ": " + compiled.problem);
    one.expression_ = std::move(compiled.value);
    return one;
}

text_pattern text_pattern::exactly(std::string_view text) {
    std::string escaped;
    for (char const c : text) {
        if (c == '*' || c == '?' || c == '\\') escaped += '\\';
        escaped += c;
    }
    bool const looks_like_expression =
        escaped.size() > 2 && escaped.front() == '/' && escaped.back() == '/';
    if (looks_like_expression) escaped.insert(0, 1, '\\');
    return text_pattern(std::move(escaped));
}

bool text_pattern::matches(std::string_view text) const {
    return expression_ ? expression_->matches(text) : fits(text_, text);
}

bool text_pattern::is_in(std::string_view text) const {
    return expression_ ? expression_->matches(text) : fits("*" + text_ + "*", text);
}

} // namespace milter::test_server
