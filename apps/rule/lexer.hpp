// SPDX-License-Identifier: BSL-1.0
// rule/lexer.hpp - the words of an expression
#pragma once

#include "rule/place.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace milter::rule {

enum class token_kind : unsigned char {
    end,
    name,    ///< client.address, and, in
    set,     ///< `@customers`
    number,  ///< 10, 64KiB, 500ms, 0.5%
    text,    ///< "..."
    pattern, ///< /.../i
    symbol,  ///< ( ) [ ] , . = == != < <= > >=
};

struct token {
    token_kind kind = token_kind::end;
    std::string
        text; ///< without quotes, slashes and at sign; escapes are resolved in a text, kept in a pattern
    std::string flags; ///< of a pattern
    place at;          ///< with quotes and flags
};

/// Reads one word after another. After a finding there are no more.
class lexer {
public:
    /// @param text  must outlive it
    explicit lexer(std::string_view text) noexcept : text_(text) {}

    /// Of kind `end` at the end, and where next() found something wrong.
    token next();
    std::optional<finding> const& problem() const noexcept { return problem_; }

private:
    token word(token_kind kind, std::size_t first);
    token name();
    std::string_view whole_name(std::size_t first) const noexcept;
    std::string_view call_at(std::size_t argument) const noexcept;
    token set();
    token number();
    std::string_view unit_behind() const noexcept;
    token quoted();
    token pattern();
    token symbol();
    token fail(place where, std::string message, std::string hint = {});
    void skip_spaces() noexcept;
    char at(std::size_t index) const noexcept { return index < text_.size() ? text_[index] : '\0'; }
    place since(std::size_t first) const noexcept;

    std::string_view text_;
    std::size_t next_ = 0;
    std::optional<finding> problem_;
};

} // namespace milter::rule
