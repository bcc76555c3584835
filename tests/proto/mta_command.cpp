// SPDX-License-Identifier: BSL-1.0
// tests/proto/mta_command.cpp - commands that an MTA side keeps from a filter, whoever asks for them
//
// Numbers in the names of the cases are those of the statements in the protocol description. Whole
// conversations: conversation.cpp.

#include "mta_talk.hpp"

using namespace mta_talk;

namespace {

/// Continues whatever is awaited.
void proceed(talk& with) {
    if (with.session.awaited()) with.hear(wire::proceed{});
    with.sent();
}

/// Sends it: nothing appears, and nothing else changes.
template <class Command> void left_out(talk& with, Command const& command, errc why = none) {
    auto const before = with.session.at();
    BOOST_TEST(!with.session.awaited().has_value());
    BOOST_TEST((with.send(command) == why));
    BOOST_TEST(with.sent() == "");
    BOOST_TEST(!with.session.awaited().has_value());
    BOOST_TEST((with.session.at() == before));
}

template <class Command> void goes_out(talk& with, Command const& command) {
    BOOST_TEST(with.session.sends(Command::code));
    BOOST_TEST((with.send(command) == none));
    BOOST_TEST(with.sent() == support::to_hex(packet(command)));
}

} // namespace

BOOST_AUTO_TEST_SUITE(mta_command)

BOOST_AUTO_TEST_CASE(data_is_sent_once_and_behind_the_last_recipient_79) {
    talk with;
    with.come_to(command_code::data);
    proceed(with);
    left_out(with, wire::data{}, errc::out_of_sequence);
    left_out(with, wire::rcpt{"<late@d>", {}}, errc::out_of_sequence);
    goes_out(with, wire::header{"Subject", "hi"});
    proceed(with);
    left_out(with, wire::data{}, errc::out_of_sequence);
    with.session.abort(with.now, with.ec);
    with.come_to(command_code::data); // the next message has its own
    BOOST_TEST((with.session.awaited() == command_code::data));
}

BOOST_AUTO_TEST_CASE(header_without_a_name_is_not_sent_81) {
    talk with;
    with.come_to(command_code::data);
    proceed(with);
    left_out(with, wire::header{"", "value"}, errc::empty_name);
    left_out(with, wire::header{"", ""}, errc::empty_name);
    goes_out(with, wire::header{"X", ""});
}

BOOST_AUTO_TEST_CASE(skip_of_anything_but_a_body_keeps_no_body_back) {
    talk with;
    with.come_to(command_code::end_of_headers);
    with.hear(wire::skip{});
    BOOST_TEST(with.session.sends(command_code::body));
    BOOST_TEST((with.send(wire::body{"x"}) == none));
    BOOST_TEST((with.session.awaited() == command_code::body));
}

BOOST_AUTO_TEST_CASE(piece_of_body_without_bytes_is_not_sent_89_91) {
    talk with;
    with.come_to(command_code::end_of_headers);
    proceed(with);
    left_out(with, wire::body{""});
    goes_out(with, wire::end_of_message{});
    BOOST_TEST((with.session.awaited() == command_code::end_of_message));
}

BOOST_AUTO_TEST_CASE(end_of_the_message_is_sent_without_data_92) {
    talk with;
    with.come_to(command_code::body);
    proceed(with);
    left_out(with, wire::end_of_message{"the rest"}, errc::misuse);
    BOOST_TEST((with.send(wire::end_of_message{}) == none));
    BOOST_TEST(with.sent() == "00 00 00 01 45");
}

BOOST_AUTO_TEST_CASE(unknown_command_is_kept_from_a_filter_whose_next_is_content_95) {
    for (auto const steps : {step::none, step::no_data}) {
        talk with({6, action::all, steps, {}});
        bool const data = steps == step::none;
        auto const unknown = [&](bool sent) {
            BOOST_TEST(with.session.sends(command_code::unknown) == sent);
            sent ? goes_out(with, wire::unknown{"FOO"}) : left_out(with, wire::unknown{"FOO"});
            proceed(with);
        };
        BOOST_TEST_CONTEXT(to_string(steps)) {
            with.come_to(command_code::connect);
            proceed(with);
            unknown(true);
            goes_out(with, wire::mail{"<a@b>", {}});
            proceed(with);
            unknown(data);
            goes_out(with, wire::rcpt{"<c@d>", {}});
            proceed(with);
            unknown(data);
            goes_out(with, wire::rcpt{"<e@f>", {}});
            proceed(with);
            with.send(wire::data{});
            proceed(with);
            unknown(false);
            goes_out(with, wire::header{"Subject", "hi"});
            proceed(with);
            BOOST_TEST((with.send(wire::unknown{"FOO"}) == errc::out_of_sequence));
            goes_out(with, wire::end_of_message{});
            proceed(with);
            unknown(true);
        }
    }
}

BOOST_AUTO_TEST_CASE(quit_for_a_new_connection_is_kept_from_filters_that_do_not_know_it_97) {
    for (std::uint32_t const version : {2u, 3u, 4u, 5u}) {
        talk with({version, action::all, step::none, {}});
        with.come_to(command_code::helo);
        proceed(with);
        BOOST_TEST(!with.session.sends(command_code::quit_new_connection));
        left_out(with, wire::quit_new_connection{}, errc::misuse);
    }
    talk with;
    with.come_to(command_code::helo);
    proceed(with);
    goes_out(with, wire::quit_new_connection{});
    BOOST_TEST((with.session.at() == phase::negotiated));
}

BOOST_AUTO_TEST_CASE(no_body_follows_skip_but_the_end_of_the_message_does_103) {
    talk with({6, action::all, step::skip, {}});
    with.come_to(command_code::body);
    BOOST_TEST((with.hear(wire::skip{}) == wire::any_reply(wire::skip{})));
    with.sent();
    BOOST_TEST(!with.session.sends(command_code::body));
    left_out(with, wire::body{"more"});
    BOOST_TEST((with.send(wire::macros{'B', {}}) == none));
    with.sent();
    left_out(with, wire::body{"and more"});
    goes_out(with, wire::end_of_message{});
    proceed(with);
    with.come_to(command_code::body); // the next message has a body again
    BOOST_TEST((with.session.awaited() == command_code::body));
    with.hear(wire::skip{});
    with.session.abort(with.now, with.ec);
    with.come_to(command_code::body);
    BOOST_TEST((with.session.awaited() == command_code::body));
    with.hear(wire::proceed{});
    with.sent();
    goes_out(with, wire::body{"more"});
}

BOOST_AUTO_TEST_CASE(header_too_large_for_a_packet_is_not_sent_and_the_session_goes_on_205) {
    talk with;
    with.come_to(command_code::data);
    proceed(with);
    std::string const fits(wire::default_data_limit - 3, 'x'); // with its name and two NULs
    left_out(with, wire::header{"X", fits + "x"}, errc::too_large_to_send);
    BOOST_TEST((with.send(wire::header{"X", fits}) == none));
    auto const sent = std::exchange(with.session.output(), {});
    BOOST_TEST((sent == packet(wire::header{"X", fits})));
    proceed(with);
    goes_out(with, wire::end_of_headers{});
    proceed(with);
    goes_out(with, wire::end_of_message{});
    BOOST_TEST(with.hear(wire::accept{}).has_value());
}

BOOST_AUTO_TEST_CASE(what_comes_from_elsewhere_is_forwarded_as_it_is) {
    talk with;
    with.come_to(command_code::body);
    proceed(with);
    auto const old_end = packet(wire::end_of_message{"the rest"});
    with.session.forward({'E', "the rest", old_end}, with.now, with.ec);
    BOOST_TEST(!with.ec);
    BOOST_TEST(with.sent() == support::to_hex(old_end));
}

BOOST_AUTO_TEST_SUITE_END()
