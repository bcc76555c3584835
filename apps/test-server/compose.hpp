// SPDX-License-Identifier: BSL-1.0
// test-server/compose.hpp - the messages of a session, from mail files and from options
#pragma once

#include "test-server/plan.hpp"

#include <string>
#include <vector>

namespace milter::test_server {

/// What the user said about the message; empty: not said.
struct message_texts {
    std::string sender;
    std::vector<std::string> recipients;
    std::vector<std::string> headers; ///< NAME:VALUE
    std::vector<std::string> chunks;
};

/// One message without a file: sender, recipient, From, To and a line of body where nothing else was said.
/// @throws std::invalid_argument
message_plan compose(message_texts const& said);

/// One message of a file: what was said replaces the envelope taken from From and To, and the body; headers are
/// appended. @throws std::invalid_argument
message_plan compose(mail file, message_texts const& said);

} // namespace milter::test_server
