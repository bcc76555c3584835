// SPDX-License-Identifier: BSL-1.0
// tests/proto/mta_reply.cpp - what an MTA side takes from a filter, and what it refuses
//
// Numbers in the names of the cases are those of the statements in the protocol description. Whole
// conversations: conversation.cpp.

#include "mta_talk.hpp"

using namespace mta_talk;

BOOST_AUTO_TEST_SUITE(mta_reply)

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

BOOST_AUTO_TEST_CASE(edit_whose_action_was_not_negotiated_is_a_failure_172) {
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

BOOST_AUTO_TEST_CASE(edit_that_was_not_negotiated_is_handed_out_as_such_when_lenient_172) {
    mta_options options;
    options.edits = milter::proto::strictness::lenient;
    for (auto const granted : {action::add_rcpt, action::all}) {
        talk with({6, granted, step::none, {}}, options);
        with.come_to(command_code::end_of_message);
        auto const first = with.session.deadline();
        with.now += 1s;
        bool const unagreed = granted != action::all;
        BOOST_TEST(with.hear(wire::add_header{"X", "y"}).has_value());
        BOOST_TEST(with.session.unagreed() == unagreed);
        BOOST_TEST((with.session.deadline() == first + 1s));
        BOOST_TEST(with.hear(wire::add_rcpt{"a"}).has_value());
        BOOST_TEST(!with.session.unagreed());
        BOOST_TEST(
            with.hear_bytes(packet(wire::replace_body{std::string(200'000, 'x')})).has_value());
        BOOST_TEST(with.session.unagreed() == unagreed);
        BOOST_TEST(with.hear(wire::proceed{}).has_value());
        BOOST_TEST(!with.session.unagreed());
        BOOST_TEST(!with.session.awaited().has_value());
    }
    talk early({6, action::none, step::none, {}}, options);
    early.come_to(command_code::mail);
    BOOST_TEST(!early.hear(wire::add_header{"X", "y"}).has_value());
    BOOST_TEST(early.ec == errc::reply_not_allowed);
}

BOOST_AUTO_TEST_CASE(malformed_replies_are_a_failure_4_5_18_19_130_180_208_212) {
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

BOOST_AUTO_TEST_CASE(replacement_body_in_a_large_packet_is_handed_out_as_it_comes_274) {
    mta_options options;
    options.max_body_piece = 3 << 20;
    talk with({6, action::all, step::none, {}}, options);
    with.come_to(command_code::end_of_message);
    std::string body;
    while (body.size() < 3 << 20) body += std::to_string(body.size()) + "\r\n";
    body.resize(3 << 20);
    std::string const large = packet(wire::replace_body{body}) + packet(wire::proceed{});
    std::string heard;
    for (std::size_t at = 0; at < large.size(); at += 100'000) {
        with.session.received(std::string_view(large).substr(at, 100'000));
        BOOST_TEST(with.session.buffered() <= 100'000u);
        while (auto const reply = with.session.next(with.now, with.ec)) {
            auto const* piece = std::get_if<wire::replace_body>(&*reply);
            if (piece)
                heard += piece->bytes;
            else
                BOOST_TEST(std::holds_alternative<wire::proceed>(*reply));
        }
        BOOST_TEST_REQUIRE(!with.ec);
    }
    BOOST_TEST((heard == body));
    BOOST_TEST(!with.session.awaited().has_value());

    with.come_to(command_code::end_of_message);
    BOOST_TEST(!with.hear_bytes(bytes("00 30 00 02 62")).has_value());
    BOOST_TEST(with.ec == errc::frame_too_large);
}

BOOST_AUTO_TEST_CASE(large_body_that_is_not_due_or_breaks_off_is_a_failure_211_274) {
    auto const half = packet(wire::replace_body{std::string(200'000, 'x')}).substr(0, 100'000);
    talk early;
    early.come_to(command_code::mail);
    BOOST_TEST(!early.hear_bytes(half).has_value());
    BOOST_TEST(early.ec == errc::reply_not_allowed);

    talk broken({6, action::all, step::none, {}});
    broken.come_to(command_code::end_of_message);
    BOOST_TEST(broken.hear_bytes(half).has_value());
    milter::error_code ec;
    broken.session.ended(ec);
    BOOST_TEST(ec == errc::frame_truncated);

    talk aborted({6, action::all, step::none, {}});
    aborted.come_to(command_code::end_of_message);
    BOOST_TEST(aborted.hear_bytes(half).has_value());
    milter::error_code none;
    aborted.session.abort(aborted.now, none);
    BOOST_TEST(aborted.session.draining());
    auto const rest = packet(wire::replace_body{std::string(200'000, 'x')}).substr(100'000);
    BOOST_TEST(!aborted.hear_bytes(rest + packet(wire::reject{})).has_value());
    BOOST_TEST(!aborted.ec);
    BOOST_TEST(!aborted.session.draining());
}

BOOST_AUTO_TEST_CASE(end_of_the_connection_is_a_failure_but_after_quit_10) {
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

BOOST_AUTO_TEST_CASE(end_of_the_connection_instead_of_an_answer_is_a_failure_45_216) {
    for (auto const part : {""sv, "\0\0\0\x0dO\0\0"sv}) {
        mta_session session;
        error_code ec;
        session.negotiate({}, ec);
        session.received(part);
        BOOST_TEST(!session.next({}, ec).has_value());
        BOOST_TEST(!ec);
        session.ended(ec);
        BOOST_TEST(ec == (part.empty() ? errc::connection_closed : errc::frame_truncated));
        BOOST_TEST(session.failure().starts_with("waiting for the reply to negotiate: "));
        BOOST_TEST(session.closed());
        error_code later;
        session.send(wire::mail{"<>", {}}, {}, later);
        BOOST_TEST(later == errc::misuse);
    }
}

BOOST_AUTO_TEST_CASE(verdicts_leave_the_session_where_the_filter_is_121_125_137_144) {
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
        // the filter is past the message, and gets nothing more of it
        bool const goes_on = row.refused == phase::rcpt;
        BOOST_TEST(
            (with.send(wire::rcpt{"<e@f>", {}}) == (goes_on ? none : errc::out_of_sequence)));
        other.sent();
        BOOST_TEST((other.send(wire::rcpt{"<e@f>", {}}) == errc::out_of_sequence));
        BOOST_TEST((other.send(wire::body{"x"}) == errc::out_of_sequence));
        BOOST_TEST((other.send(wire::end_of_message{}) == errc::out_of_sequence));
        BOOST_TEST(other.sent() == "");
        BOOST_TEST((other.send(wire::mail{"<next@b>", {}}) == none));
    }
}

BOOST_AUTO_TEST_CASE(frame_of_the_last_reply_is_at_hand) {
    talk with;
    with.come_to(command_code::mail);
    auto const reply = bytes("00 00 00 07 79 '550 no'"); // without NUL
    BOOST_TEST((with.hear_bytes(reply) == wire::any_reply(wire::reply_text{"550 no"})));
    BOOST_TEST(with.session.frame().raw == reply);
}

BOOST_AUTO_TEST_SUITE_END()
