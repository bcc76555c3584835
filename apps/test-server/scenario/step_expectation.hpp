// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/step_expectation.hpp - what is expected of the answer to one step, and what of it was not met
#pragma once

#include "test-server/expectation.hpp"
#include "test-server/outcome.hpp"
#include "test-server/scenario/text_pattern.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::test_server {

/// NAME, or NAME: VALUE.
struct header_pattern {
    std::string name;
    std::optional<text_pattern> value; ///< without the blanks around it

    /// @throws std::invalid_argument
    static header_pattern parse(std::string const& text);
    std::string text() const { return value ? name + ": " + value->text() : name; }
};

/// What the milter asks for in the negotiation.
struct agreement_expectation {
    std::optional<std::uint32_t> version;
    std::optional<wire::action> actions;
    std::optional<wire::step> steps;
    std::map<wire::command_code, std::string> macros; ///< names in any order; empty: asks for none
};

/// Of the message as it is with the edits that stand.
struct message_expectation {
    std::optional<text_pattern> sender;
    std::optional<std::vector<text_pattern>> recipients; ///< all of them, in order
    std::vector<text_pattern> recipient, no_recipient;
    std::optional<std::vector<header_pattern>> headers; ///< all of them, in order
    std::vector<header_pattern> header, no_header;
    std::vector<text_pattern> body; ///< parts of it
    std::optional<text_pattern> quarantine;
    std::optional<std::vector<text_pattern>>
        edits;                      ///< all of them, in order, in the words of edit_text()
    std::vector<text_pattern> edit; ///< each is among them
    std::size_t keepalives = 0;     ///< at least

    bool empty() const noexcept;
};

struct step_expectation {
    std::optional<expected_verdict> verdict; ///< nothing: that the conversation goes on
    bool any = false;                        ///< whatever the verdict
    std::optional<bool> sent;                ///< false: the milter negotiated the command away
    std::optional<text_pattern> reply;
    std::optional<text_pattern> client_hears; ///< the reply to the SMTP client
    std::optional<text_pattern> error;        ///< why the session broke
    std::optional<proto::duration> within;
    agreement_expectation agreement;
    message_expectation message;
};

/// What came of a step.
struct step_outcome {
    answer given;
    bool sent = true;      ///< the milter had not negotiated the command away
    bool attempted = true; ///< an MTA would have said it
    std::string why_not;   ///< it was not attempted
    proto::duration took{};
    std::optional<proto::agreement> agreed; ///< negotiate
    std::optional<message_outcome> message; ///< the message has ended with this step
    std::optional<failure> failed;
};

/// One expectation that was not met.
struct step_finding {
    std::string expected; ///< empty: the step was not said any more
    std::string found;
    bool is_latency = false;
};

/// @param goes_on  verdicts that are right where none was expected
std::vector<step_finding> check_step(step_expectation const& wanted, step_outcome const& outcome,
                                     std::vector<status> const& goes_on);

} // namespace milter::test_server
