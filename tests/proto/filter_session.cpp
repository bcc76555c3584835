// SPDX-License-Identifier: BSL-1.0
// tests/proto/filter_session.cpp - what a filter side makes of commands, from the offer to the end
//
// Numbers in the names of the cases are those of the statements in the protocol description. Whole
// conversations: conversation.cpp.

#include "milter/proto/filter_session.hpp"

#include "filter_talk.hpp"

using namespace filter_talk;

BOOST_AUTO_TEST_SUITE(filter_session_)

BOOST_AUTO_TEST_CASE(offer_is_answered_by_the_session_itself) {
    filter_session session(wants(action::add_header | action::change_header, step::no_helo));
    error_code ec;
    session.received(packet(wire::negotiate{6, action::all, step::all}));
    auto const command = session.next(ec);
    BOOST_TEST_REQUIRE(command.has_value());
    BOOST_TEST((wire::code_of(*command) == command_code::negotiate));
    BOOST_TEST(support::to_hex(session.output()) ==
               "00 00 00 0d 4f 00 00 00 06 00 00 00 11 00 00 00 02");
    BOOST_TEST(!session.awaits_reply());
    BOOST_TEST(session.agreed().steps == step::no_helo);
    BOOST_TEST((session.at() == phase::negotiated));
}

BOOST_AUTO_TEST_CASE(an_offer_that_was_answered_by_the_session_takes_no_reply) {
    filter_session session;
    error_code ec;
    session.received(packet(wire::negotiate{}));
    BOOST_TEST_REQUIRE(session.next(ec).has_value());
    BOOST_TEST(!session.awaits_reply());
    auto const answered = session.output();
    session.reply(wire::proceed{}, ec);
    session.reply(wire::reject{}, ec);
    BOOST_TEST(!ec, ec.message());
    BOOST_TEST(session.output() == answered, "nothing but the answer to the offer is sent");
}

BOOST_AUTO_TEST_CASE(offer_that_does_not_do_ends_the_session_without_a_word_27_38) {
    filter_options needs;
    needs.wants.needs = action::quarantine;
    std::pair<wire::negotiate, errc> const offers[] = {
        {{1, action::all, step::all}, errc::version_refused},
        {{6, action::add_header, step::all}, errc::actions_refused},
    };
    for (auto const& [offer, why] : offers) {
        filter_session session(needs);
        error_code ec;
        session.received(packet(offer));
        BOOST_TEST(!session.next(ec).has_value());
        BOOST_TEST(ec == why);
        BOOST_TEST(session.closed());
        BOOST_TEST(session.output() == "");
        BOOST_TEST(session.failure().starts_with("negotiate version="));
    }
}

BOOST_AUTO_TEST_CASE(offer_may_be_answered_by_the_caller) {
    filter_options options;
    options.manual_negotiation = true;
    filter_session session(options);
    error_code ec;
    session.negotiate({}, ec);
    BOOST_TEST(ec == errc::misuse, "there is no offer yet");
    ec = {};
    session.received(packet(wire::negotiate{}) +
                     packet(wire::connect{"c", wire::family::unknown, 0, ""}));
    BOOST_TEST(session.next(ec).has_value());
    BOOST_TEST((session.owed() == command_code::negotiate));
    BOOST_TEST(!session.next(ec).has_value());
    session.reply(wire::proceed{}, ec);
    BOOST_TEST(ec == errc::misuse, "a verdict is no answer to an offer");
    ec = {};
    session.negotiate(
        {4, action::add_rcpt, step::no_body, step::none, {}, wire::default_data_limit}, ec);
    BOOST_TEST(!ec);
    BOOST_TEST(support::to_hex(session.output()) ==
               "00 00 00 0d 4f 00 00 00 04 00 00 00 04 00 00 00 10");
    session.negotiate({}, ec);
    BOOST_TEST(ec == errc::misuse, "an offer is answered once");
    ec = {};
    BOOST_TEST((wire::code_of(*session.next(ec)) == command_code::connect));
}

BOOST_AUTO_TEST_CASE(first_packet_that_is_no_offer_ends_the_session_9) {
    for (auto const& row : wire::command_rows) {
        if (row.code == command_code::negotiate || row.code == command_code::quit) continue;
        filter_session session;
        error_code ec;
        std::string stream;
        wire::append_frame(stream, static_cast<unsigned char>(row.code), "U\0U"sv);
        session.received(stream);
        BOOST_TEST_CONTEXT(row.name) {
            BOOST_TEST(!session.next(ec).has_value());
            BOOST_TEST(ec.failed());
            BOOST_TEST(session.closed());
            BOOST_TEST(session.output() == "");
        }
    }
}

BOOST_AUTO_TEST_CASE(visitors_are_recognised_by_their_first_bytes_8) {
    for (auto const visitor :
         {"GET / HTTP/1.1\r\n\r\n"sv, "POST"sv, "\x16\x03\x01\x02\x00"sv, "EHLO x\r\n"sv}) {
        filter_session session;
        error_code ec;
        session.received(visitor);
        BOOST_TEST(!session.next(ec).has_value());
        BOOST_TEST(ec == errc::not_milter);
        BOOST_TEST(session.closed());
        BOOST_TEST(session.output() == "");
    }
}

BOOST_AUTO_TEST_CASE(malformed_commands_end_the_session_4_5_15_16_17_25_69_96) {
    std::pair<std::string_view, errc> const rows[] = {
        {"00 00 00 03 4c 'a' 00", errc::missing_field},
        {"00 00 00 04 4c 'a' 00 'b'", errc::missing_nul},
        {"00 00 00 03 48 'ab'", errc::missing_nul},
        {"00 00 00 03 4d '<>'", errc::missing_nul},
        {"00 00 00 03 52 '<>'", errc::missing_nul},
        {"00 00 00 01 7a", errc::unknown_code},
        {"00 00 00 00", errc::frame_empty},
        {"00 01 00 01", errc::frame_too_large},
        {"00 00 00 04 43 'a' 00 'X'", errc::bad_family},
    };
    for (auto const& [stream, why] : rows) {
        talk with;
        BOOST_TEST_CONTEXT(stream) {
            BOOST_TEST(!with.hear_bytes(bytes(stream)).has_value());
            BOOST_TEST(with.ec == why);
            BOOST_TEST(with.session.closed());
            BOOST_TEST(with.said() == "");
            BOOST_TEST(with.session.failure().ends_with(": " + error_code(why).message()),
                       with.session.failure());
            BOOST_TEST(with.session.failure().size() > error_code(why).message().size());
        }
    }
    filter_session session;
    error_code ec;
    session.received(bytes("00 00 00 0c 4f 00 00 00 06 00 00 01 ff 00 1f ff"));
    BOOST_TEST(!session.next(ec).has_value());
    BOOST_TEST(ec == errc::missing_field);
}

BOOST_AUTO_TEST_CASE(second_offer_changes_nothing_and_is_not_answered_63) {
    talk with(wants(action::add_header, step::skip));
    BOOST_TEST(!with.hear(wire::negotiate{2, action::all, step::none}).has_value());
    BOOST_TEST(!with.ec);
    BOOST_TEST(with.said() == "");
    BOOST_TEST(with.session.agreed().version == 6u);
    BOOST_TEST(with.session.agreed().actions == action::add_header);
    with.come_to(command_code::mail);
    BOOST_TEST((with.session.at() == phase::mail));
}

BOOST_AUTO_TEST_CASE(command_out_of_order_is_answered_and_moves_nothing_141) {
    talk with;
    with.come_to(command_code::helo);
    with.say(wire::proceed{});
    with.said();
    auto const out_of_order = [&](auto const& command) {
        BOOST_TEST(with.hear(command).has_value());
        BOOST_TEST((with.session.owed() == command.code));
        BOOST_TEST((with.say(wire::proceed{}) == none));
        BOOST_TEST(with.said() == "00 00 00 01 63");
        BOOST_TEST((with.session.at() == phase::session));
        BOOST_TEST(!with.session.implicitly_aborted());
    };
    out_of_order(wire::rcpt{"<a@b>", {}});
    out_of_order(wire::data{});
    out_of_order(wire::header{"X", "y"});
    out_of_order(wire::end_of_headers{});
    out_of_order(wire::body{"x"});
    out_of_order(wire::end_of_message{});
    out_of_order(wire::connect{"again", wire::family::unknown, 0, ""});
}

BOOST_AUTO_TEST_CASE(mail_or_helo_inside_a_transaction_breaks_it_off_133_134) {
    for (auto const code :
         {command_code::mail, command_code::rcpt, command_code::data, command_code::header,
          command_code::end_of_headers, command_code::body}) {
        BOOST_TEST_CONTEXT("after " << wire::name_of(code)) {
            talk with;
            with.come_to(code);
            BOOST_TEST(!with.session.implicitly_aborted());
            with.say(wire::proceed{});
            with.hear(wire::mail{"<x@y>", {}});
            BOOST_TEST(with.session.implicitly_aborted());
            BOOST_TEST((with.session.at() == phase::mail));
            with.say(wire::proceed{});
            with.hear(wire::helo{"again"});
            BOOST_TEST(with.session.implicitly_aborted());
            BOOST_TEST((with.session.at() == phase::session));
            with.say(wire::proceed{});
            with.hear(wire::mail{"<x@y>", {}});
            BOOST_TEST(!with.session.implicitly_aborted());
        }
    }
}

BOOST_AUTO_TEST_CASE(refusals_leave_the_session_where_the_mta_goes_on_137_138) {
    struct {
        command_code code;
        phase after;
    } const rows[] = {
        {command_code::connect, phase::session}, {command_code::helo, phase::session},
        {command_code::mail, phase::session},    {command_code::rcpt, phase::rcpt},
        {command_code::data, phase::session},    {command_code::header, phase::session},
        {command_code::body, phase::session},    {command_code::end_of_message, phase::session},
        {command_code::unknown, phase::session},
    };
    std::string const next_ones[] = {packet(wire::helo{"x"}), packet(wire::mail{"<>", {}}),
                                     packet(wire::abort{}), packet(wire::quit{})};
    auto const leaves = [&](auto const& row, auto const& refusal) {
        for (auto const& next : next_ones) {
            talk with;
            with.come_to(row.code);
            BOOST_TEST_CONTEXT(wire::describe(wire::any_reply(refusal))
                               << " to " << wire::name_of(row.code) << ", then "
                               << support::to_hex(next)) {
                BOOST_TEST((with.say(refusal) == none));
                BOOST_TEST((with.session.at() == row.after));
                BOOST_TEST(with.hear_bytes(next).has_value());
                BOOST_TEST(!with.session.out_of_order());
                bool const implied = row.after == phase::rcpt && (next[4] == 'H' || next[4] == 'M');
                BOOST_TEST(with.session.implicitly_aborted() == implied);
            }
        }
    };
    for (auto const& row : rows) {
        leaves(row, wire::tempfail{});
        leaves(row, wire::reject{});
        leaves(row, wire::reply_text{"550 5.7.1 no"});
        auto without_transaction = row; // who accepts or discards at RCPT is done with the message
        without_transaction.after = phase::session;
        if (row.code == command_code::unknown) continue;
        leaves(without_transaction, wire::accept{});
        leaves(without_transaction, wire::discard{});
    }
    talk with;
    with.come_to(command_code::rcpt);
    with.say(wire::reject{});
    BOOST_TEST(with.hear(wire::rcpt{"<e@f>", {}}).has_value());
    BOOST_TEST(!with.session.out_of_order());
    with.say(wire::proceed{});
    BOOST_TEST(with.hear(wire::data{}).has_value());
    BOOST_TEST(!with.session.out_of_order());
    BOOST_TEST((with.session.at() == phase::data));
}

BOOST_AUTO_TEST_CASE(quit_is_taken_in_every_state_and_the_rest_ignored_139) {
    for (auto const code : answered) {
        talk with;
        with.come_to(code);
        with.say(wire::proceed{});
        with.said();
        with.session.received(packet(wire::quit{}) + packet(wire::helo{"x"}));
        BOOST_TEST((wire::code_of(*with.session.next(with.ec)) == command_code::quit));
        BOOST_TEST(with.session.closed());
        BOOST_TEST(!with.session.next(with.ec).has_value());
        with.session.ended(with.ec);
        BOOST_TEST(!with.ec);
        BOOST_TEST(with.said() == "");
        BOOST_TEST(with.session.failure() == "");
    }
    filter_session session;
    error_code ec;
    session.received(packet(wire::quit{}));
    BOOST_TEST(session.next(ec).has_value());
    BOOST_TEST(session.closed());
}

BOOST_AUTO_TEST_CASE(end_without_quit_is_told_from_a_cut_packet_10_140) {
    struct {
        std::string_view rest;
        errc why;
    } const rows[] = {
        {"", errc::connection_closed},
        {"00", errc::frame_truncated},
        {"00 00 00 05 42 'abc'", errc::frame_truncated},
        {"00 00 00 01 41", errc::connection_closed}, // whole, only nobody has asked for it yet
        {"00 00 00 01 41 00 00", errc::frame_truncated},
    };
    for (auto const& row : rows) {
        talk with;
        with.come_to(command_code::rcpt);
        with.session.received(bytes(row.rest));
        with.session.ended(with.ec);
        BOOST_TEST_CONTEXT(row.rest) BOOST_TEST(with.ec == row.why);
        BOOST_TEST(with.session.closed());
        BOOST_TEST(!with.session.awaits_reply());
        BOOST_TEST((with.say(wire::proceed{}) == errc::misuse));
        error_code again;
        with.session.ended(again);
        BOOST_TEST(!again);
    }
}

BOOST_AUTO_TEST_CASE(new_connection_after_quit_nc_keeps_the_options_98) {
    talk with(wants(action::add_header, step::skip));
    with.hear(wire::macros{'C', wire::zstr_list("j\0mx\0"sv)});
    with.come_to(command_code::end_of_message);
    with.say(wire::proceed{});
    BOOST_TEST(with.session.macros().find("j").has_value());
    BOOST_TEST((wire::code_of(*with.hear(wire::quit_new_connection{})) ==
                command_code::quit_new_connection));
    BOOST_TEST(!with.session.awaits_reply());
    BOOST_TEST((with.session.at() == phase::negotiated));
    BOOST_TEST(!with.session.macros().find("j").has_value());
    with.come_to(command_code::body);
    BOOST_TEST((with.session.at() == phase::body));
    BOOST_TEST((with.say(wire::skip{}) == none));
    BOOST_TEST(with.said().ends_with("73"));
}

BOOST_AUTO_TEST_CASE(macros_are_kept_for_their_command) {
    talk with;
    with.session.received(packet(wire::macros{'C', wire::zstr_list("j\0mx\0"sv)}) +
                          packet(wire::connect{"client", wire::family::unknown, 0, ""}));
    BOOST_TEST((wire::code_of(*with.session.next(with.ec)) == command_code::connect));
    BOOST_TEST((with.session.macros().find("{j}") == "mx"sv));
}

BOOST_AUTO_TEST_CASE(last_chunk_within_the_end_of_message_is_given_93) {
    talk with;
    with.come_to(command_code::body);
    with.say(wire::proceed{});
    auto const end = with.hear(wire::end_of_message{"tail\r\n"});
    BOOST_TEST((end == wire::any_command(wire::end_of_message{"tail\r\n"})));
}

BOOST_AUTO_TEST_CASE(frame_of_the_last_command_is_at_hand) {
    talk with;
    auto const connect = packet(wire::connect{"client", wire::family::inet, 25, "192.0.2.1"});
    with.session.received(packet(wire::macros{'C', {}}) + connect);
    BOOST_TEST(with.session.next(with.ec).has_value());
    BOOST_TEST(with.session.frame().raw == connect);
}

BOOST_AUTO_TEST_CASE(error_of_an_earlier_call_is_none_of_the_next_command) {
    talk one;
    one.ec = errc::misuse;
    BOOST_TEST(one.hear(wire::helo{"a"}).has_value());
    BOOST_TEST(!one.ec, one.ec.message());
}

BOOST_AUTO_TEST_CASE(bytes_not_yet_given_are_counted) {
    talk with;
    auto const helo = packet(wire::helo{"x"});
    BOOST_TEST(with.session.buffered() == 0u);
    with.session.received(helo + helo + helo.substr(0, 2));
    BOOST_TEST(with.session.buffered() == 2 * helo.size() + 2);
    BOOST_TEST(with.session.next(with.ec).has_value());
    BOOST_TEST(with.session.buffered() == helo.size() + 2);
    with.say(wire::proceed{});
    BOOST_TEST(with.session.next(with.ec).has_value());
    BOOST_TEST(with.session.buffered() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
