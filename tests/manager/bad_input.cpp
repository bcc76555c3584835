// SPDX-License-Identifier: BSL-1.0
// tests/manager/bad_input.cpp - what is no milter protocol, from either end: a log line that names it, a defined end
//
// Source: statements 1-10, 18, 19, 96, 130, 141, 201, 206, 213, 215, 216.

#include <boost/test/unit_test.hpp>

#include <support/hex.hpp>
#include <support/manager_rig.hpp>

using namespace support;

namespace {

struct row {
    std::string bytes;
    std::string logged; ///< part of a log line
};

std::vector<row> broken_streams() {
    return {
        {"GET / HTTP/1.1\r\nHost: mx.test\r\n\r\n", "HTTP"},
        {bytes("16 03 01 00 c8 01 00 00 c4 03 03"), "TLS"},
        {"EHLO client.test\r\n", "SMTP"},
        {bytes("00 00 00 00"), "packet of length 0"},
        {bytes("ff ff ff ff 4f"), "packet longer than the limit"},
        {bytes("00 01 00 01 4f"), "packet longer than the limit"},
        {bytes("00 00 00 02 5a 5a"), "unknown packet code"},
        {bytes("00 00 00 05 4f 00 00 00 06"), "negotiate"},
    };
}

std::string frame(unsigned char code, std::string_view payload) {
    std::string out;
    wire::append_frame(out, code, payload);
    return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(bad_input_of_the_mta)

BOOST_AUTO_TEST_CASE(instead_of_an_offer_ends_the_session_4_5_8_9) {
    auto rows = broken_streams();
    rows.push_back({frame('C', std::string("x\0U", 3)), "connect"});
    rows.push_back({frame('M', std::string("<a>\0", 4)), "mail"});
    for (auto const& row : rows)
        for (auto const cut : {manager_rig::cut::whole, manager_rig::cut::bytes})
            BOOST_TEST_CONTEXT(wire::quoted(row.bytes)) {
                manager_rig rig(2);
                rig.deliver = cut;
                BOOST_TEST(rig.send_bytes(row.bytes) == "");
                BOOST_TEST(rig.hung_up());
                BOOST_TEST(rig.blamed("mta"));
                BOOST_TEST(rig.logged(row.logged));
                BOOST_TEST(rig.filter(0).connections() == 0U);
            }
}

BOOST_AUTO_TEST_CASE(flood_of_commands_out_of_sequence_is_a_few_lines_and_a_count) {
    manager_rig rig(1);
    rig.begin();
    auto const before = rig.log().size();
    for (int i = 0; i < 1'000; ++i) rig.send(wire::body{"stray"});
    BOOST_TEST(rig.log().size() == before + 10);
    rig.pass(1s);
    rig.send(wire::body{"stray"});
    BOOST_TEST(rig.log().back().ends_with("(990 more before)"));
    for (int i = 0; i < 12; ++i) rig.send(wire::body{"stray"});
    rig.mta_closes();
    BOOST_TEST(rig.logged("mta: 3 more commands out of sequence"));
}

BOOST_AUTO_TEST_CASE(in_mid_message_ends_the_session_and_all_milters) {
    std::pair<std::string, std::string> const rows[] = {
        {frame('Z', "z"), "packet \"Z\""},
        {frame('R', "no NUL"), "rcpt (string without terminating NUL"},
        {frame('R', ""), "rcpt (packet too short"},
        {frame('L', std::string("Subject\0no NUL", 14)), "header (string without terminating NUL"},
        {frame('L', std::string("\0value\0", 7)), "header (empty header name"},
        {frame('H', "no NUL"), "helo ("},
        {frame('C', std::string("x\0Q", 3)), "connect (unknown address family"},
        {bytes("00 00 00 00"), "packet of \"\\x00\\x00\\x00\\x00\": packet of length 0"},
        {bytes("7f ff ff ff 42"), "packet of \"\\x7f\\xff\\xff\\xffB\" (2147483646 bytes, 65535 "
                                  "allowed): packet longer than "
                                  "the limit"},
    };
    for (auto const& [sent, logged] : rows) BOOST_TEST_CONTEXT(logged) {
            manager_rig rig(2);
            rig.begin();
            rig.send(wire::mail{"<a@client.test>", {}});
            BOOST_TEST(rig.send_bytes(sent) == "");
            BOOST_TEST(rig.hung_up());
            BOOST_TEST(rig.logged("mta: " + logged));
            for (std::size_t k = 0; k < 2; ++k)
                BOOST_TEST(rig.filter(k).story() == "connect helo mail quit");
            BOOST_REQUIRE(rig.decisions().size() == 1U);
            BOOST_TEST(rig.decisions()[0].verdict == "aborted");
        }
}

BOOST_AUTO_TEST_CASE(that_ends_in_the_middle_of_a_packet_is_logged) {
    manager_rig rig(1);
    rig.begin();
    rig.send_bytes(bytes("00 00 00 09 4d"));
    rig.mta_closes();
    BOOST_TEST(rig.logged("mta: connection ended in the middle of a packet"));
}

BOOST_AUTO_TEST_CASE(health_check_that_connects_and_goes_is_not_logged) {
    manager_rig rig(1);
    rig.session();
    rig.mta_closes();
    BOOST_TEST(rig.log().empty());
    BOOST_TEST(rig.hung_up());
}

BOOST_AUTO_TEST_CASE(command_out_of_order_is_answered_and_harms_no_milter_141) {
    auto const args = wire::zstr_list{};
    for (std::string const stage : {"connect", "rcpt", "data", "mail after data"})
        BOOST_TEST_CONTEXT(stage) {
            std::string const refusal =
                "reply \"451 4.3.0 Mail filtering failed - try again later\"";
            manager_rig rig(2);
            rig.begin();
            if (stage == "connect")
                BOOST_TEST(rig.send(wire::connect{"x", wire::family::unknown, 0, ""}) ==
                           "continue");
            if (stage == "rcpt") BOOST_TEST(rig.send(wire::rcpt{"<b@mx.test>", args}) == refusal);
            if (stage == "data") BOOST_TEST(rig.send(wire::data{}) == refusal);
            if (stage == "mail after data") rig.envelope();
            BOOST_TEST(rig.message() == "continue");
            BOOST_TEST(!rig.blamed("a"));
            // another client is another connection to the milters
            BOOST_TEST(rig.filter(0).connections() == (stage == "connect" ? 2U : 1U));
            BOOST_TEST(rig.filter(1).judged().size() == 1U);
        }
}

BOOST_AUTO_TEST_CASE(
    command_out_of_order_within_a_message_refuses_it) { // milters would not judge what is delivered
    for (std::string const stage : {"rcpt", "data", "header", "end_of_headers"})
        BOOST_TEST_CONTEXT(stage) {
            std::string const refusal =
                "reply \"451 4.3.0 Mail filtering failed - try again later\"";
            manager_rig rig(2);
            rig.begin();
            rig.envelope();
            rig.content();
            if (stage == "rcpt") BOOST_TEST(rig.send(wire::rcpt{"<c@mx.test>", {}}) == refusal);
            if (stage == "data") BOOST_TEST(rig.send(wire::data{}) == refusal);
            if (stage == "header") rig.send(wire::header{"X-Late", " 1"});
            if (stage == "end_of_headers") rig.send(wire::end_of_headers{});
            BOOST_TEST(rig.end() == refusal);
            BOOST_TEST(rig.logged("manager: " + stage));
            BOOST_TEST(!rig.blamed("a"));
            BOOST_TEST(rig.message() == "continue");
        }
}

BOOST_AUTO_TEST_CASE(second_client_without_a_new_connection_is_judged_by_its_own_address) {
    manager_rig rig(1);
    rig.filter(0).on("connect \"liar", say(wire::reject{}));
    rig.begin();
    rig.send(wire::connect{"liar", wire::family::inet, 25, "192.0.2.66"});
    BOOST_TEST(rig.message() == "reject");

    manager_rig within(1);
    within.begin();
    within.envelope();
    within.send(wire::connect{"liar", wire::family::inet, 25, "192.0.2.66"});
    within.content();
    BOOST_TEST(within.end() == "reply \"451 4.3.0 Mail filtering failed - try again later\"");
}

BOOST_AUTO_TEST_CASE(content_outside_a_message_is_refused_and_comes_to_nothing) {
    manager_rig rig(2);
    rig.begin();
    rig.send(wire::header{"Subject", " stray"});
    rig.send(wire::end_of_headers{});
    rig.send(wire::body{"stray"});
    BOOST_TEST(rig.end() == "reply \"451 4.3.0 Mail filtering failed - try again later\"");
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).message().headers.size() == 3U);
    BOOST_TEST(rig.filter(0).connections() == 1U);
}

BOOST_AUTO_TEST_CASE(second_offer_changes_nothing_63) {
    manager_rig rig(1);
    rig.begin();
    std::string again;
    wire::encode(again, wire::negotiate{2, wire::action::none, wire::step::none});
    BOOST_TEST(rig.send_bytes(again) == "");
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).connections() == 1U);
}

BOOST_AUTO_TEST_CASE(that_never_comes_ends_the_session_201_206) {
    manager_rig rig(1);
    rig.session();
    rig.pass(31s); // nothing within the time for a negotiation
    BOOST_TEST(rig.hung_up());

    manager_rig drip(1);
    std::string offer;
    wire::encode(offer, drip.mta.offer);
    for (char const c : offer.substr(0, 10)) { // a byte now and then is no negotiation
        drip.send_bytes(std::string(1, c));
        drip.pass(10s);
    }
    BOOST_TEST(drip.hung_up());

    manager_rig idle(1);
    idle.begin();
    idle.pass(2h);
    BOOST_TEST(!idle.hung_up());
    idle.pass(11s);
    BOOST_TEST(idle.hung_up());
    BOOST_TEST(idle.logged("mta: "));
    BOOST_TEST(idle.filter(0).story() == "connect helo quit");
}

BOOST_AUTO_TEST_CASE(of_any_bytes_never_breaks_the_manager_215) {
    for (unsigned seed = 0; seed < 300; ++seed) BOOST_TEST_CONTEXT("seed " << seed) {
            std::mt19937 random(seed);
            manager_rig rig(2);
            rig.begin();
            rig.mta.judges = false;
            std::string noise;
            for (int i = 0; i < 20; ++i) {
                std::string payload(random() % 12, '\0');
                for (auto& c : payload)
                    c = static_cast<char>(random() % 4 == 0 ? 0 : random() % 256);
                noise += frame(static_cast<unsigned char>(
                                   "CDHMRTLNBEUAQKOZ"[random() % (seed % 2 == 0 ? 15 : 16)]),
                               payload);
            }
            rig.send_bytes(noise);
            rig.mta.heard();
            rig.mta_closes();
            BOOST_TEST(rig.hung_up());
        }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(bad_input_of_a_milter)

BOOST_AUTO_TEST_CASE(is_logged_with_its_name_the_packet_and_what_is_wrong) {
    auto const nul = std::string(1, '\0');
    std::pair<std::string, std::string> const rows[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", "b: packet of \"HTTP"},
        {"220 mx.test ESMTP\r\n", "b: packet of \"220 "},
        {bytes("15 03 03 00 02"), "packet longer than the limit"},
        {bytes("00 00 00 00 63"), "packet of length 0"},
        {frame('Z', "zz"), "b: packet \"Z\" (unknown packet code, 2 bytes: \"zz\")"},
        {frame('c', "x"), "b: continue (surplus bytes"},
        {frame('h', "X-A" + nul + "no NUL"), "b: add_header (string without terminating NUL"},
        {frame('h', nul + "v" + nul), "b: add_header (empty header name"},
        {frame('i', bytes("ff ff ff ff") + "X" + nul + "v" + nul),
         "b: insert_header (header index out of range"},
        {frame('m', "abc"), "b: change_header (packet too short"},
        {frame('+', "no NUL"), "b: add_rcpt (string without"},
        {frame('y', "250 fine" + nul), "malformed SMTP reply text"},
        {frame('O', bytes("00 00 00 06 00 00 00 00 00 00 00 00")), "b: negotiate"},
    };
    for (auto const& [sent, logged] : rows)
        for (auto const cut : {manager_rig::cut::whole, manager_rig::cut::bytes})
            BOOST_TEST_CONTEXT(logged) {
                manager_rig rig(3);
                rig.deliver = cut;
                rig.filter(1).on("end_of_message", raw(sent), once);
                rig.begin();
                BOOST_TEST(rig.message() ==
                           "reply \"451 4.7.1 Service unavailable - try again later\"");
                for (auto const& line : rig.log()) BOOST_TEST_INFO(line);
                BOOST_TEST(rig.logged(logged));
                BOOST_TEST(rig.filter(2).story() == "connect helo mail rcpt data abort");
                BOOST_TEST(rig.message() == "continue");
            }
}

BOOST_AUTO_TEST_CASE(half_a_packet_and_then_nothing_times_out_or_is_cut_off) {
    manager_rig waits(1);
    waits.config.milters[0].timeouts.command = 2s;
    waits.filter(0).on("mail", raw(bytes("00 00 00 09 79")));
    waits.begin();
    BOOST_TEST(waits.send(wire::mail{"<a@client.test>", {}}) != "continue");
    BOOST_TEST(waits.logged("a: waiting for the reply to mail: timed out"));
    manager_rig closes(1);
    closes.filter(0).on("mail", then_close(bytes("00 00 00 09 79")));
    closes.begin();
    BOOST_TEST(closes.send(wire::mail{"<a@client.test>", {}}) != "continue");
    BOOST_TEST(closes.logged(
        "a: waiting for the reply to mail: connection ended in the middle of a packet"));
}

BOOST_AUTO_TEST_CASE(
    answer_to_a_command_without_answer_is_a_failure_and_not_taken_for_another_213) {
    manager_rig rig(1);
    rig.filter(0).wants.steps = wire::step::nr_mail;
    rig.filter(0).on("mail", say(wire::reject{}));
    rig.begin();
    rig.send(wire::mail{"<a@client.test>", {}});
    BOOST_TEST(rig.send(wire::rcpt{"<b@mx.test>", {}}) ==
               "reply \"451 4.7.1 Service unavailable - try again later\"");
    BOOST_TEST(rig.logged("a: reject: reply although none is due"));
}

BOOST_AUTO_TEST_CASE(that_closes_as_soon_as_it_accepted_has_failed_45_216) {
    manager_rig rig(2);
    rig.filter(0).on("negotiate", then_close());
    rig.begin();
    BOOST_TEST(rig.send(wire::mail{"<a@client.test>", {}}) ==
               "reply \"451 4.7.1 Service unavailable - try again later\"");
}

BOOST_AUTO_TEST_CASE(of_any_bytes_never_breaks_the_manager_or_leaves_the_mta_waiting_215) {
    std::string const stages[] = {"negotiate", "connect",       "helo",   "mail",
                                  "rcpt",      "data",          "header", "end_of_headers",
                                  "body",      "end_of_message"};
    for (unsigned seed = 0; seed < 300; ++seed) BOOST_TEST_CONTEXT("seed " << seed) {
            std::mt19937 random(seed);
            manager_rig rig(2);
            std::string noise;
            for (int i = 0; i < 10; ++i) {
                std::string payload(random() % 12, '\0');
                for (auto& c : payload)
                    c = static_cast<char>(random() % 4 == 0 ? 0 : random() % 256);
                noise += frame(static_cast<unsigned char>("catrdyspqhimb+-2e4fOZ"[random() % 21]),
                               payload);
            }
            rig.filter(random() % 2).on(stages[random() % 10], raw(noise), once);
            rig.begin();
            rig.message();
            rig.send(wire::quit{});
            BOOST_TEST(rig.hung_up());
        }
}

BOOST_AUTO_TEST_SUITE_END()
