// SPDX-License-Identifier: BSL-1.0
// manager/import/ruby_text.hpp - the few statements of Ruby that a configuration of the older manager is made of
//
//   ruby_reader read(text);
//   while (auto const one = read.next()) ...
//
// Assignments of literals, calls with literals, blocks. Nothing is evaluated: what is not a literal stays source text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

struct ruby_value {
    enum class kind { nothing, truth, number, text, list, expression };

    kind what = kind::nothing;
    bool truth = false;
    double number = 0;
    std::string text;              ///< also a symbol; of an expression, and of a number, the source
    std::vector<std::string> list; ///< of texts and symbols

    bool is_text() const noexcept { return what == kind::text; }
    bool is_nothing() const noexcept { return what == kind::nothing; }
};

struct ruby_statement {
    enum class kind {
        assignment, ///< target = values[0]
        addition,   ///< target += values[0]; also <<
        call,       ///< target(values...)
        opening,    ///< a call, or `if` and the like, that something up to `end` belongs to
        end,        ///< of the innermost
        other
    };

    kind what = kind::other;
    unsigned line = 0;  ///< from 1
    std::string origin; ///< the comment in front: "default", "FILE:LINE"
    std::string target; ///< "manager.connection_spec", "define_milter"
    std::vector<ruby_value> values;
    std::string source; ///< without line ends
};

/// Reads forward, in one pass.
class ruby_reader {
public:
    /// @param text  outlives the reader
    explicit ruby_reader(std::string_view text) noexcept : rest_(text) {}

    /// Empty at the end of the text.
    std::optional<ruby_statement> next();

private:
    std::string_view take_line();
    std::string whole_statement(std::string_view first);

    std::string_view rest_;
    unsigned line_ = 0;
    std::string origin_;
};

} // namespace milter::manager
