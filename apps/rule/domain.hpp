// SPDX-License-Identifier: BSL-1.0
// rule/domain.hpp - names of domains in one spelling, and which of them lies under which
//
// The normal form has lower-case ASCII and A-labels ("xn--...", by UTS #46, non-transitional: RFC 5891 and what browsers
// look up), and no dot at its end. Whatever is compared here is in that form.
#pragma once

#include <string>
#include <string_view>

namespace milter::rule {

/// What cannot be converted stays as it is, in lower case: it equals itself and nothing else.
std::string normal_domain(std::string_view text);

/// That normal_domain() would give the same again. Does not allocate.
bool is_plain_domain(std::string_view text) noexcept;

/// That `name` is `parent`, or ends with "." and `parent`: never "badexample.com" under "example.com". Of normal forms.
/// Nothing is under the empty name.
bool is_under(std::string_view name, std::string_view parent) noexcept;

} // namespace milter::rule
