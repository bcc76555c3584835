// SPDX-License-Identifier: BSL-1.0
// tests/proto/mta_session.cpp - what an MTA side sends, what it waits for and how long, what it refuses
//
// Numbers in the names of the cases are those of the statements in the protocol description. Whole
// conversations: conversation.cpp.

#include "milter/proto/mta_session.hpp"

#include <boost/test/unit_test.hpp>

#include <support/exact_copy.hpp>
#include <support/print_error.hpp>
#include <support/print_packet.hpp>

namespace wire = milter::wire;
using milter::errc;
using milter::error_code;
using milter::proto::mta_options;
using milter::proto::mta_session;
using milter::proto::never;
using milter::proto::phase;
using milter::proto::time_point;
using support::bytes;
using support::exact_copy;
using wire::action;
using wire::command_code;
using wire::step;
using namespace std::chrono_literals;
using namespace std::string_view_literals;

namespace {

constexpr auto none = errc{};

template <class Packet> std::string packet(Packet const& one) {
    std::string out;
    wire::encode(out, one);
    return out;
}

/// A session that has negotiated what the test wants, with the plumbing of a test.
struct talk {
    mta_session session;
    time_point now{1000h};
    error_code ec;

    explicit talk(wire::negotiate_reply const& answer = {6, action::all, step::none, {}},
                  mta_options options = {})
        : session(std::move(options)) {
        session.negotiate(now, ec);
        hear(answer);
        BOOST_TEST_REQUIRE(!ec, ec.message());
        session.output().clear();
    }

    template <class Command> errc send(Command const& command) {
        error_code why;
        session.send(command, now, why);
        return static_cast<errc>(why.value());
    }
    template <class Reply> std::optional<wire::any_reply> hear(Reply const& reply) {
        return hear_bytes(packet(reply));
    }
    std::optional<wire::any_reply> hear_bytes(std::string_view data) {
        session.received(exact_copy(data).view());
        return session.next(now, ec);
    }
    std::string sent() { return support::to_hex(std::exchange(session.output(), {})); }

    /// Up to the command `code`, whose verdict is then awaited; all before it is continued.
    void come_to(command_code code) {
        using enum command_code;
        auto const go = [&](auto const& command) {
            BOOST_TEST_REQUIRE((send(command) == none));
            if (command.code != code && session.awaited()) hear(wire::proceed{});
            return command.code == code;
        };
        if (session.at() == phase::negotiated &&
            go(wire::connect{"c", wire::family::unknown, 0, ""}))
            return;
        if (code == helo) return void(go(wire::helo{"c"}));
        if (code == unknown) return void(go(wire::unknown{"FOO"}));
        if (go(wire::mail{"<a@b>", {}}) || go(wire::rcpt{"<c@d>", {}}) || go(wire::data{}) ||
            go(wire::header{"Subject", "hi"}) || go(wire::end_of_headers{}) ||
            go(wire::body{"text"}))
            return;
        go(wire::end_of_message{});
    }
};

constexpr command_code answered[] = {
    command_code::connect,        command_code::helo, command_code::mail,
    command_code::rcpt,           command_code::data, command_code::header,
    command_code::end_of_headers, command_code::body, command_code::end_of_message,
    command_code::unknown,
};

} // namespace

BOOST_AUTO_TEST_SUITE(mta_session_)

BOOST_AUTO_TEST_CASE(offer_comes_first_and_its_answer_is_awaited_24) {
    mta_session session;
    error_code ec;
    time_point const now{1000h};
    session.send(wire::connect{}, now, ec);
    BOOST_TEST(ec == errc::out_of_sequence);
    BOOST_TEST(session.output() == "");
    ec = {};
    session.negotiate(now, ec);
    BOOST_TEST(!ec);
    BOOST_TEST(support::to_hex(session.output()) ==
               "00 00 00 0d 4f 00 00 00 06 00 00 01 ff 00 1f ff ff");
    BOOST_TEST((session.awaited() == command_code::negotiate));
    BOOST_TEST((session.deadline() == now + 30s));
    session.send(wire::connect{}, now, ec);
    BOOST_TEST(ec == errc::misuse);
}

BOOST_AUTO_TEST_CASE(answer_is_given_and_kept) {
    mta_session session;
    error_code ec;
    time_point const now{1000h};
    session.negotiate(now, ec);
    wire::negotiate_reply answer{6, action::add_header | action::set_macro_list, step::no_helo, {}};
    answer.macro_lists[0] = {true, "j v"};
    session.received(packet(answer));
    BOOST_TEST((session.next(now, ec) == wire::any_reply(answer)));
    BOOST_TEST(session.agreed().actions == answer.actions);
    BOOST_TEST(session.agreed().steps == step::no_helo);
    BOOST_TEST((session.agreed().lists[0] == "j v"));
    BOOST_TEST(!session.awaited().has_value());
    BOOST_TEST((session.deadline() == never));
    BOOST_TEST((session.at() == phase::negotiated));
}

BOOST_AUTO_TEST_CASE(answer_that_does_not_do_is_a_failure_30_44) {
    std::pair<std::string, errc> const answers[] = {
        {packet(wire::negotiate_reply{1, action::none, step::none, {}}), errc::version_refused},
        {packet(wire::proceed{}), errc::reply_not_allowed},
        {packet(wire::progress{}), errc::reply_not_allowed},
        {packet(wire::add_header{"X", "y"}), errc::reply_not_allowed},
        {bytes("00 00 00 05 4f 00 00 00 06"), errc::missing_field},
        {bytes("00 00 00 01 5a"), errc::unknown_code},
    };
    for (auto const& [answer, why] : answers) {
        mta_session session;
        error_code ec;
        session.negotiate({}, ec);
        session.received(answer);
        BOOST_TEST(!session.next({}, ec).has_value());
        BOOST_TEST(ec == why);
        BOOST_TEST(session.closed());
        BOOST_TEST((session.deadline() == never));
        BOOST_TEST(session.failure().ends_with(": " + error_code(why).message()),
                   session.failure());
    }
}

BOOST_AUTO_TEST_CASE(strict_side_refuses_what_a_lenient_one_masks_35_41) {
    wire::negotiate_reply const answer{6, action::all, step::none, {}};
    for (auto const how : {milter::proto::strictness::strict, milter::proto::strictness::lenient}) {
        mta_options options;
        options.offer.actions = action::add_header;
        options.how = how;
        mta_session session(options);
        error_code ec;
        session.negotiate({}, ec);
        session.received(packet(answer));
        bool const strict = how == milter::proto::strictness::strict;
        BOOST_TEST(session.next({}, ec).has_value() == !strict);
        BOOST_TEST((ec == errc::actions_refused) == strict);
        if (!strict) BOOST_TEST(session.agreed().actions == action::add_header);
    }
}

BOOST_AUTO_TEST_CASE(each_wait_has_its_deadline_196) {
    struct {
        command_code code;
        milter::proto::duration patience;
    } const rows[] = {
        {command_code::connect, 2s}, {command_code::helo, 2s},
        {command_code::mail, 2s},    {command_code::rcpt, 2s},
        {command_code::data, 2s},    {command_code::unknown, 2s},
        {command_code::header, 3s},  {command_code::end_of_headers, 3s},
        {command_code::body, 3s},    {command_code::end_of_message, 4s},
    };
    mta_options options;
    options.timeouts = {9s, 1s, 2s, 3s, 4s, 9s};
    for (auto const& row : rows) {
        talk with({6, action::all, step::none, {}}, options);
        with.come_to(row.code);
        BOOST_TEST_CONTEXT(wire::name_of(row.code)) {
            BOOST_TEST((with.session.awaited() == row.code));
            BOOST_TEST((with.session.deadline() == with.now + row.patience));
            with.session.expire(with.now + row.patience - 1ns, with.ec);
            BOOST_TEST(!with.ec);
            with.session.expire(with.now + row.patience, with.ec);
            BOOST_TEST(with.ec == errc::timed_out);
            BOOST_TEST(with.session.closed());
            BOOST_TEST((with.session.deadline() == never));
            BOOST_TEST(with.session.failure() == "waiting for the reply to " +
                                                     std::string(wire::name_of(row.code)) +
                                                     ": timed out");
        }
    }
}

BOOST_AUTO_TEST_CASE(without_a_wait_there_is_no_deadline) {
    talk with;
    BOOST_TEST((with.session.deadline() == never));
    with.session.expire(with.now + 10000h, with.ec);
    BOOST_TEST(!with.ec);
    with.come_to(command_code::mail);
    with.hear(wire::proceed{});
    BOOST_TEST((with.session.deadline() == never));
}

BOOST_AUTO_TEST_CASE(one_verdict_is_awaited_at_a_time) {
    for (auto const code : answered) {
        talk with;
        with.come_to(code);
        with.sent();
        BOOST_TEST_CONTEXT(wire::name_of(code)) {
            BOOST_TEST((with.send(wire::helo{"x"}) == errc::misuse));
            BOOST_TEST((with.send(wire::mail{"x", {}}) == errc::misuse));
            BOOST_TEST(with.sent() == "");
            auto const verdict = with.hear(wire::proceed{});
            BOOST_TEST((verdict == wire::any_reply(wire::proceed{})));
            BOOST_TEST(!with.session.awaited().has_value());
        }
    }
}

BOOST_AUTO_TEST_CASE(commands_out_of_sequence_are_not_sent) {
    talk with;
    with.come_to(command_code::helo);
    with.hear(wire::proceed{});
    with.sent();
    auto const refused = [&](auto const& command) {
        BOOST_TEST((with.send(command) == errc::out_of_sequence));
        BOOST_TEST(with.sent() == "");
        BOOST_TEST((with.session.at() == phase::session));
    };
    refused(wire::connect{});
    refused(wire::negotiate{});
    refused(wire::rcpt{"<a@b>", {}});
    refused(wire::data{});
    refused(wire::header{"X", "y"});
    refused(wire::end_of_headers{});
    refused(wire::body{"x"});
    refused(wire::end_of_message{});
    BOOST_TEST((with.send(wire::mail{"<>", {}}) == none));
}

BOOST_AUTO_TEST_CASE(suppressed_commands_are_left_out_their_macros_are_not_56_57) {
    talk with({6, action::all, step::all_no, {}});
    auto const left_out = [&](auto const& command) {
        BOOST_TEST_CONTEXT(wire::name_of(command.code)) {
            BOOST_TEST(!with.session.sends(command.code));
            BOOST_TEST((with.send(command) == none));
            BOOST_TEST(with.sent() == "");
            BOOST_TEST(!with.session.awaited().has_value());
        }
    };
    BOOST_TEST((with.send(wire::macros{'C', {}}) == none));
    BOOST_TEST(with.sent() == "00 00 00 02 44 43");
    left_out(wire::connect{});
    left_out(wire::helo{"x"});
    left_out(wire::unknown{"FOO"});
    left_out(wire::mail{"<>", {}});
    BOOST_TEST((with.send(wire::macros{'M', {}}) == none));
    BOOST_TEST(with.sent() == "00 00 00 02 44 4d");
    left_out(wire::rcpt{"<>", {}});
    left_out(wire::data{});
    left_out(wire::header{"X", "y"});
    left_out(wire::end_of_headers{});
    left_out(wire::body{"x"});
    BOOST_TEST((with.send(wire::end_of_message{}) == none));
    BOOST_TEST(with.sent() == "00 00 00 01 45");
    BOOST_TEST((with.session.awaited() == command_code::end_of_message));
    with.hear(wire::accept{});
    BOOST_TEST((with.session.at() == phase::session));
}

BOOST_AUTO_TEST_CASE(transaction_goes_through_whatever_is_suppressed_146) {
    // every set of suppressed commands, as all of them may be asked for together
    for (unsigned set = 0; set < 0x400; ++set) {
        auto const steps = static_cast<step>(set) & step::all_no;
        if (static_cast<unsigned>(steps) != set) continue;
        talk with({6, action::all, steps, {}});
        for (int message = 0; message < 2; ++message) {
            with.come_to(command_code::end_of_message);
            BOOST_TEST((with.session.awaited() == command_code::end_of_message));
            with.hear(wire::proceed{});
            BOOST_TEST_REQUIRE(!with.ec, to_string(steps) << ": " << with.session.failure());
            BOOST_TEST((with.session.at() == phase::session));
        }
    }
}

BOOST_AUTO_TEST_CASE(unanswered_commands_are_sent_one_after_the_other_60_61) {
    talk with({6, action::all, step::all_nr, {}});
    BOOST_TEST((with.send(wire::connect{"c", wire::family::unknown, 0, ""}) == none));
    BOOST_TEST((with.send(wire::helo{"h"}) == none));
    BOOST_TEST((with.send(wire::mail{"<>", {}}) == none));
    BOOST_TEST((with.send(wire::rcpt{"<>", {}}) == none));
    BOOST_TEST((with.send(wire::data{}) == none));
    BOOST_TEST((with.send(wire::header{"X", "y"}) == none));
    BOOST_TEST((with.send(wire::end_of_headers{}) == none));
    BOOST_TEST((with.send(wire::body{"x"}) == none));
    BOOST_TEST(!with.session.awaited().has_value());
    BOOST_TEST((with.session.deadline() == never));
    BOOST_TEST((with.send(wire::end_of_message{}) == none));
    BOOST_TEST((with.session.awaited() == command_code::end_of_message));
    BOOST_TEST(with.sent() ==
               support::to_hex(bytes("00000004 43 'c' 00 'U' 00000003 48 'h' 00 00000004 4d '<>' 00"
                                     "00000004 52 '<>' 00 00000001 54 00000005 4c 'X' 00 'y' 00"
                                     "00000001 4e 00000002 42 'x' 00000001 45")));
}

BOOST_AUTO_TEST_CASE(surplus_reply_is_a_failure_213) {
    for (auto const& reply :
         {packet(wire::proceed{}), packet(wire::progress{}), packet(wire::add_header{"X", "y"}),
          packet(wire::negotiate_reply{})}) {
        talk with({6, action::all, step::all_nr, {}});
        with.come_to(command_code::mail);
        BOOST_TEST(!with.hear_bytes(reply).has_value());
        BOOST_TEST(with.ec == errc::reply_not_due);
        BOOST_TEST(with.session.closed());
    }
}

BOOST_AUTO_TEST_CASE(keepalive_restarts_the_wait_and_is_no_verdict_105_106) {
    for (auto const code : answered) {
        talk with;
        with.come_to(code);
        auto const first = with.session.deadline();
        with.now += 1s;
        BOOST_TEST((with.hear(wire::progress{}) == wire::any_reply(wire::progress{})));
        BOOST_TEST((with.session.deadline() == first + 1s));
        BOOST_TEST((with.session.awaited() == code));
        BOOST_TEST(with.hear(wire::proceed{}).has_value());
        BOOST_TEST(!with.session.awaited().has_value());
    }
}

BOOST_AUTO_TEST_CASE(edits_come_only_after_the_end_of_the_message_151_128) {
    std::string const edits[] = {
        packet(wire::add_header{"X", "y"}),
        packet(wire::insert_header{0, "X", "y"}),
        packet(wire::change_header{1, "X", ""}),
        packet(wire::replace_body{"x"}),
        packet(wire::add_rcpt{"a"}),
        packet(wire::add_rcpt_with_args{"a", "b"}),
        packet(wire::delete_rcpt{"a"}),
        packet(wire::change_from{"a", "b"}),
        packet(wire::quarantine{"a"}),
    };
    for (auto const code : answered) {
        bool const at_end = code == command_code::end_of_message;
        talk with;
        with.come_to(code);
        for (auto const& edit : edits) {
            if (!at_end) {
                with = talk();
                with.come_to(code);
            }
            auto const got = with.hear_bytes(edit);
            BOOST_TEST_CONTEXT(support::to_hex(edit) << " to " << wire::name_of(code)) {
                BOOST_TEST(got.has_value() == at_end);
                BOOST_TEST((with.ec == errc::reply_not_allowed) == !at_end);
                BOOST_TEST(with.session.closed() == !at_end);
                if (at_end) BOOST_TEST((with.session.awaited() == code));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(edit_whose_action_was_not_negotiated_is_a_failure) {
    std::pair<std::string, action> const edits[] = {
        {packet(wire::add_header{"X", "y"}), action::add_header},
        {packet(wire::insert_header{0, "X", "y"}), action::add_header},
        {packet(wire::change_header{1, "X", ""}), action::change_header},
        {packet(wire::replace_body{"x"}), action::change_body},
        {packet(wire::add_rcpt{"a"}), action::add_rcpt},
        {packet(wire::add_rcpt_with_args{"a", "b"}), action::add_rcpt_with_args},
        {packet(wire::delete_rcpt{"a"}), action::delete_rcpt},
        {packet(wire::change_from{"a", "b"}), action::change_from},
        {packet(wire::quarantine{"a"}), action::quarantine},
    };
    for (auto const& [edit, needed] : edits) {
        for (auto const granted : {needed, action::all & ~needed}) {
            talk with({6, granted, step::none, {}});
            with.come_to(command_code::end_of_message);
            auto const got = with.hear_bytes(edit);
            BOOST_TEST(got.has_value() == (granted == needed));
            BOOST_TEST((with.ec == errc::not_negotiated) == (granted != needed));
        }
    }
}

BOOST_AUTO_TEST_CASE(malformed_replies_are_a_failure_4_18_19_130) {
    std::pair<std::string_view, errc> const rows[] = {
        {"00 00 00 00", errc::frame_empty},
        {"7f ff ff ff", errc::frame_too_large},
        {"7f ff ff ff 62", errc::frame_too_large},
        {"00 10 00 02 79", errc::frame_too_large},
        {"00 00 00 02 63 00", errc::surplus_data},
        {"00 00 00 01 5a", errc::unknown_code},
        {"00 00 00 04 68 'a' 00 'b'", errc::missing_nul},
        {"00 00 00 07 6d 00000001 'a' 00", errc::missing_field},
        {"00 00 00 05 2b 'a' 00 'b' 00", errc::surplus_data},
        {"00 00 00 08 6d ffffffff 'a' 00 00", errc::bad_index},
        {"00 00 00 06 79 '550' 00 00", errc::embedded_nul},
    };
    for (auto const& [stream, why] : rows) {
        talk with;
        with.come_to(command_code::end_of_message);
        BOOST_TEST_CONTEXT(stream) {
            BOOST_TEST(!with.hear_bytes(bytes(stream)).has_value());
            BOOST_TEST(with.ec == why);
            BOOST_TEST(with.session.closed());
            BOOST_TEST(with.session.failure().ends_with(": " + error_code(why).message()),
                       with.session.failure());
            BOOST_TEST((with.send(wire::abort{}) == errc::misuse));
            BOOST_TEST(!with.hear(wire::proceed{}).has_value());
        }
    }
}

BOOST_AUTO_TEST_CASE(replacement_body_may_come_in_one_large_packet_274) {
    mta_options options;
    options.max_body_piece = 3 << 20;
    talk with({6, action::all, step::none, {}}, options);
    with.come_to(command_code::end_of_message);
    std::string const large = packet(wire::replace_body{std::string(3 << 20, 'x')});
    for (std::size_t at = 0; at < large.size(); at += 100'000) {
        BOOST_TEST_REQUIRE(!with.session.next(with.now, with.ec).has_value());
        with.session.received(std::string_view(large).substr(at, 100'000));
    }
    auto const piece = with.session.next(with.now, with.ec);
    BOOST_TEST_REQUIRE(piece.has_value());
    BOOST_TEST(std::get<wire::replace_body>(*piece).bytes.size() == std::size_t{3 << 20});
    BOOST_TEST(!with.hear_bytes(bytes("00 30 00 02 62")).has_value());
    BOOST_TEST(with.ec == errc::frame_too_large);
}

BOOST_AUTO_TEST_CASE(end_of_the_connection_is_a_failure_but_after_quit_10_45_216) {
    struct {
        std::string_view rest;
        errc why;
    } const rows[] = {
        {"", errc::connection_closed},
        {"00 00 00 01", errc::frame_truncated},
        {"00 00 00 05 62 'ab'", errc::frame_truncated},
        {"00 00 00 01 70", errc::connection_closed}, // whole, only nobody has asked for it yet
    };
    for (auto const& row : rows) {
        talk with;
        with.come_to(command_code::end_of_message);
        with.session.received(bytes(row.rest));
        with.session.ended(with.ec);
        BOOST_TEST(with.ec == row.why);
        BOOST_TEST(with.session.failure().starts_with("waiting for the reply to end_of_message: "));
        BOOST_TEST(with.session.closed());
    }
    talk with;
    with.session.ended(with.ec);
    BOOST_TEST(with.ec == errc::connection_closed);
    talk done;
    done.session.quit();
    done.session.ended(done.ec);
    BOOST_TEST(!done.ec);
}

BOOST_AUTO_TEST_CASE(quit_is_sent_at_any_time_once_145) {
    for (auto const code : answered) {
        talk with;
        with.come_to(code);
        with.sent();
        with.session.quit();
        BOOST_TEST(with.sent() == "00 00 00 01 51");
        BOOST_TEST(with.session.closed());
        BOOST_TEST((with.session.deadline() == never));
        with.session.quit();
        BOOST_TEST(with.sent() == "");
        BOOST_TEST((with.send(wire::helo{"x"}) == errc::misuse));
        // Sendmail::PMilter answers QUIT
        BOOST_TEST(!with.hear(wire::proceed{}).has_value());
        BOOST_TEST(!with.ec);
    }
}

BOOST_AUTO_TEST_CASE(abort_ends_the_message_and_keeps_the_session_142_147) {
    talk with;
    with.come_to(command_code::rcpt);
    with.hear(wire::proceed{});
    with.sent();
    with.session.abort(with.now, with.ec);
    BOOST_TEST(!with.ec);
    BOOST_TEST(with.sent() == "00 00 00 01 41");
    BOOST_TEST(!with.session.draining());
    BOOST_TEST((with.session.at() == phase::session));
    with.session.abort(with.now, with.ec);
    BOOST_TEST(!with.ec, "once more does no harm");
    with.come_to(command_code::mail);
    BOOST_TEST(!with.ec);
}

BOOST_AUTO_TEST_CASE(reply_outstanding_at_an_abort_is_drained_before_the_next_command_266) {
    talk with;
    with.come_to(command_code::end_of_message);
    with.sent();
    with.session.abort(with.now, with.ec);
    BOOST_TEST(with.sent() == "00 00 00 01 41");
    BOOST_TEST(with.session.draining());
    BOOST_TEST((with.send(wire::mail{"<>", {}}) == errc::misuse),
               "the old verdict would be taken for its own");
    with.now += 1s;
    BOOST_TEST(!with.hear(wire::add_header{"X", "y"}).has_value());
    BOOST_TEST((with.session.deadline() == with.now + 300s));
    BOOST_TEST(!with.hear(wire::reject{}).has_value());
    BOOST_TEST(!with.ec);
    BOOST_TEST(!with.session.draining());
    BOOST_TEST((with.session.deadline() == never));
    BOOST_TEST((with.send(wire::mail{"<>", {}}) == none));
    BOOST_TEST((with.hear(wire::tempfail{}) == wire::any_reply(wire::tempfail{})));
}

BOOST_AUTO_TEST_CASE(draining_ends_at_the_deadline_as_well) {
    talk with;
    with.come_to(command_code::body);
    with.session.abort(with.now, with.ec);
    with.session.expire(with.session.deadline(), with.ec);
    BOOST_TEST(with.ec == errc::timed_out);
    BOOST_TEST(with.session.closed());
}

BOOST_AUTO_TEST_CASE(verdicts_leave_the_session_where_the_filter_is_121_137) {
    struct {
        command_code code;
        phase refused, accepted;
    } const rows[] = {
        {command_code::connect, phase::session, phase::session},
        {command_code::mail, phase::session, phase::session},
        {command_code::rcpt, phase::rcpt, phase::session},
        {command_code::data, phase::session, phase::session},
        {command_code::body, phase::session, phase::session},
        {command_code::end_of_message, phase::session, phase::session},
    };
    for (auto const& row : rows) {
        talk with;
        with.come_to(row.code);
        with.hear(wire::reply_text{"550 no"});
        BOOST_TEST((with.session.at() == row.refused));
        talk other;
        other.come_to(row.code);
        other.hear(wire::accept{});
        BOOST_TEST((other.session.at() == row.accepted));
    }
}

BOOST_AUTO_TEST_CASE(commands_that_the_version_lacks_are_left_out_32_33) {
    talk with({2, action::none, step::none, {}});
    with.come_to(command_code::rcpt);
    with.hear(wire::proceed{});
    with.sent();
    BOOST_TEST((with.send(wire::unknown{"FOO"}) == none));
    BOOST_TEST((with.send(wire::data{}) == none));
    BOOST_TEST(with.sent() == "");
    BOOST_TEST((with.send(wire::header{"X", "y"}) == none));
    BOOST_TEST(with.sent() == "00 00 00 05 4c 58 00 79 00");
}

BOOST_AUTO_TEST_CASE(command_larger_than_agreed_is_not_sent_7) {
    talk with;
    with.come_to(command_code::end_of_headers);
    with.hear(wire::proceed{});
    with.sent();
    BOOST_TEST((with.send(wire::body{std::string(65'536, 'x')}) == errc::too_large_to_send));
    BOOST_TEST(with.sent() == "");
    BOOST_TEST(!with.session.awaited().has_value());
    BOOST_TEST((with.session.at() == phase::end_of_headers));
    BOOST_TEST((with.send(wire::body{std::string(65'535, 'x')}) == none));
    std::string const macros(65'535, 'x');
    BOOST_TEST((with.send(wire::macros{'E', wire::zstr_list(macros)}) == errc::too_large_to_send));
}

BOOST_AUTO_TEST_CASE(forwarded_frame_goes_out_byte_for_byte) {
    talk with;
    auto const connect = packet(wire::connect{"client", wire::family::unknown, 0, ""});
    with.session.forward({'C', std::string_view(connect).substr(5), connect}, with.now, with.ec);
    BOOST_TEST(!with.ec);
    BOOST_TEST(with.sent() == support::to_hex(connect));
    BOOST_TEST((with.session.awaited() == command_code::connect));
    with.session.forward({'C', std::string_view(connect).substr(5), connect}, with.now, with.ec);
    BOOST_TEST(with.ec == errc::misuse);
    BOOST_TEST(with.sent() == "");
}

BOOST_AUTO_TEST_CASE(frame_of_the_last_reply_is_at_hand) {
    talk with;
    with.come_to(command_code::mail);
    auto const reply = bytes("00 00 00 07 79 '550 no'"); // without NUL
    BOOST_TEST((with.hear_bytes(reply) == wire::any_reply(wire::reply_text{"550 no"})));
    BOOST_TEST(with.session.frame().raw == reply);
}

BOOST_AUTO_TEST_SUITE_END()
