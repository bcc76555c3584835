// SPDX-License-Identifier: BSL-1.0
// tests/manager/content.cpp - headers and body through several milters: who sees what, whose verdict counts
//
// Source: statements 224, 232-237, 242-246, 253, 272-274.

#include "manager/core/message_size.hpp"

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

constexpr char const* up_to_data = "connect helo mail rcpt data";
std::string const stages[] = {"header", "end_of_headers", "body", "end_of_message"};

/// What a milter has seen when it was shown a usual message up to and with its first `stage`.
std::string seen_up_to(std::string const& stage) {
    std::string all = up_to_data;
    if (stage == "header") return all + " header";
    all += " header header header end_of_headers";
    if (stage == "end_of_headers") return all;
    all += " body";
    return stage == "body" ? all : all + " end_of_message";
}

std::string const whole = seen_up_to("end_of_message");

struct verdict_row {
    reaction says;
    std::string heard;
};

std::vector<verdict_row> terminal() {
    return {{say(wire::reject{}), "reject"},
            {say(wire::tempfail{}), "tempfail"},
            {say(wire::discard{}), "discard"},
            {say_text("554 5.7.1 spam"), "reply \"554 5.7.1 spam\""},
            {say(wire::shutdown{}), "reply \"421 4.7.0 Service unavailable, closing connection\""}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(content)

BOOST_AUTO_TEST_CASE(size_of_a_field_is_that_of_its_lines) {
    using milter::manager::field_size;
    BOOST_TEST(field_size("Subject", " hi") == std::string_view("Subject: hi\r\n").size());
    BOOST_TEST(field_size("To", " a,\n\tb") == std::string_view("To: a,\r\n\tb\r\n").size());
    BOOST_TEST(field_size("To", " a,\r\n\tb") == std::string_view("To: a,\r\n\tb\r\n").size());
    BOOST_TEST(field_size("X", "\n") == std::string_view("X:\r\n\r\n").size());
}

BOOST_AUTO_TEST_CASE(
    verdict_of_any_milter_at_any_content_stage_is_given_at_end_of_message_122_143_224_235_236_241) {
    for (auto const& stage : stages)
        for (std::size_t k = 0; k < 3; ++k)
            for (auto const& row : terminal())
                BOOST_TEST_CONTEXT(stage << " by " << k << ": " << row.heard) {
                    manager_rig rig(3);
                    rig.filter(k).on(stage, row.says, once);
                    rig.begin();
                    rig.envelope();
                    rig.content();
                    BOOST_TEST(rig.end() == row.heard);
                    for (std::size_t other = 0; other < 3; ++other) {
                        auto const story = rig.filter(other).story();
                        if (other < k) BOOST_TEST(story == whole); // it had its say before
                        if (other == k) BOOST_TEST(story == seen_up_to(stage));
                        if (other > k) BOOST_TEST(story == std::string(up_to_data) + " abort");
                    }
                    BOOST_TEST(rig.mta.edits().empty());
                    BOOST_TEST(rig.message() ==
                               "continue"); // the next message is not touched by it
                    for (std::size_t other = 0; other < 3; ++other)
                        BOOST_TEST(rig.filter(other).connections() == 1U);
                }
}

BOOST_AUTO_TEST_CASE(accept_in_content_lets_one_milter_off_and_the_others_go_on_125_232_234) {
    for (auto const& stage : stages)
        for (std::size_t k = 0; k < 3; ++k) BOOST_TEST_CONTEXT(stage << " by " << k) {
                manager_rig rig(3);
                rig.filter(k).on(stage, say(wire::accept{}), once);
                rig.begin();
                rig.envelope();
                rig.content();
                BOOST_TEST(rig.end() == "continue");
                for (std::size_t other = 0; other < 3; ++other)
                    BOOST_TEST(rig.filter(other).story() ==
                               (other == k ? seen_up_to(stage) : whole));
                BOOST_TEST(rig.message() == "continue");
                BOOST_TEST(rig.filter(k).judged().size() == (stage == "end_of_message" ? 2U : 1U));
            }
}

BOOST_AUTO_TEST_CASE(continue_and_accept_at_the_end_keep_the_edits_alike_126) {
    for (bool const accepts : {false, true}) {
        manager_rig rig(2);
        wire::add_header const edit{"X-A", "1"};
        rig.filter(0).on("end_of_message",
                         accepts ? say(edit, wire::accept{}) : say(edit, wire::proceed{}));
        rig.begin();
        BOOST_TEST(rig.message() == "add_header \"X-A\" \" 1\"; continue");
        BOOST_TEST(rig.filter(1).message().headers.back() == "X-A:1");
        BOOST_TEST(rig.filter(1).judged().size() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(milter_gets_content_only_after_its_predecessor_has_judged_the_message_244) {
    manager_rig rig(2);
    rig.filter(0).on("end_of_message", say(wire::proceed{}).after(3s));
    rig.begin();
    rig.envelope();
    rig.content();
    rig.mta.say(wire::end_of_message{});
    rig.pass(2s);
    BOOST_TEST(rig.filter(0).story() == whole);
    BOOST_TEST(rig.filter(1).story() == up_to_data);
    rig.pass(2s);
    BOOST_TEST(rig.filter(1).story() == whole);
    BOOST_TEST(rig.mta.heard() == "continue");
}

BOOST_AUTO_TEST_CASE(first_milter_is_shown_content_as_it_comes) {
    manager_rig rig(2);
    rig.begin();
    rig.envelope();
    rig.send(wire::header{"Subject", " one"});
    BOOST_TEST(rig.filter(0).story() == std::string(up_to_data) + " header");
    rig.send(wire::end_of_headers{});
    BOOST_TEST(rig.filter(0).story() == std::string(up_to_data) + " header end_of_headers");
}

BOOST_AUTO_TEST_CASE(skip_at_body_stops_the_body_for_one_milter_only_103_237) {
    manager_rig rig(3);
    rig.filter(1).wants.steps = wire::step::skip;
    rig.filter(1).on("body", say(wire::skip{}));
    rig.begin();
    rig.envelope();
    std::string const body(200'000, 'x');
    rig.content(rig.usual_headers(), body);
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST(rig.filter(0).message().body.size() == body.size());
    BOOST_TEST(rig.filter(1).message().chunks == std::vector<std::size_t>{65'535},
               boost::test_tools::per_element());
    BOOST_TEST(rig.filter(2).message().body.size() == body.size());
    BOOST_TEST(rig.filter(1).judged().size() == 1U);
}

BOOST_AUTO_TEST_CASE(skip_at_header_stops_the_headers_for_one_milter_only) {
    manager_rig rig(2);
    rig.filter(0).wants.steps = wire::step::skip;
    rig.filter(0).on("header", say(wire::skip{}));
    rig.begin();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).story() ==
               std::string(up_to_data) + " header end_of_headers body end_of_message");
    BOOST_TEST(rig.filter(1).story() == whole);
}

BOOST_AUTO_TEST_CASE(body_comes_in_chunks_as_the_mtas_cut_them_89_253) {
    manager_rig rig(2);
    rig.begin();
    rig.envelope();
    std::string body;
    while (body.size() < 150'000) body += "line " + std::to_string(body.size()) + "\r\n";
    rig.content(rig.usual_headers(), body);
    BOOST_TEST(rig.end() == "continue");
    for (std::size_t k = 0; k < 2; ++k) {
        BOOST_TEST(rig.filter(k).message().body == body);
        BOOST_TEST(rig.filter(k).message().chunks ==
                       (std::vector<std::size_t>{65'535, 65'535, body.size() - 131'070}),
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(small_pieces_of_body_are_put_together) {
    manager_rig rig(1);
    rig.begin();
    rig.envelope();
    rig.send(wire::end_of_headers{});
    for (int i = 0; i < 100; ++i) rig.send(wire::body{"0123456789"});
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST(rig.filter(0).message().chunks == std::vector<std::size_t>{1000},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(line_end_split_between_two_pieces_of_body_stays_one_90) {
    manager_rig rig(2);
    rig.begin();
    rig.envelope();
    rig.send(wire::end_of_headers{});
    for (std::string_view const piece : {"one\r", "\ntwo\r", "\n", "\r", "\n"})
        rig.send(wire::body{piece});
    BOOST_TEST(rig.end() == "continue");
    for (std::size_t k = 0; k < 2; ++k)
        BOOST_TEST(rig.filter(k).message().body == "one\r\ntwo\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(message_without_headers_or_body_has_neither_91) {
    manager_rig rig(2);
    rig.begin();
    rig.envelope();
    rig.send(wire::end_of_headers{});
    BOOST_TEST(rig.end() == "continue");
    for (std::size_t k = 0; k < 2; ++k)
        BOOST_TEST(rig.filter(k).story() ==
                   std::string(up_to_data) + " end_of_headers end_of_message");
}

BOOST_AUTO_TEST_CASE(body_in_the_end_of_message_packet_of_an_old_mta_is_body_92_93) {
    manager_rig rig(2);
    rig.begin();
    rig.envelope();
    rig.content(rig.usual_headers(), "one\r\n");
    BOOST_TEST(rig.send(wire::end_of_message{"two\r\n"}) == "continue");
    for (std::size_t k = 0; k < 2; ++k) {
        BOOST_TEST(rig.filter(k).message().body == "one\r\ntwo\r\n");
        BOOST_TEST(rig.filter(k).last("end_of_message") == "end_of_message"); // without data
    }
}

BOOST_AUTO_TEST_CASE(each_milter_is_spared_what_it_does_not_want) {
    struct row {
        wire::step steps;
        std::string story;
    };
    row const rows[] = {
        {wire::step::no_connect | wire::step::no_helo,
         "mail rcpt data header header header end_of_headers body end_of_message"},
        {wire::step::no_mail | wire::step::no_rcpt | wire::step::no_data,
         "connect helo header header header end_of_headers body end_of_message"},
        {wire::step::no_header, "connect helo mail rcpt data end_of_headers body end_of_message"},
        {wire::step::no_end_of_headers,
         "connect helo mail rcpt data header header header body end_of_message"},
        {wire::step::no_body,
         "connect helo mail rcpt data header header header end_of_headers end_of_message"},
        {wire::step::all_no, "end_of_message"},
        {wire::step::all_nr,
         "connect helo mail rcpt data header header header end_of_headers body end_of_message"},
    };
    for (auto const& row : rows) BOOST_TEST_CONTEXT(wire::to_string(row.steps)) {
            manager_rig rig(3);
            rig.filter(1).wants.steps = row.steps;
            rig.begin();
            BOOST_TEST(rig.message() == "continue");
            BOOST_TEST(rig.filter(0).story() == whole);
            BOOST_TEST(rig.filter(1).story() == row.story);
            BOOST_TEST(rig.filter(2).story() == whole);
        }
}

BOOST_AUTO_TEST_CASE(keepalive_before_end_of_message_is_not_passed_on_242) {
    for (std::string const stage :
         {"connect", "helo", "mail", "rcpt", "data", "header", "end_of_headers", "body"})
        BOOST_TEST_CONTEXT(stage) {
            manager_rig rig(1);
            rig.filter(0).on(stage, say(wire::progress{}).then(say(wire::proceed{}).after(1s)));
            rig.begin();
            BOOST_TEST(rig.message() == "continue"); // the scripted MTA minds
            BOOST_TEST(rig.log().empty());
        }
}

BOOST_AUTO_TEST_CASE(mta_of_version_2_is_answered_at_each_header_and_piece_of_body_272) {
    for (bool const refuses : {false, true}) {
        manager_rig rig(2);
        rig.mta.offer = {2, static_cast<wire::action>(0x1f), static_cast<wire::step>(0x7f)};
        if (refuses) rig.filter(0).on("header", say(wire::reject{}));
        rig.begin();
        BOOST_TEST(rig.mta.agreed().version == 2U);
        rig.send(wire::mail{"<a@client.test>", {}});
        rig.send(wire::rcpt{"<b@mx.test>", {}});
        BOOST_TEST(rig.send(wire::header{"Subject", "one"}) == "continue");
        BOOST_TEST(rig.send(wire::end_of_headers{}) == "continue");
        BOOST_TEST(rig.send(wire::body{"hello\r\n"}) == "continue");
        BOOST_TEST(rig.end() == (refuses ? "reject" : "continue"));
        if (!refuses)
            BOOST_TEST(rig.filter(1).story() ==
                       "connect helo mail rcpt header end_of_headers body end_of_message");
    }
}

BOOST_AUTO_TEST_CASE(milter_of_version_2_is_sent_what_it_knows) {
    manager_rig rig(2);
    rig.filter(0).wants.version = 2;
    rig.filter(0).wants.actions = static_cast<wire::action>(0x1f);
    rig.filter(0).wants.steps =
        wire::step::no_data | wire::step::no_unknown; // by its version; not on the wire
    rig.filter(0).on("negotiate", say(wire::negotiate_reply{
                                      2, static_cast<wire::action>(0x1f), wire::step::none, {}}));
    rig.begin();
    BOOST_TEST(rig.send(wire::unknown{"FOO"}) == "continue");
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).story() ==
               "connect helo mail rcpt header header header end_of_headers body end_of_message");
}

BOOST_AUTO_TEST_CASE(rspamd_answers_the_offer_and_the_end_of_message_only_253_274) {
    manager_rig rig(2);
    rig.filter(0).wants.steps = static_cast<wire::step>(0xff080);
    auto const body = std::string(3'000'000, 'r') + "\r\n"; // in one packet, of whatever size
    rig.filter(0).on("end_of_message", say(wire::add_header{"X-Spamd-Bar", "/"},
                                           wire::insert_header{1, "X-Spam", "no"},
                                           wire::replace_body{body}, wire::accept{}));
    rig.begin();
    rig.envelope();
    rig.content();
    auto const answer = rig.end();
    BOOST_TEST(answer.substr(0, 70) ==
               "add_header \"X-Spamd-Bar\" \" /\"; insert_header 1 \"X-Spam\" \" no\"; replace");
    BOOST_TEST(rig.mta.new_body().size() == body.size());
    BOOST_TEST(rig.filter(1).message().body.size() == body.size());
    BOOST_TEST(rig.filter(1).message().headers.size() == 5U);
}

BOOST_AUTO_TEST_CASE(new_body_in_one_packet_is_taken_up_to_its_limit_274) {
    constexpr std::size_t limit = 1'000'000;
    for (auto const size : {limit, limit + 1}) BOOST_TEST_CONTEXT(size) {
            manager_rig rig(1);
            rig.config.limits.edits.body_bytes = limit;
            std::string const body(size, 'r');
            rig.filter(0).on("end_of_message", say(wire::replace_body{body}, wire::accept{}));
            rig.begin();
            auto const heard = rig.message();
            BOOST_TEST(heard.ends_with(size == limit ? "; accept"
                                                     : "451 4.7.1 Service unavailable "
                                                       "- try again later\""));
            BOOST_TEST((rig.mta.new_body() == (size == limit ? body : "")));
        }
}

BOOST_AUTO_TEST_SUITE_END()
