// SPDX-License-Identifier: BSL-1.0
// tests/proto/state.cpp - the automaton, row by row, and where it is laxer than libmilter

#include "milter/proto/state.hpp"

#include <boost/test/unit_test.hpp>

#include <support/print_packet.hpp>

namespace wire = milter::wire;
using milter::proto::fit;
using milter::proto::follow;
using milter::proto::in_transaction;
using milter::proto::phase;
using milter::proto::settles;
using wire::command_code;
using wire::reply_code;

namespace {

/// What may come in a phase, by letter of the command. All that is in no list is out of order.
struct row {
    phase at;
    std::string_view name;
    std::string_view in_order;
    std::string_view implicit_abort; ///< legal as well, and breaks the transaction off
};

constexpr row rows[] = {
    {phase::start, "start", "OQ", ""},
    {phase::negotiated, "negotiated", "DCHMUAQK", ""},
    {phase::session, "session", "DHMUAQK", ""},
    {phase::mail, "mail", "DRTLNBEUAQK", "HM"},
    {phase::rcpt, "rcpt", "DRTLNBEUAQK", "HM"},
    {phase::data, "data", "DLNBEUAQK", "HM"},
    {phase::header, "header", "DLNBEAQK", "HM"},
    {phase::end_of_headers, "end_of_headers", "DBEAQK", "HM"},
    {phase::body, "body", "DBEAQK", "HM"},
    {phase::end_of_message, "end_of_message", "DAQK", ""},
    {phase::closed, "closed", "", ""},
};

/// libmilter's table (protocol 3.3): what it takes in order, and by skipping stages that were negotiated
/// away. Its state after an answered E, after A and after K is our session or negotiated.
constexpr row libmilter_rows[] = {
    {phase::start, "start", "O", ""},
    {phase::negotiated, "O", "CUHM", ""}, // H and M where C, or C and H are skipped
    {phase::session, "C, H", "HMU", ""},
    {phase::mail, "M", "RAUTLNBE", "HM"},
    {phase::rcpt, "R", "RTLNBEAU", "HM"},
    {phase::data, "T", "LNABE", "HM"},
    {phase::header, "L", "LNABE", "HM"},
    {phase::end_of_headers, "N", "BEA", "HM"},
    {phase::body, "B", "BEA", "HM"},
};

phase next_of(char letter, phase at) {
    switch (letter) {
    case 'O': return phase::negotiated;
    case 'A': // before CONNECT there is nothing to abort
        if (at == phase::negotiated) return at;
        [[fallthrough]];
    case 'C':
    case 'H': return phase::session;
    case 'M': return phase::mail;
    case 'R': return phase::rcpt;
    case 'T': return phase::data;
    case 'L': return phase::header;
    case 'N': return phase::end_of_headers;
    case 'B': return phase::body;
    case 'E': return phase::end_of_message;
    case 'Q': return phase::closed;
    case 'K': return phase::negotiated;
    default: return at; // D and U
    }
}

bool lists(std::string_view letters, command_code code) {
    return letters.find(static_cast<char>(code)) != letters.npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(state)

BOOST_AUTO_TEST_CASE(each_command_in_each_phase_fits_as_the_table_says) {
    BOOST_TEST(std::size(rows) == static_cast<std::size_t>(phase::closed) + 1);
    for (auto const& row : rows) {
        for (auto const& command : wire::command_rows) {
            auto const move = follow(row.at, command.code);
            BOOST_TEST_CONTEXT(command.name << " after " << row.name) {
                auto const expected = lists(row.in_order, command.code) ? fit::in_order
                                      : lists(row.implicit_abort, command.code)
                                          ? fit::implicit_abort
                                          : fit::out_of_order;
                BOOST_TEST((move.how == expected));
                bool const moves = expected != fit::out_of_order;
                auto const letter = static_cast<char>(command.code);
                BOOST_TEST((move.next == (moves ? next_of(letter, row.at) : row.at)));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(all_that_libmilter_takes_is_taken) {
    for (auto const& row : libmilter_rows) {
        for (auto const& command : wire::command_rows) {
            auto const move = follow(row.at, command.code);
            BOOST_TEST_CONTEXT(command.name << " after " << row.name) {
                if (lists(row.in_order, command.code)) BOOST_TEST((move.how == fit::in_order));
                if (lists(row.implicit_abort, command.code))
                    BOOST_TEST((move.how == fit::implicit_abort));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_libmilter_would_drop_is_taken_only_where_it_is_harmless) {
    // QUIT and macros go anywhere; ABORT and QUIT_NC are harmless out of place; UNKNOWN after DATA comes
    // when an MTA refused the DATA that its filters let pass.
    for (auto const& row : libmilter_rows) {
        if (row.at == phase::start) continue;
        for (auto const& command : wire::command_rows) {
            if (follow(row.at, command.code).how != fit::in_order) continue;
            if (lists(row.in_order, command.code)) continue;
            BOOST_TEST_CONTEXT(command.name << " after " << row.name)
            BOOST_TEST((lists("DQAK", command.code) ||
                        (row.at == phase::data && command.code == command_code::unknown)));
        }
    }
}

BOOST_AUTO_TEST_CASE(transaction_begins_without_mail_where_mail_was_negotiated_away) {
    for (auto const at : {phase::negotiated, phase::session}) {
        for (auto const& command : wire::command_rows) {
            auto const plain = follow(at, command.code);
            auto const move = follow(at, command.code, wire::step::no_mail);
            BOOST_TEST_CONTEXT(command.name) {
                if (lists("RTLNBE", command.code)) {
                    BOOST_TEST((plain.how == fit::out_of_order));
                    BOOST_TEST((move.how == fit::in_order));
                    BOOST_TEST((move.next == next_of(static_cast<char>(command.code), at)));
                } else {
                    BOOST_TEST((move.how == plain.how));
                    BOOST_TEST((move.next == plain.next));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(other_steps_change_nothing_about_the_order) {
    auto const others = ~wire::step::no_mail;
    for (auto const& row : rows) {
        for (auto const& command : wire::command_rows) {
            auto const plain = follow(row.at, command.code);
            auto const move = follow(row.at, command.code, others);
            BOOST_TEST((move.how == plain.how));
            BOOST_TEST((move.next == plain.next));
        }
    }
}

BOOST_AUTO_TEST_CASE(transaction_lasts_from_mail_to_the_verdict) {
    for (auto const& row : rows) {
        bool const within = row.at >= phase::mail && row.at <= phase::end_of_message;
        BOOST_TEST_CONTEXT(row.name) BOOST_TEST(in_transaction(row.at) == within);
    }
}

BOOST_AUTO_TEST_CASE(ordinary_sessions_are_in_order_throughout) {
    for (std::string_view const letters :
         {"OCHMRTLLNBBE", "OCMRTE", "OCHMRAMRTLNBEAAMRTLNBEQ", "OCHHUMURUAQ", "OMRLNBE", "OQ",
          "OCQ", "OCHMRTLNBAQ", "ODCDHDMDRDTDLDNDBDEQ", "OCHMTLE", "OCHKCHMRTE", "OUCQ"}) {
        auto at = phase::start;
        for (char const letter : letters) {
            auto const code = static_cast<command_code>(letter);
            auto const move = follow(at, code);
            BOOST_TEST_CONTEXT(letters << " at " << letter) BOOST_TEST((move.how == fit::in_order));
            at = move.next;
            if (letter == 'E') at = after_verdict(at, code, reply_code::proceed);
        }
    }
}

BOOST_AUTO_TEST_CASE(verdict_ends_the_message_or_does_not) {
    // a row: command, the verdicts after which the filter gets no more of this message
    std::pair<char, std::string_view> const ends[] = {
        {'C', "artdy4f"}, {'H', "artdy4f"}, {'M', "artdy4f"}, {'R', "ad4f"},      {'T', "artdy4f"},
        {'L', "artdy4f"}, {'N', "artdy4f"}, {'B', "artdy4f"}, {'E', "cartdsy4f"}, {'U', ""},
    };
    for (auto const& [letter, verdicts] : ends) {
        for (auto const& reply : wire::reply_rows) {
            if (reply.kind != wire::reply_kind::verdict) continue;
            bool const expected = verdicts.find(static_cast<char>(reply.code)) != verdicts.npos;
            BOOST_TEST_CONTEXT(reply.name << " to " << letter)
            BOOST_TEST(settles(static_cast<command_code>(letter), reply.code) == expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(after_the_end_of_a_message_the_session_goes_on) {
    for (auto const& row : rows) {
        for (auto const& reply : wire::reply_rows) {
            if (reply.kind != wire::reply_kind::verdict) continue;
            for (auto const code : {command_code::mail, command_code::rcpt, command_code::body,
                                    command_code::end_of_message}) {
                bool const ends = in_transaction(row.at) && settles(code, reply.code);
                BOOST_TEST_CONTEXT(reply.name << " to " << wire::name_of(code) << " in "
                                              << row.name)
                BOOST_TEST(
                    (after_verdict(row.at, code, reply.code) == (ends ? phase::session : row.at)));
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
