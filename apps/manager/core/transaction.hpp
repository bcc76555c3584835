// SPDX-License-Identifier: BSL-1.0
// manager/core/transaction.hpp - what a session keeps of the command and of the message under way
#pragma once

#include "manager/core/config.hpp"
#include "manager/core/decision.hpp"
#include "manager/core/selection.hpp"
#include "manager/core/verdict.hpp"
#include <milter/message/body_store.hpp>
#include <milter/message/edit.hpp>
#include <milter/message/headers.hpp>
#include <milter/message/memory_budget.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace milter::manager {

/// An envelope command on its way through the milters.
struct event {
    wire::command_code code{};
    std::string payload;
    proto::time_point deadline = proto::never;
    std::uint32_t serial = 0;       ///< from 1 within the session
    bool for_rejected_rcpt = false; ///< the MTA itself refused the recipient: answers are ignored
};

/// The envelope of a message, for milters that join late.
struct kept_envelope {
    static constexpr std::size_t limit = std::size_t{16} << 20; // bytes: as much as of headers

    std::string mail; ///< payload; its macros are those of the MTA's present set
    std::vector<kept_recipient> recipients;
    bool data = false;
    std::size_t bytes = 0;
};

/// One message, from MAIL to its end.
struct transaction {
    std::uint32_t number = 0;
    std::size_t recipients = 0;         ///< that nobody refused
    std::optional<kept_envelope> kept;  ///< only where a milter may still join
    std::size_t recipients_deleted = 0; ///< by milters that joined late
    manager::verdict last_deletion;     ///< their last refusal
    std::string last_deletion_by;
    message::headers headers;
    message::memory_share header_memory; ///< for `headers`
    message::body_store body;
    std::size_t content_bytes = 0;
    bool headers_complete = false;
    bool body_complete = false; ///< end of message arrived
    proto::time_point since{};
    proto::time_point end_deadline = proto::never;
    proto::time_point progress_at = proto::never;
    proto::time_point body_since{};                   ///< its first byte
    proto::time_point body_at{};                      ///< its latest
    proto::time_point mta_waits_until = proto::never; ///< never: it is read
    std::size_t turn = 0; ///< first milter whose verdict on the message does not count yet
    std::optional<manager::verdict> verdict; ///< decided for the whole transaction
    std::vector<message::envelope_edit> envelope_edits;
    std::vector<message::header_edit>
        single_header_edits; ///< of the one milter that edited headers
    std::size_t header_editors = 0;
    bool body_replaced = false;
    std::size_t new_body_size = 0; ///< bytes of the replaced one
    std::optional<std::string> quarantine;
    std::string quarantined_by;           ///< milter, by its edit or its failure
    std::optional<std::size_t> body_sent; ///< emission of a replaced body: bytes done
    bool emitting = false;
    bool edits_failed = false; ///< an edit could not be passed on: the message may not be accepted
    bool recorded = false;
    std::vector<std::size_t>
        evaluated_without; ///< milters by their places: the message is not in their shares
    wire::reply_code last_verdict = wire::reply_code::proceed;
    decision record;
};

} // namespace milter::manager
