// SPDX-License-Identifier: BSL-1.0
// milter/wire/code.hpp - every command and reply of the protocol, one row each
//
// Logs, JSON names, metrics and checks read these rows; nothing else says what a code means.
// Source: protocol.md 1.5 and 1.7 (mfdef.h SMFIC_*, SMFIR_*).
#pragma once

#include <milter/wire/flags.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace milter::wire {

/// MTA to filter (SMFIC_*).
enum class command_code : unsigned char {
    negotiate = 'O',
    macros = 'D',
    connect = 'C',
    helo = 'H',
    mail = 'M',
    rcpt = 'R',
    data = 'T',
    header = 'L',
    end_of_headers = 'N',
    body = 'B',
    end_of_message = 'E',
    unknown = 'U',
    abort = 'A',
    quit = 'Q',
    quit_new_connection = 'K',
};

/// Filter to MTA (SMFIR_*).
enum class reply_code : unsigned char {
    negotiate = 'O',
    proceed = 'c',
    accept = 'a',
    reject = 'r',
    tempfail = 't',
    discard = 'd',
    skip = 's',
    reply_text = 'y',
    shutdown = '4',
    connection_failed = 'f',
    progress = 'p',
    add_header = 'h',
    insert_header = 'i',
    change_header = 'm',
    replace_body = 'b',
    add_rcpt = '+',
    add_rcpt_with_args = '2',
    delete_rcpt = '-',
    change_from = 'e',
    quarantine = 'q',
};

/// What a reply does: settles the command, changes the message, or only resets the timeout.
enum class reply_kind { verdict, edit, keepalive, negotiation };

struct command_row {
    command_code code;
    std::string_view name;
    std::uint32_t since; ///< protocol version that introduced it
    bool answered;       ///< a verdict is owed unless `no_reply` was negotiated
    step suppressed_by;  ///< negotiated: it is not sent
    step no_reply;       ///< negotiated: it is not answered
};

struct reply_row {
    reply_code code;
    std::string_view name;
    reply_kind kind;
    action needs; ///< the action that must have been negotiated
};

inline constexpr command_row command_rows[] = {
    {command_code::negotiate, "negotiate", 2, true, step::none, step::none},
    {command_code::macros, "macros", 2, false, step::none, step::none},
    {command_code::connect, "connect", 2, true, step::no_connect, step::nr_connect},
    {command_code::helo, "helo", 2, true, step::no_helo, step::nr_helo},
    {command_code::mail, "mail", 2, true, step::no_mail, step::nr_mail},
    {command_code::rcpt, "rcpt", 2, true, step::no_rcpt, step::nr_rcpt},
    {command_code::data, "data", 4, true, step::no_data, step::nr_data},
    {command_code::header, "header", 2, true, step::no_header, step::nr_header},
    {command_code::end_of_headers, "end_of_headers", 2, true, step::no_end_of_headers,
     step::nr_end_of_headers},
    {command_code::body, "body", 2, true, step::no_body, step::nr_body},
    {command_code::end_of_message, "end_of_message", 2, true, step::none, step::none},
    {command_code::unknown, "unknown", 3, true, step::no_unknown, step::nr_unknown},
    {command_code::abort, "abort", 2, false, step::none, step::none},
    {command_code::quit, "quit", 2, false, step::none, step::none},
    {command_code::quit_new_connection, "quit_new_connection", 6, false, step::none, step::none},
};

inline constexpr reply_row reply_rows[] = {
    {reply_code::negotiate, "negotiate", reply_kind::negotiation, action::none},
    {reply_code::proceed, "continue", reply_kind::verdict, action::none},
    {reply_code::accept, "accept", reply_kind::verdict, action::none},
    {reply_code::reject, "reject", reply_kind::verdict, action::none},
    {reply_code::tempfail, "tempfail", reply_kind::verdict, action::none},
    {reply_code::discard, "discard", reply_kind::verdict, action::none},
    {reply_code::skip, "skip", reply_kind::verdict, action::none},
    {reply_code::reply_text, "reply", reply_kind::verdict, action::none},
    {reply_code::shutdown, "shutdown", reply_kind::verdict, action::none},
    {reply_code::connection_failed, "connection_failed", reply_kind::verdict, action::none},
    {reply_code::progress, "progress", reply_kind::keepalive, action::none},
    {reply_code::add_header, "add_header", reply_kind::edit, action::add_header},
    {reply_code::insert_header, "insert_header", reply_kind::edit, action::add_header},
    {reply_code::change_header, "change_header", reply_kind::edit, action::change_header},
    {reply_code::replace_body, "replace_body", reply_kind::edit, action::change_body},
    {reply_code::add_rcpt, "add_rcpt", reply_kind::edit, action::add_rcpt},
    {reply_code::add_rcpt_with_args, "add_rcpt_with_args", reply_kind::edit,
     action::add_rcpt_with_args},
    {reply_code::delete_rcpt, "delete_rcpt", reply_kind::edit, action::delete_rcpt},
    {reply_code::change_from, "change_from", reply_kind::edit, action::change_from},
    {reply_code::quarantine, "quarantine", reply_kind::edit, action::quarantine},
};

/// The row of a code byte; null when there is no such command or reply.
constexpr command_row const* find_command(unsigned char code) noexcept {
    for (auto const& row : command_rows)
        if (static_cast<unsigned char>(row.code) == code) return &row;
    return nullptr;
}

constexpr reply_row const* find_reply(unsigned char code) noexcept {
    for (auto const& row : reply_rows)
        if (static_cast<unsigned char>(row.code) == code) return &row;
    return nullptr;
}

constexpr command_row const& row_of(command_code code) noexcept {
    return *find_command(static_cast<unsigned char>(code));
}
constexpr reply_row const& row_of(reply_code code) noexcept {
    return *find_reply(static_cast<unsigned char>(code));
}
constexpr std::string_view name_of(command_code code) noexcept { return row_of(code).name; }
constexpr std::string_view name_of(reply_code code) noexcept { return row_of(code).name; }

/// Headers and what follows: nothing of them is sent ahead, and their macros go with them only (statement 57).
constexpr bool is_content(command_code code) noexcept {
    return code == command_code::header || code == command_code::end_of_headers ||
           code == command_code::body || code == command_code::end_of_message;
}

/// Stage numbers of the macro lists in a negotiation reply; mind the order of the last two.
enum class macro_stage : std::uint32_t {
    connect = 0,
    helo = 1,
    mail = 2,
    rcpt = 3,
    data = 4,
    end_of_message = 5,
    end_of_headers = 6,
};

inline constexpr std::size_t macro_stage_count = 7;

/// The stage whose macro list governs macros of `code`, or macro_stage_count for none.
constexpr std::size_t macro_stage_index(command_code code) noexcept {
    switch (code) {
    case command_code::connect: return 0;
    case command_code::helo: return 1;
    case command_code::mail: return 2;
    case command_code::rcpt: return 3;
    case command_code::data: return 4;
    case command_code::end_of_message: return 5;
    case command_code::end_of_headers: return 6;
    default: return macro_stage_count;
    }
}

} // namespace milter::wire
