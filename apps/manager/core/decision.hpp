// SPDX-License-Identifier: BSL-1.0
// manager/core/decision.hpp - the record of one transaction: who was asked, who decided, what was changed
//
// Text comes from mail and milters: escape it when it is written, its length is capped here.
#pragma once

#include "manager/core/verdict.hpp"
#include <milter/wire/code.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

inline constexpr std::size_t record_text_limit = 512; // bytes of one text field kept
inline constexpr std::size_t record_list_limit =
    50; // recipients and edits kept; the rest is counted

/// Why a milter was not asked, in its record.
inline constexpr std::string_view not_in_share = "not in its share";
inline constexpr std::string_view ruled_out = "its rules say no";

/// What one milter did in the transaction.
struct milter_record {
    std::string name;
    std::string verdict;    ///< last one: "continue", "reject", ...; "error"; "not asked"
    std::string stage;      ///< command it answered last
    std::string reason;     ///< reply text, or what went wrong
    std::size_t edits = 0;  ///< kept ones
    proto::duration time{}; ///< spent waiting for it
    bool applies = true;    ///< false: nothing says that it has to do with the message
};

struct recipient_record {
    std::string address;
    std::string verdict;    ///< "continue" or why it was refused
    std::string decided_by; ///< milter; empty: none
};

struct decision {
    std::uint64_t session = 0;
    std::uint32_t transaction = 0; ///< from 1 within the session
    std::string listener;
    std::string profile; ///< of the listener; empty: none
    std::string queue_id;
    std::string message_id;
    std::string client_name;
    std::string client_address;
    std::string helo;
    std::string authenticated;
    std::string sender;
    std::vector<recipient_record> recipients;
    std::size_t recipient_count = 0;
    std::vector<milter_record> milters;
    std::vector<std::string> conditions; ///< that hold, by name
    std::vector<std::string> rules;      ///< the same
    std::vector<std::string> tags;       ///< of these rules
    std::string verdict;    ///< "accept", "reject", "tempfail", "discard", "quarantine", "aborted"
    std::string text;       ///< SMTP reply given
    std::string reason;     ///< why the manager itself decided
    std::string decided_by; ///< milter, "manager", or empty when all accepted
    std::string stage;      ///< command at which it was decided
    std::string quarantine;
    std::vector<std::string> edits; ///< as sent upstream, in words
    std::size_t edit_count = 0;
    /// Of headers and body as received, bytes; empty: the MTA was not asked for the body.
    std::optional<std::size_t> size = 0;
    proto::duration time{};
};

/// A client that was refused before it had named a sender, so that no decision tells of it.
struct client_refusal {
    std::uint64_t session = 0;
    std::string listener;
    std::string profile; ///< of the listener; empty: none
    std::string client_name;
    std::string client_address;
    std::string helo;
    std::string verdict;    ///< "reject" or "tempfail"
    std::string text;       ///< SMTP reply given
    std::string reason;     ///< limit that was reached, or what failed
    std::string decided_by; ///< milter, or "manager"
    std::string stage;      ///< command at which it was told
};

inline std::string capped(std::string_view text) {
    return std::string(text.substr(0, record_text_limit));
}

inline void note_refusal(recipient_record& recipient, verdict const& given, std::string_view by) {
    recipient.verdict = given.text.empty() ? std::string(word(given)) : capped(given.text);
    recipient.decided_by = by;
}

enum class severity { info, warning, error };

/// One line for the log: about whom, and what.
struct log_event {
    severity level = severity::info;
    std::uint64_t session = 0;
    std::string peer; ///< "mta", or the milter's name
    std::string text;
};

} // namespace milter::manager
