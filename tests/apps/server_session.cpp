// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_session.cpp - what the MTA of milter-test-server sends, byte for byte
//
// Numbers in the names of the cases are those of the statements in the protocol description.

#include "server_session_fixture.hpp"
#include "test-server/options.hpp"

#include <support/command_line.hpp>

#include <string>
#include <string_view>

using namespace server_session_test;

BOOST_FIXTURE_TEST_SUITE(apps_server_session, server_session_fixture)

BOOST_AUTO_TEST_CASE(client_of_each_family_is_told_as_described_65_66_67) {
    struct row {
        std::string spec;
        char const* mta;
        std::string_view payload;
    };
    row const rows[] = {
        {"inet:25000@192.0.2.1", "postfix-3.7", "'c.test' 00 34 61a8 '192.0.2.1' 00"},
        {"inet:0@192.0.2.1", "sendmail-8.17", "'c.test' 00 34 0000 '192.0.2.1' 00"},
        {"inet6:25@[2001:db8::1]", "postfix-3.7", "'c.test' 00 36 0019 '2001:db8::1' 00"},
        {"inet6:25@[2001:db8::1]", "sendmail-8.17", "'c.test' 00 36 0019 'IPv6:2001:db8::1' 00"},
        {"unix:/run/x", "postfix-3.7", "'c.test' 00 4c 0000 '/run/x' 00"},
        {"unknown", "postfix-3.7", "'c.test' 00 55"},
    };
    for (auto const& row : rows) {
        auto const parsed =
            support::parse_words(parse_options, {"-s", "unix:/x", "--connect-host", "c.test",
                                                 "--connect-address", row.spec});
        plan.client = parsed.result.value.plan.client;
        plan.mta = find_profile(row.mta);
        run();
        BOOST_TEST_CONTEXT(row.spec) same(heard(code::connect), {packet('C', row.payload)});
    }
}

BOOST_AUTO_TEST_CASE(address_comes_first_and_each_argument_is_a_string_75) {
    plan.messages = {compose(
        {"a@test SIZE=10 BODY=8BITMIME", {"b@test NOTIFY=NEVER", "c@test"}, {}, {"text\n"}})};
    run();
    same(heard(code::mail), {packet('M', "'<a@test>' 00 'SIZE=10' 00 'BODY=8BITMIME' 00")});
    same(heard(code::rcpt),
         {packet('R', "'<b@test>' 00 'NOTIFY=NEVER' 00"), packet('R', "'<c@test>' 00")});
}

BOOST_AUTO_TEST_CASE(session_of_two_messages_is_in_order_and_ends_with_quit_24_79_145) {
    plan.messages = {compose({"a@test", {"b@test", "c@test"}, {}, {"text\n"}}),
                     compose({"a@test", {"d@test"}, {}, {"text\n"}})};
    for (std::string const mta : {"postfix-3.7", "sendmail-8.17"}) {
        plan.mta = find_profile(mta);
        auto const out = run();
        BOOST_TEST(out.messages.size() == 2U);
        BOOST_TEST(story() ==
                   (mta == "postfix-3.7" ? "OCHMRRTLLNBEAMRTLLNBEAAQ" : "OCHMRRTLLNBEMRTLLNBEQ"));
        same(heard(code::data), {packet('T'), packet('T')});
        same({heard().back()}, {packet('Q')});
    }
}

constexpr std::string_view mail_file = "Received: from one\nX-Dup: 1\nx-dup : 2\nX-Dup: 1\n"
                                       "X-Fold: a\n\tb\n  c\nX-Empty:\nX-Blank: \nX-None:x\n"
                                       "X-Two:  y\nX-Tab:\tz\n\ntext\n";

BOOST_AUTO_TEST_CASE(headers_go_out_in_order_without_colon_and_one_blank_80_81_82_84_86_87) {
    plan.messages = {compose(parse_mail(mail_file), {"a@test", {"b@test"}, {}, {}})};
    run();
    same(heard(code::header),
         {packet('L', "'Received' 00 'from one' 00"), packet('L', "'X-Dup' 00 '1' 00"),
          packet('L', "'x-dup' 00 '2' 00"), packet('L', "'X-Dup' 00 '1' 00"),
          packet('L', "'X-Fold' 00 'a' 0a 09 'b' 0a '  c' 00"), packet('L', "'X-Empty' 00 00"),
          packet('L', "'X-Blank' 00 00"), packet('L', "'X-None' 00 'x' 00"),
          packet('L', "'X-Two' 00 ' y' 00"), packet('L', "'X-Tab' 00 09 'z' 00")});
    same(heard(code::end_of_headers), {packet('N')});
}

BOOST_AUTO_TEST_CASE(header_values_go_out_as_they_stand_where_that_was_agreed_85_86) {
    wants.wants.steps = wire::step::leading_space;
    plan.messages = {compose(parse_mail(mail_file), {"a@test", {"b@test"}, {}, {}})};
    run();
    same(heard(code::header),
         {packet('L', "'Received' 00 ' from one' 00"), packet('L', "'X-Dup' 00 ' 1' 00"),
          packet('L', "'x-dup' 00 ' 2' 00"), packet('L', "'X-Dup' 00 ' 1' 00"),
          packet('L', "'X-Fold' 00 ' a' 0a 09 'b' 0a '  c' 00"), packet('L', "'X-Empty' 00 00"),
          packet('L', "'X-Blank' 00 ' ' 00"), packet('L', "'X-None' 00 'x' 00"),
          packet('L', "'X-Two' 00 '  y' 00"), packet('L', "'X-Tab' 00 09 'z' 00")});
}

BOOST_AUTO_TEST_CASE(body_goes_out_with_crlf_in_pieces_of_65535_and_not_with_the_end_88_89_92) {
    std::string text, body;
    for (int i = 0; i < 3500; ++i) {
        auto const line = "..line " + std::to_string(i) + " of a body with dots in front";
        text += line + "\n";
        body += line + "\r\n";
    }
    plan.messages = {compose(parse_mail("A: 1\n\n" + text), {"a@test", {"b@test"}, {}, {}})};
    run();
    std::vector<std::size_t> sizes;
    std::string arrived;
    for (auto const& one : heard(code::body)) {
        sizes.push_back(one.size() - wire::frame_header_size);
        arrived += one.substr(wire::frame_header_size);
    }
    BOOST_TEST(sizes == (std::vector<std::size_t>{65'535, 65'535, body.size() - 131'070}),
               boost::test_tools::per_element());
    BOOST_TEST((arrived == body));
    same(heard(code::end_of_message), {packet('E')});
}

BOOST_AUTO_TEST_CASE(empty_body_is_no_command_and_the_message_ends_all_the_same_91_92) {
    plan.messages = {compose(parse_mail("A: 1\n\n"), {"a@test", {"b@test"}, {}, {}})};
    run();
    BOOST_TEST(story() == "OCHMRTLNEAAQ");
    same(heard(code::end_of_message), {packet('E')});
}

BOOST_AUTO_TEST_CASE(unknown_command_is_one_string_and_comes_before_a_message_94_95) {
    plan.unknown_commands = {"XYZ 1  2"};
    run();
    same(heard(code::unknown), {packet('U', "'XYZ 1  2' 00")});
    BOOST_TEST(story() == "OCHUMRTLLNBEAAQ");
}

BOOST_AUTO_TEST_CASE(macros_stand_in_front_of_the_command_they_name_57_181) {
    wants.wants.steps = wire::step::no_helo | wire::step::no_rcpt;
    run();
    auto const all = heard();
    std::string named;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i][4] != 'D') continue;
        BOOST_TEST_REQUIRE(i + 1 < all.size());
        auto const stage = all[i][5];
        named += stage;
        bool const left_out = stage == 'H' || stage == 'R';
        BOOST_TEST((all[i + 1][4] == stage) == !left_out, "macros of " << stage);
    }
    BOOST_TEST(named == "CHMRTLLNBE");
    BOOST_TEST(story() == "OCMTLLNBEAAQ");
}

BOOST_AUTO_TEST_CASE(header_too_large_for_a_packet_ends_the_session_and_not_the_stream_205) {
    plan.messages = {compose({"a@test", {"b@test"}, {"X-Huge: " + std::string(70'000, 'h')}, {}})};
    auto const out = run(); // heard() looks at the packets
    BOOST_TEST(story() == "OCHMRTLL");
    BOOST_TEST_REQUIRE(out.failed.has_value());
    BOOST_TEST((out.failed->why == milter::errc::too_large_to_send));
    BOOST_TEST_REQUIRE(out.messages.size() == 1U);
    BOOST_TEST(!out.messages[0].edits_stand);
}

BOOST_AUTO_TEST_SUITE_END()
