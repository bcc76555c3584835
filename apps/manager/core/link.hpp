// SPDX-License-Identifier: BSL-1.0
// manager/core/link.hpp - one milter within one session: its connection, its place in the message, its edits
#pragma once

#include "manager/core/config.hpp"
#include "manager/core/decision.hpp"
#include <milter/message/body_store.hpp>
#include <milter/message/edit.hpp>
#include <milter/proto/mta_session.hpp>

#include <cstdint>
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

/// How far the milter has been shown the message.
struct content_cursor {
    std::size_t header_position = 0; ///< physical entries passed
    bool headers_done = false;
    bool end_of_headers_done = false;
    std::size_t body_offset = 0;
    bool skips_headers = false;
    bool skips_body = false;
    bool end_sent = false;
};

struct link {
    std::size_t index = 0;
    milter_config const* config = nullptr;
    link_state state = link_state::idle;
    proto::mta_session protocol;
    proto::time_point connect_deadline = proto::never;
    std::size_t in_flight = 0; ///< bytes handed out and not yet reported written
    proto::time_point write_deadline = proto::never; ///< it does not take the content it is to have

    bool seen_connect = false;
    std::uint32_t seen_helo = 0; ///< serial of the last HELO it was told
    bool in_message = false;     ///< takes part in the current transaction
    bool failure_judged = true;  ///< on_error was applied to the last failure
    bool is_our_failure = false; ///< a lack of memory, descriptors, disk: on_internal_error
    std::string failure;         ///< in words

    wire::command_code asked{}; ///< the command whose verdict is awaited
    proto::time_point asked_at{};
    content_cursor content;
    message::edit_list edits; ///< staged until its verdict
    message::body_store new_body;

    milter_record record; ///< of the current transaction

    bool connected() const noexcept {
        return state == link_state::negotiating || state == link_state::ready;
    }
    bool pending() const noexcept {
        return state == link_state::connecting || state == link_state::negotiating;
    }
    bool leading_space() const noexcept {
        return wire::any(protocol.agreed().steps, wire::step::leading_space);
    }
    bool awaits() const noexcept { return protocol.awaited().has_value(); }
    /// It is its turn to do something; nobody else can be blamed for the time that passes.
    bool owes() const noexcept { return awaits() || pending() || write_deadline != proto::never; }
    std::size_t unwritten() const noexcept {
        return protocol.output().size() + in_flight;
    } ///< bytes

    void begin_transaction() {
        in_message = false;
        content = {};
        drop_edits();
        record = {};
        record.name = config->name;
        record.verdict = "not asked";
    }

    void drop_edits() {
        edits.clear();
        new_body.clear();
    }
};

} // namespace milter::manager
