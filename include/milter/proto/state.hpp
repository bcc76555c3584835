// SPDX-License-Identifier: BSL-1.0
// milter/proto/state.hpp - which command may follow which: the automaton of one milter conversation
//
// Rule 1: every rule about order lives in this file, as rows of one table.
// Rule 2: this file does not know who we are. filter_session, mta_session and observers step the same automaton.
// Rule 3: inside a transaction the stages only move forward; a stage that was negotiated away may be skipped, and
//         which ones were is not checked, as libmilter itself keeps that in process-wide storage.
// Source: protocol.md 3.1-3.4 (libmilter engine.c next_states).
#pragma once

#include <milter/wire/code.hpp>

namespace milter::proto {

/// Where a conversation stands: the last command that moved it.
enum class phase : unsigned char {
    start,      ///< nothing yet
    negotiated, ///< options agreed, no client yet
    session,    ///< after CONNECT, HELO, ABORT, a finished or refused message
    mail,
    rcpt,
    data,
    header,
    end_of_headers,
    body,
    end_of_message, ///< E was sent; edits and a verdict follow
    closed,         ///< after QUIT
};

constexpr bool in_transaction(phase at) noexcept {
    return at >= phase::mail && at <= phase::end_of_message;
}

/// How a command fits what came before.
enum class fit : unsigned char {
    in_order,
    implicit_abort, ///< legal, and ends the transaction it arrives in (MAIL, HELO)
    out_of_order,
};

struct transition {
    fit how = fit::out_of_order;
    phase next = phase::start;
};

/// One row: the command may come in phases first..last and leads to `next`; in phases up to `abort_last` it is legal
/// too, but breaks a transaction off.
struct order_row {
    wire::command_code code;
    phase first, last, abort_last;
    phase next;
};

inline constexpr order_row order_rows[] = {
    {wire::command_code::negotiate, phase::start, phase::start, phase::start, phase::negotiated},
    {wire::command_code::connect, phase::negotiated, phase::negotiated, phase::negotiated,
     phase::session},
    {wire::command_code::helo, phase::negotiated, phase::session, phase::body, phase::session},
    {wire::command_code::mail, phase::negotiated, phase::session, phase::body, phase::mail},
    {wire::command_code::rcpt, phase::mail, phase::rcpt, phase::rcpt, phase::rcpt},
    {wire::command_code::data, phase::mail, phase::rcpt, phase::rcpt, phase::data},
    {wire::command_code::header, phase::mail, phase::header, phase::header, phase::header},
    {wire::command_code::end_of_headers, phase::mail, phase::header, phase::header,
     phase::end_of_headers},
    {wire::command_code::body, phase::mail, phase::body, phase::body, phase::body},
    {wire::command_code::end_of_message, phase::mail, phase::body, phase::body,
     phase::end_of_message},
    {wire::command_code::abort, phase::negotiated, phase::end_of_message, phase::end_of_message,
     phase::session},
    {wire::command_code::quit, phase::start, phase::end_of_message, phase::end_of_message,
     phase::closed},
    {wire::command_code::quit_new_connection, phase::negotiated, phase::end_of_message,
     phase::end_of_message, phase::negotiated},
};

/// What `code` does in phase `at`. Macros never move anything; UNKNOWN stays where it is and is out of order before the
/// negotiation and within content.
constexpr transition follow(phase at, wire::command_code code) noexcept {
    if (code == wire::command_code::macros)
        return {at >= phase::negotiated && at != phase::closed ? fit::in_order : fit::out_of_order,
                at};
    if (code == wire::command_code::unknown)
        return {at >= phase::negotiated && at <= phase::data ? fit::in_order : fit::out_of_order,
                at};
    if (code == wire::command_code::abort && at == phase::negotiated)
        return {fit::in_order, at}; // CONNECT is to come
    for (auto const& row : order_rows) {
        if (row.code != code) continue;
        if (at >= row.first && at <= row.last) return {fit::in_order, row.next};
        if (at > row.last && at <= row.abort_last) return {fit::implicit_abort, row.next};
        return {fit::out_of_order, at};
    }
    return {fit::out_of_order, at};
}

/// The same where `steps` were agreed: without MAIL the first command of a transaction that is sent begins it.
constexpr transition follow(phase at, wire::command_code code, wire::step steps) noexcept {
    auto const move = follow(at, code);
    bool const mail_unseen =
        wire::any(steps, wire::step::no_mail) && (at == phase::negotiated || at == phase::session);
    if (move.how != fit::out_of_order || !mail_unseen) return move;
    auto const within = follow(phase::mail, code);
    return within.how == fit::in_order ? within : move;
}

/// Whether a verdict ends the message for the filter that gave it: anything but continue and skip, except
/// that a refused recipient and a refused unknown command end nothing.
/// @source  protocol.md 3.3; statements 121, 125, 137, 138
constexpr bool settles(wire::command_code code, wire::reply_code verdict) noexcept {
    using wire::reply_code;
    if (code == wire::command_code::end_of_message) return true;
    if (verdict == reply_code::proceed || verdict == reply_code::skip ||
        code == wire::command_code::unknown)
        return false;
    bool const refusal = verdict == reply_code::reject || verdict == reply_code::tempfail ||
                         verdict == reply_code::reply_text;
    return !(refusal && code == wire::command_code::rcpt);
}

/// Where a verdict leaves the conversation that stood in `at`.
constexpr phase after_verdict(phase at, wire::command_code code,
                              wire::reply_code verdict) noexcept {
    return in_transaction(at) && settles(code, verdict) ? phase::session : at;
}

} // namespace milter::proto
