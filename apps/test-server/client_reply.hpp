// SPDX-License-Identifier: BSL-1.0
// test-server/client_reply.hpp - what the SMTP client hears because of a milter's answer
//
// Source: protocol.md 3.5.1, 3.5.2 and 3.6; tests/field/oracle has what both MTAs really said.
#pragma once

#include "test-server/outcome.hpp"
#include "test-server/profile.hpp"

#include <string>
#include <string_view>

namespace milter::test_server {

/// Whether this MTA takes the text of a reply for none: it drops the milter then.
bool is_malformed(mta_profile const& mta, std::string_view reply) noexcept;

/// The reply, CRLF between its lines; of what is refused at CONNECT and HELO that to MAIL. Empty: nothing against the mail
/// is heard. @param address  of MAIL or RCPT, with its brackets
std::string client_reply(mta_profile const& mta, answer const& given, std::string_view address);

} // namespace milter::test_server
