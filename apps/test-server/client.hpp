// SPDX-License-Identifier: BSL-1.0
// test-server/client.hpp - the SMTP client that a milter is told of, from a text
#pragma once

#include "test-server/plan.hpp"

#include <string>

namespace milter::test_server {

/// @param spec  `inet:PORT@ADDRESS`, `inet6:PORT@ADDRESS`, `unix:PATH`, `unknown`; empty: the usual one
/// @throws std::invalid_argument
smtp_client parse_client(std::string const& host, std::string const& spec);

} // namespace milter::test_server
