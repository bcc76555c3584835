// SPDX-License-Identifier: BSL-1.0
// test-server/outcome.hpp - what came of one session
#pragma once

#include "test-server/plan.hpp"
#include <milter/message/headers.hpp>
#include <milter/message/noted_edits.hpp>
#include <milter/proto/negotiation.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::test_server {

/// How a message, or a session before any, ended.
enum class status {
    pass,   ///< nothing against it up to the end
    accept, ///< accepted before the end, or at the end by that word
    reject,
    temporary_failure,
    discard,
    quarantine,
    shutdown,
    connection_failure,
    quit,  ///< broken off as wanted
    error, ///< the milter could not be asked, or broke the protocol
};

/// The name on a `status:` line.
std::string_view name_of(status one) noexcept;

/// What a verdict means; `reply_text` by its code.
status status_of(wire::reply_code verdict, std::string_view text) noexcept;

/// Whether whatever it is about was refused.
constexpr bool refuses(status one) noexcept {
    return one == status::reject || one == status::temporary_failure || one == status::shutdown ||
           one == status::connection_failure;
}

struct answer {
    status what = status::pass;
    wire::command_code stage = wire::command_code::connect; ///< at which it was given
    std::string reply;      ///< the milter's own SMTP reply; may be empty
    std::string heard = {}; ///< what the SMTP client hears; empty: nothing against the mail
};

struct recipient_outcome {
    std::string address;
    answer given;
};

/// An entry of a list before and after the milter's edits.
struct changed_line {
    enum class mark { same, added, removed };
    mark how = mark::same;
    std::string text;
};

struct message_outcome {
    answer verdict;
    std::vector<recipient_outcome> refused; ///< recipients
    std::optional<std::string> quarantine;  ///< reason
    message::noted_edits edits;
    bool edits_stand = false; ///< the message was accepted at its end

    /// The message with the edits that stand.
    smtp_path sender;
    std::optional<smtp_path> old_sender; ///< when it was changed
    std::vector<changed_line> recipients;
    message::headers headers{message::header_rules::postfix};
    std::string body;
};

struct failure {
    error_code why;
    std::string text;
    bool unreachable = false; ///< there was no connection at all
};

struct session_outcome {
    proto::agreement agreed;
    bool negotiated = false;
    std::optional<answer> ended_early; ///< at CONNECT or HELO, for all messages
    std::vector<answer> unknown_commands;
    std::vector<message_outcome> messages;
    std::optional<failure> failed;
    proto::duration elapsed{};

    /// Of the session as a whole: a failure, else the worst a message met.
    status overall() const noexcept;
};

} // namespace milter::test_server
