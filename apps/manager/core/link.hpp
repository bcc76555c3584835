// SPDX-License-Identifier: BSL-1.0
// manager/core/link.hpp - one milter within one session: its connection, its place in the message, its edits
#pragma once

#include "manager/core/config.hpp"
#include "manager/core/decision.hpp"
#include "manager/core/verdict.hpp"
#include <milter/message/body_store.hpp>
#include <milter/message/edit.hpp>
#include <milter/proto/mta_session.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace milter::manager {

enum class link_state {
    idle, ///< no connection yet
    connecting,
    negotiating,
    ready,
    failed,   ///< until the next MAIL, when a fresh connection is tried
    excluded, ///< it accepted the client at CONNECT or HELO
};

/// How far an answer of the selection reaches: until the fact behind it is replaced.
enum class holds { connection, client, helo, message };

/// What a held verdict ends.
enum class extent {
    command, ///< what the event's answer says
    message, ///< it answers a command told again: the MTA's own is another
    session, ///< the client is refused
};

/// How much of the envelope the milter was told.
struct told_envelope {
    bool mail = false;
    bool data = false;
    std::size_t recipients = 0; ///< of kept_envelope
};

/// How far the milter has been shown the message.
struct content_cursor {
    std::size_t header_position = 0; ///< physical entries passed
    bool headers_done = false;
    bool end_of_headers_done = false;
    std::size_t body_offset = 0;
    proto::time_point body_at{}; ///< when the last piece of the body was shown
    bool skips_headers = false;
    bool skips_body = false;
    bool end_sent = false;
};

struct link {
    static constexpr std::size_t send_ahead =
        std::size_t{256} * 1024; ///< bytes kept while it does not read, beyond the socket's own

    std::size_t index = 0;
    std::size_t place = 0; ///< in the configuration
    milter_config const* config = nullptr;
    link_state state = link_state::idle;
    proto::mta_session protocol;
    manager::seat seat; ///< while it is connected, or on its way
    attempt way;        ///< to one of its endpoints
    proto::time_point connect_deadline = proto::never;
    std::size_t in_flight = 0;   ///< bytes handed out and not yet reported written
    std::size_t held_macros = 0; ///< bytes of output that can wait for the next command
    proto::time_point write_deadline = proto::never; ///< it does not take the content it is to have

    applicability applies = applicability::yes;
    holds applies_for = holds::connection;
    bool out_of_share = false;   ///< the message is; no other rule has said no
    std::uint32_t chosen_in = 0; ///< serial of the last event in which the selection was asked

    bool seen_connect = false;
    std::uint32_t seen_helo = 0; ///< serial of the last HELO it was told
    bool in_message = false;     ///< takes part in the current transaction
    bool failure_judged = true;  ///< on_error was applied to the last failure
    bool is_our_failure = false; ///< a lack of memory, descriptors, disk: on_internal_error
    std::string failure;         ///< in words

    wire::command_code asked{};                ///< the command whose verdict is awaited
    proto::time_point asked_at = proto::never; ///< never: nothing is
    bool told_again = false;    ///< `asked` is a command that the MTA has its answer to
    std::uint32_t asked_in = 0; ///< serial of the last event it was asked about
    /// Its last word on the event, or on the message. It counts when all milters before it have let that pass.
    std::optional<verdict> held;
    extent held_for = extent::command;
    told_envelope told;
    content_cursor content;
    message::edit_list edits;      ///< staged until its verdict
    message::body_store new_body;  ///< empty in a shadow: nobody would read it
    std::size_t new_body_size = 0; ///< bytes
    std::string dropped;           ///< codes of edits of this message that were not agreed on

    milter_record record; ///< of the current transaction
    bool quarantined = false;
    bool changed_body = false;

    bool connected() const noexcept {
        return state == link_state::negotiating || state == link_state::ready;
    }
    bool pending() const noexcept {
        return state == link_state::connecting || state == link_state::negotiating;
    }
    /// Those after it must not be shown the message before it has given its verdict.
    bool may_edit_content() const noexcept {
        constexpr auto of_content =
            wire::action::add_header | wire::action::change_header | wire::action::change_body;
        return !config->read_only && wire::any(protocol.agreed().actions, of_content);
    }
    bool leading_space() const noexcept {
        return wire::any(protocol.agreed().steps, wire::step::leading_space);
    }
    /// It may join the message, or not. Those after it wait for that to be known.
    bool undecided() const noexcept {
        return applies == applicability::undecided && state != link_state::excluded;
    }
    bool awaits() const noexcept { return protocol.awaited().has_value(); }
    /// It is its turn to do something; nobody else can be blamed for the time that passes.
    bool owes() const noexcept { return awaits() || pending() || write_deadline != proto::never; }
    std::size_t unwritten() const noexcept {
        return protocol.output().size() + in_flight;
    } ///< bytes

    void asks(wire::command_code code, proto::time_point now) noexcept {
        asked = code;
        asked_at = now;
    }
    /// The wait is over, however it ended.
    void note_wait(proto::time_point now) noexcept {
        if (asked_at != proto::never && protocol.agreed().answers(asked))
            record.time += now - asked_at;
        asked_at = proto::never;
    }

    /// Macros of a command that it is not told: they go out along with the next one.
    bool output_can_wait() const noexcept {
        auto const size = protocol.output().size();
        return size == held_macros && size < send_ahead;
    }

    void hold(verdict given, extent what) {
        held = std::move(given);
        held_for = what;
    }

    void begin_transaction() {
        in_message = false;
        content = {};
        told = {};
        if (held_for != extent::session) held.reset(); // the client is refused, whatever it sends
        drop_edits();
        dropped.clear();
        record = {};
        record.name = config->name;
        record.verdict = state == link_state::excluded ? "accept" : "not asked"; // of the client
        asked_at = proto::never;
        quarantined = changed_body = false;
    }

    /// A quarantine stands once it was received, unless the message is refused (statement 255).
    void keep_quarantine_only() {
        auto kept = std::move(edits.quarantine);
        drop_edits();
        edits.quarantine = std::move(kept);
    }

    void drop_edits() {
        edits.clear();
        new_body.clear();
        new_body_size = 0;
    }
};

} // namespace milter::manager
