// SPDX-License-Identifier: BSL-1.0
// rule/book_warning.hpp - what is hardly meant, though it can be done: conditions that say the same of every mail, rules
// that are never reached
#pragma once

#include "rule/book.hpp"

#include <vector>

namespace milter::rule {

/// @param made  from `from`, in which nothing was wrong
std::vector<book_problem> warnings_of(book_text const& from, book const& made);

} // namespace milter::rule
