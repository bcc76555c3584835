// SPDX-License-Identifier: BSL-1.0
// rule/s25r.hpp - names of clients that look like an end user's line
//
// Source: H. Asami, "The Selective SMTP Rejection (S25R) Spam Blocking System"; the rules as the older milter manager
// applies them, its white list left to sets.
#pragma once

#include <string_view>

namespace milter::rule {

/// @param name  of the client in its normal form; "unknown" and an address in brackets mean that it has none
bool is_s25r(std::string_view name) noexcept;

} // namespace milter::rule
