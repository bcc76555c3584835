// SPDX-License-Identifier: BSL-1.0
// rule/mail_address.hpp - the address of MAIL and RCPT taken apart, as Postfix and Sendmail pass it on
//
// They pass on what the client wrote, which need not be an address: any text gives something, and nothing throws.
#pragma once

#include <span>
#include <string_view>

namespace milter::rule {

/// Views into the text that was parsed.
struct mail_address {
    std::string_view whole; ///< without spaces around, angle brackets and source route
    std::string_view local; ///< before the last "@" that is not quoted; still quoted if it was
    std::string_view
        domain; ///< behind it, as it was sent; empty for <postmaster>; "[192.0.2.1]" for a literal
    bool is_null = true; ///< <>: the sender of bounces
};

mail_address parse_mail_address(std::string_view as_sent) noexcept;

inline constexpr std::size_t longest_local_part = 256; ///< bytes; RFC 5321 4.5.3.1.1 has 64

/// The local part with the quotes and backslashes taken away that RFC 5321 4.1.2 gives no meaning: `"a"` is `a`.
/// @param buffer  where the result lies if it is another than `local`. What is too long for it stays as it is.
std::string_view unquoted(std::string_view local,
                          std::span<char, longest_local_part> buffer) noexcept;

/// Domains are compared in their normal form; local parts without regard to case in ASCII and to quotes. RFC 5321 says
/// that local parts have case; no mail system of today lets two people differ by it, and those who write lists of
/// addresses do not expect it.
bool same_mail_address(mail_address const& a, mail_address const& b);

} // namespace milter::rule
