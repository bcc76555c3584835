// SPDX-License-Identifier: BSL-1.0
// tests/load/conversation.cpp - what the load driver sends for each answer, and what it makes of it

#include "load_rig.hpp"

using namespace load_test;

BOOST_FIXTURE_TEST_SUITE(load_conversation, load_rig)

BOOST_AUTO_TEST_CASE(each_command_waits_for_its_answer) {
    begin();
    BOOST_TEST(sent() == "O");
    BOOST_TEST(answer(agreeing(wire::step::none)) == "DC");
    for (auto const* next : {"H", "DM", "R", "R", "T", "DL", "L", "N", "B", "B", "E", "Q"})
        BOOST_TEST(answer('c') == next);
    BOOST_TEST(talk.over());
    BOOST_TEST(seen().count(load::outcome::pass) == 1U);
    BOOST_TEST(seen().answers == 13U);
    BOOST_TEST(seen().sessions == 1U);
    BOOST_TEST(seen().message_bytes == 1000U);
}

BOOST_AUTO_TEST_CASE(what_was_negotiated_away_is_not_sent_but_macros_of_the_envelope_are) {
    begin();
    reach("DDRRT", wire::step::no_connect | wire::step::no_helo | wire::step::no_mail |
                       wire::step::nr_rcpt | wire::step::no_header);
    for (auto const* next : {"N", "B", "B", "E", "Q"}) BOOST_TEST(answer('c') == next);
}

BOOST_AUTO_TEST_CASE(macros_of_what_is_left_out_go_with_what_follows) {
    begin();
    sent();
    BOOST_TEST(answer(agreeing(wire::step::no_connect)) == "DH");
    for (auto const* next : {"DM", "R"}) BOOST_TEST(answer('c') == next);
}

BOOST_AUTO_TEST_CASE(unanswered_commands_go_out_with_the_next_one_that_is) {
    auto const all = wire::step::nr_connect | wire::step::nr_helo | wire::step::nr_mail |
                     wire::step::nr_rcpt | wire::step::nr_data | wire::step::nr_header |
                     wire::step::nr_end_of_headers | wire::step::nr_body;
    begin();
    sent();
    BOOST_TEST(answer(agreeing(all)) == "DCHDMRRTDLLNBBE");
    BOOST_TEST(answer('c') == "Q");
    BOOST_TEST(seen().count(load::outcome::pass) == 1U);
}

BOOST_AUTO_TEST_CASE(skip_leaves_out_the_rest_of_the_body) {
    begin();
    reach("B");
    BOOST_TEST(answer('s') == "E");
}

BOOST_AUTO_TEST_CASE(skip_ends_headers_where_the_mta_does_so) {
    desk.settings.skip_ends_headers = true;
    begin();
    reach("DL");
    BOOST_TEST(answer('s') == "N");
}

BOOST_AUTO_TEST_CASE(a_verdict_before_the_end_ends_the_message) {
    struct row {
        std::string reply;
        load::outcome what;
    };
    row const rows[] = {
        {frame('a'), load::outcome::accept},
        {frame('r'), load::outcome::reject},
        {frame('t'), load::outcome::temporary_failure},
        {frame('d'), load::outcome::discard},
        {frame('4'), load::outcome::shutdown},
        {frame('f'), load::outcome::connection_failure},
        {frame('y', std::string("451 4.7.1 later\0", 16)), load::outcome::temporary_failure},
        {frame('y', std::string("550 5.7.1 no\0", 13)), load::outcome::reject},
    };
    for (auto const& one : rows) {
        load_rig fresh;
        fresh.begin();
        fresh.reach("T");
        BOOST_TEST(fresh.answer(one.reply) == "Q");
        BOOST_TEST(fresh.talk.over());
        BOOST_TEST(fresh.seen().count(one.what) == 1U, name_of(one.what));
        BOOST_TEST(fresh.seen().messages() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(a_quarantined_message_is_one) {
    begin();
    reach("E");
    BOOST_TEST(answer(frame('q', std::string("bad\0", 4))) == "");
    BOOST_TEST(answer('c') == "Q");
    BOOST_TEST(seen().count(load::outcome::quarantine) == 1U);
    BOOST_TEST(seen().edits.at(wire::reply_code::quarantine) == 1U);
}

BOOST_AUTO_TEST_CASE(a_refused_recipient_is_left_out_and_the_message_goes_on) {
    begin();
    reach("R");
    BOOST_TEST(answer('r') == "R");
    BOOST_TEST(answer('c') == "T");
    BOOST_TEST(seen().refused_recipients == 1U);
    BOOST_TEST(seen().refusals.at("rcpt: reject") == 1U);
}

BOOST_AUTO_TEST_CASE(without_a_recipient_there_is_no_content) {
    begin({now, 2, true});
    reach("R");
    answer('r');
    BOOST_TEST(answer('t') == "ADM"); // the milter waits for more of the first message
    BOOST_TEST(seen().count(load::outcome::temporary_failure) == 1U);
    BOOST_TEST(!talk.over());
    BOOST_TEST(talk.left() == 1U);
}

BOOST_AUTO_TEST_CASE(a_verdict_on_the_client_is_one_on_what_it_would_have_sent) {
    begin({now, 3, true});
    reach("DC");
    BOOST_TEST(answer('r') == "");
    BOOST_TEST(talk.over());
    BOOST_TEST(talk.left() == 2U);
    BOOST_TEST(seen().count(load::outcome::reject) == 1U);
}

BOOST_AUTO_TEST_CASE(more_messages_follow_in_the_same_session) {
    begin({now, 2, true});
    reach("E");
    BOOST_TEST(answer('c') == "DM");
    go_on_to("E");
    BOOST_TEST(answer('a') == "Q");
    BOOST_TEST(seen().messages() == 2U);
    BOOST_TEST(seen().message.service.count() == 2U);
    BOOST_TEST(seen().session.service.count() == 1U);
}

BOOST_AUTO_TEST_CASE(what_breaks_the_protocol_is_an_error_of_its_kind) {
    struct row {
        std::string reply;
        char const* error;
    };
    row const rows[] = {
        {frame('h', std::string("A\0b\0", 4)), "1 reply not allowed at this stage at mail"},
        {frame('O', std::string(12, '\0')), "1 reply not allowed at this stage at mail"},
        {frame('?'), "1 unknown packet code at mail"},
        {std::string(4, '\0'), "1 packet of length 0 at mail"},
        {std::string("\x7f\xff\xff\xff", 4), "1 packet longer than the limit at mail"},
        {frame('c', "x"), "1 surplus bytes at the end of the packet at mail"},
        {frame('c') + frame('c'), "1 reply although none is due at rcpt"},
    };
    for (auto const& one : rows) {
        load_rig fresh;
        fresh.begin();
        fresh.reach("DM");
        fresh.answer(one.reply);
        BOOST_TEST(fresh.talk.over(), one.error);
        BOOST_TEST(fresh.only_error() == one.error);
        BOOST_TEST(fresh.seen().count(load::outcome::error) == 1U);
        BOOST_TEST(fresh.seen().message.service.empty());
    }
}

BOOST_AUTO_TEST_CASE(an_edit_that_was_not_agreed_on_is_an_error) {
    begin();
    sent();
    answer(agreeing(wire::step::none, wire::action::add_header));
    go_on_to("E");
    answer(frame('h', std::string("A\0b\0", 4)));
    BOOST_TEST(!talk.over());
    answer(frame('q', std::string("bad\0", 4)));
    BOOST_TEST(only_error() == "1 not negotiated at end_of_message");
}

BOOST_AUTO_TEST_CASE(a_negotiation_beyond_the_offer_is_an_error) {
    begin();
    sent();
    answer(agreeing(wire::step::data_size_1m));
    BOOST_TEST(only_error() == "1 protocol steps beyond the offer at negotiate");
}

BOOST_AUTO_TEST_CASE(an_answer_in_pieces_is_the_same_answer) {
    begin();
    sent();
    for (char const one : agreeing(wire::step::none)) talk.received({&one, 1}, now);
    BOOST_TEST(sent() == "DC");
    for (char const one : frame('y', std::string("550 5.7.1 no\0", 13)))
        talk.received({&one, 1}, now);
    BOOST_TEST(seen().refusals.at("connect: 550 5.7.1 no") == 1U);
}

BOOST_AUTO_TEST_CASE(a_replacement_body_of_any_size_is_passed_over) {
    begin();
    reach("E");
    auto const body = frame('b', std::string(3'000'000, 'x'));
    for (std::size_t at = 0; at < body.size(); at += 60'000)
        BOOST_TEST(answer(std::string_view(body).substr(at, 60'000)) == "");
    BOOST_TEST(answer('c') == "Q");
    BOOST_TEST(seen().edits.at(wire::reply_code::replace_body) == 1U);
}

BOOST_AUTO_TEST_CASE(an_end_in_the_middle_of_a_packet_is_not_one_between) {
    begin();
    reach("DM");
    talk.ended(now);
    BOOST_TEST(only_error() == "1 connection closed by peer at mail");
    load_rig other;
    other.begin();
    other.reach("DM");
    other.talk.received(std::string("\0\0", 2), now);
    other.talk.ended(now);
    BOOST_TEST(other.only_error() == "1 connection ended in the middle of a packet at mail");
}

BOOST_AUTO_TEST_CASE(each_wait_has_its_deadline_which_a_keepalive_puts_off) {
    desk.settings.timeouts.connect = 1s;
    desk.settings.timeouts.negotiate = 2s;
    desk.settings.timeouts.command = 3s;
    desk.settings.timeouts.end_of_message = 5s;
    begin();
    BOOST_TEST((talk.deadline() == now + 1s));
    talk.connected(now);
    BOOST_TEST((talk.deadline() == now + 2s));
    reach("DC");
    BOOST_TEST((talk.deadline() == now + 3s));
    go_on_to("E");
    BOOST_TEST((talk.deadline() == now + 5s));
    now += 4s;
    answer('p');
    BOOST_TEST((talk.deadline() == now + 5s));
    BOOST_TEST(seen().keepalives == 1U);
    now += 4s;
    answer('p');
    BOOST_TEST((talk.deadline() == now + 2s)); // ten seconds in all, alive or not
    talk.expire(now + 2s);
    BOOST_TEST(only_error() == "1 timed out at end_of_message");
}

BOOST_AUTO_TEST_CASE(times_are_those_between_sending_and_the_answer) {
    begin();
    sent();
    now += 3ms;
    answer(agreeing(wire::step::none));
    now += 5ms;
    answer('c'); // CONNECT
    go_on_to("E");
    now += 7ms;
    answer('c');
    auto const most = [&](load::stage one) { return seen().stages[index_of(one)].service.max(); };
    BOOST_TEST(most(load::stage::negotiate) == 3'000'000U);
    BOOST_TEST(most(load::stage::connect) == 5'000'000U);
    BOOST_TEST(most(load::stage::mail) == 0U);
    BOOST_TEST(most(load::stage::end_of_message) == 7'000'000U);
    BOOST_TEST(seen().message.service.max() == 15'000'000U);
    BOOST_TEST(seen().message.response.empty());
}

BOOST_AUTO_TEST_CASE(in_an_open_loop_waiting_for_a_place_counts_in_the_response) {
    desk.settings.is_open_loop = true;
    begin({now - 100ms, 1, true});
    reach("E");
    now += 7ms;
    answer('c');
    BOOST_TEST(seen().message.service.max() == 7'000'000U);
    BOOST_TEST(seen().message.response.max() == 107'000'000U);
    auto const& last = seen().stages[index_of(load::stage::end_of_message)];
    BOOST_TEST(last.service.max() == 7'000'000U);
    BOOST_TEST(last.response.max() == 107'000'000U);
}

BOOST_AUTO_TEST_CASE(a_warm_up_is_not_counted) {
    begin({now, 1, false});
    reach("Q");
    BOOST_TEST(seen().messages() == 0U);
    BOOST_TEST(seen().sessions == 0U);
    BOOST_TEST(desk.ignored.count(load::outcome::pass) == 1U);
}

BOOST_AUTO_TEST_CASE(an_answer_to_what_did_not_go_out_yet_is_not_due) {
    begin();
    auto const whole = talk.pending()[0].size();
    talk.wrote(5);
    BOOST_TEST(talk.pending()[0].size() == whole - 5);
    talk.received(agreeing(wire::step::none), now);
    BOOST_TEST(only_error() == "1 reply although none is due at negotiate");
}

BOOST_AUTO_TEST_CASE(of_many_different_replies_a_few_are_kept) {
    load::tally all;
    for (int i = 0; i < 1000; ++i) all.note_refusal(load::stage::rcpt, std::to_string(i));
    BOOST_TEST(all.refusals.size() == load::tally::most_replies + 1);
    BOOST_TEST(all.refusals.at("(others)") == 1000 - load::tally::most_replies);
}

BOOST_AUTO_TEST_SUITE_END()
