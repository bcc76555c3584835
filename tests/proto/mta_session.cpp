// SPDX-License-Identifier: BSL-1.0
// tests/proto/mta_session.cpp - what an MTA side sends, when, and for how long it waits
//
// Numbers in the names of the cases are those of the statements in the protocol description. Whole
// conversations: conversation.cpp.

#include "milter/proto/mta_session.hpp"

#include "mta_talk.hpp"

using namespace mta_talk;

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

BOOST_AUTO_TEST_CASE(error_of_an_earlier_call_is_none_of_the_next_reply) {
    talk one;
    one.send(wire::helo{"a"});
    one.ec = errc::misuse;
    BOOST_TEST(one.hear(wire::proceed{}).has_value());
    BOOST_TEST(!one.ec, one.ec.message());
}

BOOST_AUTO_TEST_CASE(draining_ends_at_the_deadline_as_well) {
    talk with;
    with.come_to(command_code::body);
    with.session.abort(with.now, with.ec);
    with.session.expire(with.session.deadline(), with.ec);
    BOOST_TEST(with.ec == errc::timed_out);
    BOOST_TEST(with.session.closed());
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

BOOST_AUTO_TEST_SUITE_END()
