// SPDX-License-Identifier: BSL-1.0
// test-filter/seen.hpp - what one session has shown the filter so far: what conditions ask about
#pragma once

#include <milter/message/envelope.hpp>
#include <milter/wire/command.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace milter::test_filter {

struct seen_header {
    std::string name;
    std::string value; ///< without one leading blank
};

struct seen {
    std::size_t session = 1; ///< which connection, from 1
    std::size_t message = 0; ///< which message of the session, from 1; 0 before the first
    std::string client_name;
    std::string client_address;
    std::string helo;
    std::string sender;
    std::vector<std::string> recipients;
    std::vector<seen_header> headers;
    std::string body; ///< its beginning
    std::string line; ///< of the last unknown command

    /// Takes a command in. @param raw_values  the leading blank of header values was negotiated
    void take(wire::any_command const& command, bool raw_values);

    void clear_message();
};

inline constexpr std::size_t seen_body_limit = 1 << 20; // bytes that conditions can look at

} // namespace milter::test_filter
