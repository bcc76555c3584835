// SPDX-License-Identifier: BSL-1.0
// milter/compat/conversation.hpp - what the callbacks say becomes replies; one turn of a connection
//
// Source: libmilter engine.c mi_engine(), sendreply(). Where libmilter would leave an MTA without an answer, there is
// one: docs/library/port-from-libmilter.md lists these places.
#pragma once

#include <milter/compat/callback.hpp>
#include <milter/compat/negotiate.hpp>

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace milter::compat {

namespace detail {

/// REJECT or TEMPFAIL, with the text of smfi_setreply() if it is of that class.
template <class Bare> void refuse(SMFICTX& context, char of_class) {
    error_code ec;
    if (context.reply.empty() || context.reply.front() != of_class)
        return context.session.reply(Bare{}, ec);
    auto const text = std::exchange(context.reply, {});
    context.session.reply(wire::reply_text{text}, ec);
    if (ec) context.session.reply(Bare{}, ec);
}

/// Says what a callback returned. Nothing where no reply is owed.
inline void say(SMFICTX& context, sfsistat what) {
    auto& session = context.session;
    if (!session.awaits_reply()) return;
    error_code ec;
    switch (what) {
    case SMFIS_CONTINUE:
    case SMFIS_NOREPLY: return session.reply(wire::proceed{}, ec);
    case SMFIS_REJECT: return refuse<wire::reject>(context, '5');
    case SMFIS_TEMPFAIL: return refuse<wire::tempfail>(context, '4');
    case SMFIS_DISCARD: session.reply(wire::discard{}, ec); break;
    case SMFIS_ACCEPT: session.reply(wire::accept{}, ec); break;
    case SMFIS_SKIP: session.reply(wire::skip{}, ec); break;
    default: session.reply(wire::tempfail{}, ec); break;
    }
    if (ec) session.reply(wire::proceed{}, ec); // ACCEPT and DISCARD of an unknown command
}

template <class Command> verdict call_guarded(SMFICTX& context, Command const& command) {
    try {
        return call(context, command);
    } catch (...) {
        return SMFIS_TEMPFAIL;
    }
}

inline bool negotiate_guarded(SMFICTX& context, wire::negotiate const& offer) {
    try {
        return answer_offer(context, offer);
    } catch (...) {
        return false;
    }
}

/// False: the connection is to end.
inline bool answer(SMFICTX& context, wire::any_command const& command) {
    auto const code = wire::code_of(command);
    bool const begins_anew = code == wire::command_code::mail || code == wire::command_code::helo;
    if (context.is_in_message && begins_anew) abort_message(context);
    if (context.session.out_of_order()) {
        say(context, SMFIS_CONTINUE); // no callback is to see it
        return true;
    }
    return std::visit(
        [&context, code](auto const& one) {
            using type = std::decay_t<decltype(one)>;
            if constexpr (std::is_same_v<type, wire::macros>) {
                return true; // the session keeps them
            } else if constexpr (std::is_same_v<type, wire::negotiate>) {
                return negotiate_guarded(context, one);
            } else if constexpr (std::is_same_v<type, wire::abort>) {
                if (context.is_in_message) abort_message(context);
                return true;
            } else if constexpr (std::is_same_v<type, wire::quit> ||
                                 std::is_same_v<type, wire::quit_new_connection>) {
                close_session(context);
                return true;
            } else {
                context.is_closed = false;
                auto const told = call_guarded(context, one);
                if (told) say(context, *told);
                // XXX to libmilter DISCARD of a recipient ends no message: xxfi_abort is to come
                if (code != wire::command_code::rcpt || told != SMFIS_DISCARD)
                    context.is_in_message = proto::in_transaction(context.session.at());
                return told.has_value();
            }
        },
        command);
}

/// Answers what was received, as far as the answers may be kept, and `left` commands at most, which it counts down.
/// @return whether there may be more to answer
inline bool answer_some(SMFICTX& context, unsigned& left) {
    auto& session = context.session;
    error_code ec;
    for (; left != 0 && session.output().size() < most_unwritten; --left) {
        auto const command = context.is_left_behind ? std::nullopt : session.next(ec);
        if (command && answer(context, *command)) continue;
        context.is_ending = command || ec || session.closed() || context.is_left_behind;
        return false;
    }
    return true;
}

} // namespace detail

/// How a turn ended.
enum class turn_end {
    waits,   ///< all that came is answered
    more,    ///< there may be more: others have their turn first
    blocked, ///< the MTA does not take its answers: until it does, nothing is read
    over,    ///< xxfi_close was called; the connection may go
};

namespace detail {

/// Writes what was kept and answers what was received, `left` commands at most, for as long as the MTA takes the answers.
/// What was answered is written, whatever comes behind.
inline turn_end answer_all(SMFICTX& context, unsigned& left) {
    bool has_more = true;
    for (;;) {
        context.write_some();
        if (context.is_broken) return turn_end::over;
        if (context.is_blocked()) return turn_end::blocked;
        if (context.is_ending) return turn_end::over;
        if (!has_more) return turn_end::waits;
        if (left == 0) return turn_end::more;
        has_more = answer_some(context, left);
    }
}

} // namespace detail

// of a turn
inline constexpr unsigned most_reads = 16;
inline constexpr unsigned most_commands = 64;

/// Reads what has come and answers it. Waits for nothing but callbacks.
/// @param is_last  the MTA has ended the connection: nothing new will wake us
inline turn_end take_turn(SMFICTX& context, bool is_last) {
    auto left = most_commands;
    auto end = detail::answer_all(context, left); // what the turn before did not come to
    for (unsigned reads = 0; end == turn_end::waits; ++reads) {
        if (reads == most_reads) return turn_end::more;
        auto const room = context.session.prepare();
        error_code ec;
        auto const size = context.mta.read(room, ec);
        if (size == 0 && !ec) return turn_end::waits;
        context.session.commit(size);
        end = ec ? turn_end::over : detail::answer_all(context, left);
        // a read that leaves room has emptied the socket, and what comes later wakes us
        if (size < room.size() && !is_last) break;
    }
    if (end == turn_end::over) close_session(context);
    return end;
}

} // namespace milter::compat
