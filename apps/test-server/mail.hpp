// SPDX-License-Identifier: BSL-1.0
// test-server/mail.hpp - a message as text, taken apart as an MTA does
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace milter::test_server {

struct mail_header {
    std::string name;
    std::string value; ///< everything behind the colon, folds as LF, no line end

    friend bool operator==(mail_header const&, mail_header const&) = default;
};

struct mail {
    std::vector<mail_header> headers;
    std::string body; ///< lines end with CRLF, the last one too
};

/// Headers up to the first line that is none, an empty one dropped; then the body. A first line `From ...` of an mbox is
/// left out. Line ends may be LF or CRLF.
mail parse_mail(std::string_view text);

/// `NAME: VALUE` of a command line; a blank behind the colon is added when it is missing. A line without a colon has an
/// empty name.
mail_header parse_header(std::string_view text);

/// Line ends as CRLF; a CR that is none stays.
std::string with_crlf(std::string_view text);

/// The addresses in a header value, without brackets, comments and display names.
std::vector<std::string> addresses_in(std::string_view value);

} // namespace milter::test_server
