// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/text_pattern.hpp - what a text is to look like
//
// `550 5.7.1 no` is that text; in `550 5.7.1 *` an asterisk stands for any text and `?` for one byte (`\*`, `\?`, `\\`: the
// byte itself); `/^55[04] /` is a regular expression that is found somewhere in the text (its first 65,536 bytes).
#pragma once

#include "rule/match.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace milter::test_server {

class text_pattern {
public:
    /// @throws std::invalid_argument  a regular expression that is none
    static text_pattern parse(std::string text);

    /// One that only `text` matches.
    static text_pattern exactly(std::string_view text);

    bool matches(std::string_view text) const;

    /// Whether some part of the text matches; a text without asterisks is looked for as it is.
    bool is_in(std::string_view text) const;

    std::string const& text() const noexcept { return text_; } ///< as it was written

private:
    explicit text_pattern(std::string text) : text_(std::move(text)) {}

    std::string text_;
    std::optional<rule::pattern> expression_;
};

} // namespace milter::test_server
