// SPDX-License-Identifier: BSL-1.0
// tests/proto/filter_order.cpp - what an MTA may send a filter when, beyond one ordinary message
//
// Numbers in the names of the cases are those of the statements in the protocol description. Whole
// conversations: conversation.cpp.

#include "filter_talk.hpp"

using namespace filter_talk;

namespace {

/// Says it, and continue to it; it must be in order and be answered with nothing else.
template <class Command> void in_order(talk& with, Command const& command) {
    with.said();
    BOOST_TEST_REQUIRE(with.hear(command).has_value());
    BOOST_TEST(!with.session.out_of_order());
    BOOST_TEST((with.session.owed() == Command::code));
    BOOST_TEST((with.say(wire::proceed{}) == none));
    BOOST_TEST(with.said() == "00 00 00 01 63");
}

/// A message whose macros are `i`, in front of its end.
void message(talk& with) {
    in_order(with, wire::mail{"<a@b>", {}});
    in_order(with, wire::rcpt{"<c@d>", {}});
    in_order(with, wire::data{});
    in_order(with, wire::header{"Subject", "hello"});
    in_order(with, wire::end_of_headers{});
    in_order(with, wire::body{"text\r\n"});
    with.hear(wire::macros{'E', wire::zstr_list("i\0004711\0"sv)});
    in_order(with, wire::end_of_message{});
}

} // namespace

BOOST_AUTO_TEST_SUITE(filter_order)

BOOST_AUTO_TEST_CASE(helo_comes_any_number_of_times_or_not_at_all_73_74) {
    talk with;
    in_order(with, wire::connect{"client", wire::family::unknown, 0, ""});
    message(with); // no HELO yet
    for (int i = 0; i < 3; ++i) in_order(with, wire::helo{"client"});
    message(with);
    in_order(with, wire::helo{"after STARTTLS"});
    message(with);
    BOOST_TEST(!with.session.implicitly_aborted());
}

BOOST_AUTO_TEST_CASE(messages_follow_each_other_and_each_starts_clean_135_136) {
    talk with;
    in_order(with, wire::connect{"client", wire::family::unknown, 0, ""});
    for (int i = 0; i < 3; ++i) {
        message(with);
        BOOST_TEST((with.session.at() == phase::session));
        BOOST_TEST(with.session.macros().find("i").has_value());
        BOOST_TEST(with.hear(wire::mail{"<a@b>", {}}).has_value());
        BOOST_TEST(!with.session.macros().find("i").has_value());
        BOOST_TEST((with.say(wire::reject{}) == none));
    }
}

BOOST_AUTO_TEST_CASE(abort_is_taken_in_every_state_and_again_132) {
    std::optional<command_code> const nothing;
    std::vector<std::optional<command_code>> stages{nothing};
    stages.insert(stages.end(), std::begin(answered), std::end(answered));
    for (auto const& stage : stages) {
        BOOST_TEST_CONTEXT("after " << (stage ? wire::name_of(*stage) : "the negotiation")) {
            talk with;
            if (stage) with.come_to(*stage);
            with.say(wire::proceed{});
            with.said();
            for (int i = 0; i < 3; ++i) {
                BOOST_TEST((with.hear(wire::abort{}) == wire::any_command(wire::abort{})));
                BOOST_TEST(!with.session.out_of_order());
                BOOST_TEST(!with.session.awaits_reply());
                BOOST_TEST((with.session.at() == (stage ? phase::session : phase::negotiated)));
            }
            BOOST_TEST(with.said() == "");
            if (!stage) in_order(with, wire::connect{"client", wire::family::unknown, 0, ""});
            message(with);
        }
    }
}

BOOST_AUTO_TEST_CASE(abort_keeps_what_is_known_of_the_client_131_187) {
    talk with;
    with.hear(wire::macros{'C', wire::zstr_list("j\0mx\0"sv)});
    in_order(with, wire::connect{"client", wire::family::unknown, 0, ""});
    with.hear(wire::macros{'H', wire::zstr_list("{tls_version}\0TLSv1.3\0"sv)});
    in_order(with, wire::helo{"client"});
    in_order(with, wire::mail{"<a@b>", {}});
    with.hear(wire::abort{});
    BOOST_TEST((with.session.macros().find("j") == "mx"sv));
    message(with); // needs no new CONNECT or HELO
    BOOST_TEST((with.session.macros().find("{tls_version}") == "TLSv1.3"sv));
}

BOOST_AUTO_TEST_CASE(client_whose_address_does_not_parse_is_given_as_it_came_69_70_71) {
    for (auto const address :
         {"999.0.2.1"sv, "2001:db8:::1"sv, "IPv6:"sv, "[192.0.2.1]"sv, ""sv, "\xff\x80"sv}) {
        for (auto const family : {wire::family::inet, wire::family::inet6}) {
            talk with;
            wire::connect const client{"[IPv6:2001:db8::1]", family, 0, address};
            BOOST_TEST((with.hear(client) == wire::any_command(client)));
            BOOST_TEST(!with.ec);
            with.say(wire::proceed{});
            message(with);
        }
    }
}

BOOST_AUTO_TEST_CASE(pieces_of_body_are_given_as_they_were_cut_14_90) {
    talk with;
    with.come_to(command_code::end_of_headers);
    with.say(wire::proceed{});
    std::string body;
    for (auto const piece : {"one\r"sv, "\ntwo\0"sv, "\r\n"sv, "\xc3"sv, "\xa4\r\n.\r\n"sv}) {
        auto const got = with.hear(wire::body{piece});
        BOOST_TEST_REQUIRE(got.has_value());
        body += std::get<wire::body>(*got).bytes;
        with.say(wire::proceed{});
    }
    BOOST_TEST(support::to_hex(body) == support::to_hex("one\r\ntwo\0\r\n\xc3\xa4\r\n.\r\n"sv));
}

BOOST_AUTO_TEST_CASE(unexpected_data_is_ignored_20_26) {
    filter_session session;
    error_code ec;
    session.received(bytes("00 00 00 10 4f 00 00 00 06 00 00 01 ff 00 1f ff ff 'xyz'"));
    BOOST_TEST(session.next(ec).has_value());
    BOOST_TEST(session.agreed().version == 6u);

    talk with;
    with.come_to(command_code::rcpt);
    with.say(wire::proceed{});
    for (auto const* packet : {"00000003 54 'xy'", "00000002 4e 00", "00000002 41 'x'",
                               "00000002 4b 'x'", "00000003 51 'xy'"}) {
        BOOST_TEST(with.hear_bytes(bytes(packet)).has_value(), packet);
        BOOST_TEST(!with.ec);
        BOOST_TEST(!with.session.out_of_order());
        with.say(wire::proceed{});
    }
    BOOST_TEST(with.session.closed());
}

BOOST_AUTO_TEST_SUITE_END()
