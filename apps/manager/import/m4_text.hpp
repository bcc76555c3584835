// SPDX-License-Identifier: BSL-1.0
// manager/import/m4_text.hpp - the calls of macros in a sendmail.mc, which is a text for m4
//
// Nothing is expanded: comments and `dnl` are passed over, and one level of quotes is taken off arguments.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

struct m4_call {
    std::string_view name;
    std::vector<std::string> arguments; ///< without blanks in front
    unsigned line = 0;                  ///< from 1
    bool is_open = false;               ///< its parenthesis is not closed
};

/// Reads forward, in one pass.
class m4_reader {
public:
    /// @param text  outlives the reader and the names that it gives
    explicit m4_reader(std::string_view text) noexcept : text_(text) {}

    /// The next `name(...)` that stands outside of quotes and of other calls.
    std::optional<m4_call> next();

    /// The line of a quote that is not closed; 0: all are. To be asked at the end.
    unsigned open_quote() const noexcept { return open_quote_; }

private:
    char step() noexcept;
    void skip_line() noexcept;
    void read_quoted(std::string& into);
    void read_arguments(m4_call& into);
    std::string_view take_word() noexcept;

    std::string_view text_;
    std::size_t at_ = 0;
    unsigned line_ = 1;
    unsigned open_quote_ = 0;
};

} // namespace milter::manager
