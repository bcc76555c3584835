// SPDX-License-Identifier: BSL-1.0
// test-filter/foreign_option.hpp - options of the older milter-test-client that have no place here, and what does it
#pragma once

#include <string_view>

namespace milter::test_filter {

/// What to do instead of an option such as `--daemon` or `--pid-file=x`; empty: it is none of them.
std::string_view instead_of(std::string_view option) noexcept;

} // namespace milter::test_filter
