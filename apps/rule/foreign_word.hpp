// SPDX-License-Identifier: BSL-1.0
// rule/foreign_word.hpp - words that people bring along from other languages, and what is written here instead
//
// What is nearly spelled right is no matter of these tables: suggestion.hpp finds that.
#pragma once

#include <span>
#include <string_view>

namespace milter::rule {

struct foreign_word {
    std::string_view written;
    std::string_view meant;
};

/// Facts and functions: "client.ip" is client.address. What is called stands with its parentheses, "rbl()".
std::span<foreign_word const> foreign_names() noexcept;

/// Empty: nobody knows what it means.
std::string_view name_meant_by(std::string_view written) noexcept;

/// What to write in place of a word or a sign: "like", "&", a quote of another kind. Empty: nothing that is known.
std::string_view hint_for_word(std::string_view word) noexcept;

/// true for yes, on; false for no, off. Empty: neither.
std::string_view truth_meant_by(std::string_view word) noexcept;

/// null, none and what else says that there is nothing.
bool says_nothing(std::string_view word) noexcept;

} // namespace milter::rule
