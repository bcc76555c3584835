// SPDX-License-Identifier: BSL-1.0
// tests/proto/filter_reply.cpp - what a filter may say when, and what is not sent
//
// Numbers in the names of the cases are those of the statements in the protocol description. Whole
// conversations: conversation.cpp.

#include "filter_talk.hpp"

#include <algorithm>
#include <cstring>

using namespace filter_talk;

BOOST_AUTO_TEST_SUITE(filter_reply)

BOOST_AUTO_TEST_CASE(each_command_is_owed_one_verdict_99) {
    for (auto const code : answered) {
        talk with;
        with.come_to(code);
        BOOST_TEST_CONTEXT(wire::name_of(code)) {
            BOOST_TEST_REQUIRE(!with.ec);
            BOOST_TEST((with.session.owed() == code));
            with.said();
            with.session.received(packet(wire::abort{}));
            BOOST_TEST(!with.session.next(with.ec).has_value(),
                       "nothing comes while a reply is owed");
            BOOST_TEST((with.say(wire::proceed{}) == none));
            BOOST_TEST(with.said() == "00 00 00 01 63");
            BOOST_TEST((with.say(wire::proceed{}) == errc::misuse));
            BOOST_TEST(with.said() == "");
            BOOST_TEST((wire::code_of(*with.session.next(with.ec)) == command_code::abort));
        }
    }
}

BOOST_AUTO_TEST_CASE(commands_without_verdict_are_not_answered_100) {
    talk with;
    with.come_to(command_code::rcpt);
    with.say(wire::proceed{});
    with.said();
    BOOST_TEST((wire::code_of(*with.hear(wire::abort{})) == command_code::abort));
    BOOST_TEST(!with.session.awaits_reply());
    BOOST_TEST((with.say(wire::reject{}) == none), "a reply to it does nothing");
    BOOST_TEST(!with.hear(wire::macros{'M', {}}).has_value());
    BOOST_TEST((wire::code_of(*with.hear(wire::quit{})) == command_code::quit));
    BOOST_TEST((with.say(wire::reject{}) == none));
    BOOST_TEST(with.said() == "");
    BOOST_TEST(with.session.closed());
}

BOOST_AUTO_TEST_CASE(verdicts_are_allowed_at_each_stage_but_two_at_unknown) {
    for (auto const code : answered) {
        auto const try_one = [&](auto const& reply, std::string_view expected, errc why = none) {
            talk with;
            with.come_to(code);
            with.said();
            BOOST_TEST_CONTEXT(describe(wire::any_reply(reply)) << " to " << wire::name_of(code)) {
                BOOST_TEST((with.say(reply) == why));
                BOOST_TEST(with.said() == support::to_hex(bytes(expected)));
                BOOST_TEST(with.session.awaits_reply() == (why != none));
            }
        };
        bool const unknown = code == command_code::unknown;
        try_one(wire::proceed{}, "00 00 00 01 63");
        try_one(wire::reject{}, "00 00 00 01 72");
        try_one(wire::tempfail{}, "00 00 00 01 74");
        try_one(wire::reply_text{"550 5.7.1 no"}, "00 00 00 0e 79 '550 5.7.1 no' 00");
        try_one(wire::skip{}, "00 00 00 01 63"); // not negotiated: statement 101
        try_one(wire::accept{}, unknown ? "" : "00 00 00 01 61",
                unknown ? errc::reply_not_allowed : none);
        try_one(wire::discard{}, unknown ? "" : "00 00 00 01 64",
                unknown ? errc::reply_not_allowed : none);
        try_one(wire::negotiate_reply{}, "", errc::misuse);
    }
}

BOOST_AUTO_TEST_CASE(skip_is_sent_only_to_a_body_and_where_negotiated_101_102) {
    for (auto const code : answered) {
        talk with(wants(action::none, step::skip));
        with.come_to(code);
        with.said();
        BOOST_TEST((with.say(wire::skip{}) == none));
        BOOST_TEST_CONTEXT(wire::name_of(code))
        BOOST_TEST(with.said() ==
                   (code == command_code::body ? "00 00 00 01 73" : "00 00 00 01 63"));
    }
}

BOOST_AUTO_TEST_CASE(edits_and_keepalives_are_sent_only_before_the_last_verdict_104_129_151) {
    for (auto const code : answered) {
        talk with(wants(action::all));
        with.come_to(code);
        with.said();
        bool const at_end = code == command_code::end_of_message;
        auto const expected = at_end ? none : errc::reply_not_allowed;
        BOOST_TEST_CONTEXT(wire::name_of(code)) {
            BOOST_TEST((with.say(wire::progress{}) == expected));
            BOOST_TEST((with.say(wire::add_header{"X", "y"}) == expected));
            BOOST_TEST((with.say(wire::insert_header{0, "X", "y"}) == expected));
            BOOST_TEST((with.say(wire::change_header{1, "X", ""}) == expected));
            BOOST_TEST((with.say(wire::replace_body{"y"}) == expected));
            BOOST_TEST((with.say(wire::add_rcpt{"a"}) == expected));
            BOOST_TEST((with.say(wire::add_rcpt_with_args{"a", "b"}) == expected));
            BOOST_TEST((with.say(wire::delete_rcpt{"a"}) == expected));
            BOOST_TEST((with.say(wire::change_from{"a", std::nullopt}) == expected));
            BOOST_TEST((with.say(wire::quarantine{"a"}) == expected));
            BOOST_TEST((with.session.owed() == code));
            BOOST_TEST(with.said().empty() == !at_end);
        }
    }
}

BOOST_AUTO_TEST_CASE(edits_whose_action_was_not_negotiated_are_not_sent_178) {
    auto const check = [](action granted) {
        talk with(wants(granted));
        with.come_to(command_code::end_of_message);
        with.said();
        auto const expected = [&](action needed) {
            return wire::any(granted, needed) ? none : errc::not_negotiated;
        };
        BOOST_TEST_CONTEXT(to_string(granted)) {
            BOOST_TEST((with.say(wire::progress{}) == none));
            BOOST_TEST((with.say(wire::replace_body{""}) == expected(action::change_body)));
            BOOST_TEST((with.say(wire::add_header{"X", "y"}) == expected(action::add_header)));
            BOOST_TEST(
                (with.say(wire::insert_header{0, "X", "y"}) == expected(action::add_header)));
            BOOST_TEST(
                (with.say(wire::change_header{1, "X", ""}) == expected(action::change_header)));
            BOOST_TEST((with.say(wire::add_rcpt{"a"}) == expected(action::add_rcpt)));
            BOOST_TEST((with.say(wire::add_rcpt_with_args{"a", "b"}) ==
                        expected(action::add_rcpt_with_args)));
            BOOST_TEST((with.say(wire::delete_rcpt{"a"}) == expected(action::delete_rcpt)));
            BOOST_TEST(
                (with.say(wire::change_from{"a", std::nullopt}) == expected(action::change_from)));
            BOOST_TEST((with.say(wire::quarantine{"a"}) == expected(action::quarantine)));
        }
    };
    check(action::none);
    for (auto const& row : wire::action_rows) check(row.bit);
}

BOOST_AUTO_TEST_CASE(replies_that_an_mta_would_punish_are_not_sent_108_180) {
    talk with(wants(action::all));
    with.come_to(command_code::end_of_message);
    with.said();
    BOOST_TEST((with.say(wire::reply_text{"250 ok"}) == errc::bad_reply_text));
    BOOST_TEST((with.say(wire::reply_text{"550 4.7.1 no"}) == errc::bad_reply_text));
    BOOST_TEST((with.say(wire::reply_text{""}) == errc::bad_reply_text));
    BOOST_TEST((with.say(wire::add_header{"", "y"}) == errc::empty_name));
    BOOST_TEST((with.say(wire::insert_header{0x8000'0000, "X", "y"}) == errc::bad_index));
    BOOST_TEST((with.say(wire::change_header{0xffff'ffff, "X", ""}) == errc::bad_index));
    BOOST_TEST(with.said() == "");
    BOOST_TEST((with.session.owed() == command_code::end_of_message));
    BOOST_TEST((with.say(wire::insert_header{0x7fff'ffff, "X", "y"}) == none));
}

BOOST_AUTO_TEST_CASE(reply_text_is_sent_as_it_is_with_one_nul_behind_it_107) {
    for (auto const text : {"550 5.7.1 no"sv, "451 "sv, "421 4.7.0 caf\xc3\xa9 100%%"sv,
                            "554-5.7.1 one\r\n554-5.7.1 two\r\n554 5.7.1 three"sv}) {
        talk with;
        with.come_to(command_code::mail);
        with.session.output().clear();
        BOOST_TEST((with.say(wire::reply_text{text}) == none));
        std::string expected;
        wire::append_frame(expected, 'y', std::string(text) + '\0');
        BOOST_TEST(with.said() == support::to_hex(expected));
    }
    for (auto const text : {"550 5.7.1 no\0"sv, "550 5.7.1\0no"sv, "\0"sv}) {
        talk with;
        with.come_to(command_code::mail);
        with.said();
        BOOST_TEST((with.say(wire::reply_text{text}) == errc::bad_reply_text));
        BOOST_TEST(with.said() == "");
    }
}

BOOST_AUTO_TEST_CASE(reply_text_longer_than_an_mta_takes_is_not_sent_117) {
    talk with;
    with.come_to(command_code::mail);
    with.said();
    std::string many;
    for (int i = 0; i < 32; ++i) many += "550-x\r\n";
    std::string const line = "550 5.7.1 " + std::string(980, 'x');
    BOOST_TEST((with.say(wire::reply_text{many + "550 y"}) == errc::bad_reply_text));
    BOOST_TEST((with.say(wire::reply_text{line + "x"}) == errc::bad_reply_text));
    BOOST_TEST(with.said() == "");
    BOOST_TEST((with.say(wire::reply_text{line}) == none));
}

BOOST_AUTO_TEST_CASE(nul_never_gets_into_a_text_field) {
    talk with(wants(action::all));
    with.come_to(command_code::end_of_message);
    with.said();
    auto const nul = "a\0b"sv;
    BOOST_TEST((with.say(wire::add_header{nul, "y"}) == errc::embedded_nul));
    BOOST_TEST((with.say(wire::add_header{"X", nul}) == errc::embedded_nul));
    BOOST_TEST((with.say(wire::insert_header{0, "X", nul}) == errc::embedded_nul));
    BOOST_TEST((with.say(wire::change_header{1, "X", nul}) == errc::embedded_nul));
    BOOST_TEST((with.say(wire::add_rcpt{nul}) == errc::embedded_nul));
    BOOST_TEST((with.say(wire::delete_rcpt{nul}) == errc::embedded_nul));
    BOOST_TEST((with.say(wire::add_rcpt_with_args{"a", nul}) == errc::embedded_nul));
    BOOST_TEST((with.say(wire::change_from{nul, std::nullopt}) == errc::embedded_nul));
    BOOST_TEST((with.say(wire::quarantine{nul}) == errc::embedded_nul));
    BOOST_TEST(with.said() == "");
    BOOST_TEST((with.say(wire::replace_body{nul}) == none), "a body is no text");
}

BOOST_AUTO_TEST_CASE(replacement_body_is_sent_in_one_run_170) {
    talk with(wants(action::all));
    with.come_to(command_code::end_of_message);
    BOOST_TEST((with.say(wire::add_header{"X", "1"}) == none));
    BOOST_TEST((with.say(wire::replace_body{"one"}) == none));
    BOOST_TEST((with.say(wire::replace_body{"two"}) == none));
    BOOST_TEST((with.say(wire::progress{}) == none));
    BOOST_TEST((with.say(wire::replace_body{"three"}) == errc::body_interleaved));
    BOOST_TEST((with.say(wire::add_header{"X", "2"}) == none));
    BOOST_TEST((with.say(wire::accept{}) == none));
    with.come_to(command_code::end_of_message);
    BOOST_TEST((with.say(wire::replace_body{"next message"}) == none));
}

BOOST_AUTO_TEST_CASE(reply_larger_than_agreed_is_not_sent_7) {
    talk with(wants(action::all));
    with.come_to(command_code::end_of_message);
    with.said();
    BOOST_TEST((with.say(wire::replace_body{std::string(65'536, 'x')}) == errc::too_large_to_send));
    BOOST_TEST(
        (with.say(wire::add_header{"X", std::string(65'533, 'x')}) == errc::too_large_to_send));
    BOOST_TEST(with.said() == "");
    BOOST_TEST((with.say(wire::replace_body{std::string(65'535, 'x')}) == none),
               "the refused piece began no run");
    BOOST_TEST((with.say(wire::add_header{"X", std::string(65'532, 'x')}) == none));
}

BOOST_AUTO_TEST_CASE(limits_are_the_callers_where_he_sets_them_5_117) {
    auto options = wants(action::none);
    options.max_command_bytes = 100;
    options.reply_text = {1, 10};
    talk with(options);
    with.come_to(command_code::helo);
    BOOST_TEST((with.say(wire::reply_text{"550 5.7.1 12345678901"}) == errc::bad_reply_text));
    BOOST_TEST((with.say(wire::reply_text{"550-a\r\n550 b"}) == errc::bad_reply_text));
    BOOST_TEST((with.say(wire::reply_text{"550 5.7.1 1234567890"}) == none));
    BOOST_TEST(with.hear(wire::unknown{std::string(99, 'x')}).has_value());
    with.say(wire::proceed{});
    BOOST_TEST(!with.hear(wire::unknown{std::string(100, 'x')}).has_value());
    BOOST_TEST(with.ec == errc::frame_too_large);
}

BOOST_AUTO_TEST_CASE(packet_of_a_million_bytes_is_read_step_by_step_where_agreed_64) {
    wire::negotiate const offer{6, action::all, step::all | step::data_size_1m};
    talk with(wants(action::all, step::data_size_1m), offer);
    with.come_to(command_code::end_of_headers);
    with.say(wire::proceed{});
    auto const whole = packet(wire::body{std::string(1'000'000, 'x')});
    std::optional<wire::any_command> body;
    for (std::size_t at = 0; at != whole.size();) {
        BOOST_TEST_REQUIRE(!body.has_value());
        auto const room = with.session.prepare();
        auto const size = std::min(room.size(), whole.size() - at);
        std::memcpy(room.data(), whole.data() + at, size);
        at += size;
        BOOST_TEST(room.size() <= 2 * at + std::size_t{128} * 1024,
                   "memory is had for what came, not for what is said to come");
        with.session.commit(size);
        body = with.session.next(with.ec);
        BOOST_TEST_REQUIRE(!with.ec);
    }
    BOOST_TEST_REQUIRE(body.has_value());
    BOOST_TEST(std::get<wire::body>(*body).bytes.size() == 1'000'000u);
}

BOOST_AUTO_TEST_CASE(larger_packets_are_exchanged_where_agreed_64) {
    wire::negotiate const offer{6, action::all, step::all | step::data_size_256k};
    talk with(wants(action::all, step::data_size_256k), offer);
    with.come_to(command_code::end_of_headers);
    with.say(wire::proceed{});
    auto const body = with.hear(wire::body{std::string(262'143, 'x')});
    BOOST_TEST_REQUIRE(body.has_value());
    BOOST_TEST(std::get<wire::body>(*body).bytes.size() == 262'143u);
    with.say(wire::proceed{});
    with.hear(wire::end_of_message{});
    BOOST_TEST((with.say(wire::replace_body{std::string(262'143, 'x')}) == none));
    with.say(wire::proceed{});
    BOOST_TEST(!with.hear_bytes(bytes("00 04 00 01")).has_value());
    BOOST_TEST(with.ec == errc::frame_too_large);
}

BOOST_AUTO_TEST_CASE(unanswered_commands_are_given_and_their_verdicts_swallowed_62) {
    talk with(wants(action::all, step::all_nr));
    for (auto const code : answered) {
        if (code == command_code::end_of_message) continue;
        with.come_to(code);
        BOOST_TEST_CONTEXT(wire::name_of(code)) {
            BOOST_TEST(!with.session.awaits_reply());
            BOOST_TEST((with.say(wire::reject{}) == none));
            BOOST_TEST(with.said() == "");
        }
    }
    with.come_to(command_code::end_of_message);
    BOOST_TEST((with.session.owed() == command_code::end_of_message));
    BOOST_TEST((with.say(wire::reject{}) == none));
    BOOST_TEST(with.said() == "00 00 00 01 72");
}

BOOST_AUTO_TEST_CASE(unanswered_commands_that_were_not_offered_are_answered_by_the_session_39) {
    talk with(wants(action::all, step::all_nr), {6, action::all, step::all_no});
    for (auto const code : answered) {
        if (code == command_code::end_of_message) continue;
        with.come_to(code);
        BOOST_TEST_CONTEXT(wire::name_of(code)) {
            BOOST_TEST(!with.session.awaits_reply());
            BOOST_TEST((with.say(wire::reject{}) == none));
            BOOST_TEST(with.said().ends_with("00 00 00 01 63"));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
