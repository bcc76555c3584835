// SPDX-License-Identifier: BSL-1.0
// test-server/expectation.hpp - what the user expects of each message, and what of it was not met
#pragma once

#include "test-server/outcome.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::test_server {

struct expected_verdict {
    std::vector<status> any_of;
    std::optional<wire::command_code> stage;
    std::string text; ///< as the user wrote it
};

struct expectations {
    std::optional<expected_verdict> verdict;
    std::optional<std::string> reply;      ///< how the milter's SMTP reply begins
    std::optional<std::string> quarantine; ///< the reason; empty: any
    std::vector<std::string> headers;      ///< NAME, or NAME: VALUE, in the resulting message
    std::vector<std::string> no_headers;
    std::vector<std::string> recipients;
    std::vector<std::string> no_recipients;
    std::vector<std::string> refused; ///< recipients
    std::optional<std::string> sender;
    std::optional<std::string> body; ///< part of the resulting one

    bool empty() const noexcept;
};

/// `VERDICT` or `VERDICT@STAGE`; several verdicts are separated by `|`. @throws std::invalid_argument
expected_verdict parse_verdict(std::string_view text);

/// One expectation that was not met.
struct unmet {
    std::size_t session = 1; ///< from 1
    std::size_t message = 0; ///< from 1; 0: the session as a whole
    std::string what;        ///< expected and found, in words
};

/// What of `wanted` outcome number `session` does not meet.
std::vector<unmet> check(expectations const& wanted, session_outcome const& outcome,
                         std::size_t session);

} // namespace milter::test_server
