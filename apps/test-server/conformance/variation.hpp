// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/variation.hpp - what many cases have in common: a session with one thing changed
#pragma once

#include "test-server/conformance/trial.hpp"

#include <optional>
#include <string_view>

namespace milter::test_server {

/// Whether the first message of the ordinary session came to an end, so that another can be compared with it; if not, the
/// case is left open: what fails there as well shows nothing of what was changed.
bool has_usual(trial& one);

/// The usual message goes as it went in the ordinary session; else the case fails.
void expect_usual_message(trial& one, dialogue& talk);
/// The same with another message that a milter should not tell from it.
void expect_as_usual(trial& one, dialogue& talk, message_plan const& mail);

/// Whether the connection still stands, so that its end shows something of what is sent next; if not, the case fails.
bool stands(trial& one, dialogue& talk);
/// Whether the connection was closed behind whole packets; if not, the case fails.
bool is_closed(trial& one, came what, std::string_view behind = {});
/// The milter closes without a reply, and serves the next connection.
void expect_close(trial& one, dialogue& talk);

/// Whether a message in the same session gets a verdict, which shows that what is not answered was taken; if not, the case
/// has been decided.
bool goes_on(trial& one, dialogue& talk);
/// The last answer decides; where none is due, what comes behind it.
void pass_when_seen(trial& one, dialogue& talk, answered const& last);

/// A reply that is due came; the connection still stands.
bool expect_answer(trial& one, dialogue& talk, answered const& got, std::string_view to);

/// Asks, and waits for what is due. @return the answer; empty when the case is decided: skipped, as the command was
/// negotiated away and nothing was sent, or failed, as the reply to it is missing
std::optional<answered> ask_or_skip(trial& one, dialogue& talk, wire::any_command const& command,
                                    std::string_view to);
/// Whether such commands are sent in this session; else the case is skipped.
bool sends_or_skip(trial& one, dialogue& talk, wire::command_code stage);

/// A session until where `stage` has been answered, without end of message; null when the milter does not go along, and
/// the case has been decided.
dialogue* up_to(trial& one, wire::command_code stage);

} // namespace milter::test_server
