// SPDX-License-Identifier: BSL-1.0
// tiny_milter.hpp - what the tiny milter does: marks each message, refuses one recipient
//
// No sockets here, so that tiny_milter_test.cpp can try it without any; tiny_milter.cpp is the program.
#pragma once

#include <milter/proto/filter_session.hpp>

#include <variant>

namespace tiny {

namespace proto = milter::proto;
namespace wire = milter::wire;

/// What to negotiate: an edit that is not asked for here is refused later.
inline proto::filter_options options() {
    proto::filter_options wanted;
    wanted.wants.actions = wire::action::add_header;
    return wanted;
}

/// Called for each command of the MTA. Texts in `command` live until it returns.
inline void answer(wire::any_command const& command, proto::filter_session& session) {
    milter::error_code ec; // a mistake of ours: not allowed here, or not negotiated
    auto const* rcpt = std::get_if<wire::rcpt>(&command);
    if (rcpt && rcpt->address == "<nobody@example.org>")
        return session.reply(wire::reply_text{"550 5.1.1 Nobody lives here"}, ec);
    if (std::holds_alternative<wire::end_of_message>(command))
        session.reply(wire::add_header{"X-Tiny", "was here"}, ec);
    session.reply(wire::proceed{}, ec); // does nothing where no reply is due
}

} // namespace tiny
