// SPDX-License-Identifier: BSL-1.0
// tests/apps/programs_fault.cpp - what both test tools say of broken sessions, sockets and signals

#include "odd_filter.hpp"
#include "programs_fixture.hpp"

#include <support/raw_client.hpp>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <string_view>

using namespace programs_test;

using support::raw_client;

BOOST_FIXTURE_TEST_SUITE(apps_programs_fault, programs_fixture)

BOOST_AUTO_TEST_CASE(wrong_answers_to_the_offer) {
    start({"--on", "negotiate=answer 1 none none"});
    breaks("protocol version not acceptable");
    filter->stop();
    start({"--on", "negotiate=answer 7 all 0xffffffff"});
    breaks("", {"--strict"});
    filter->stop();
    start({"--on", "negotiate=answer 6 none skip"});
    breaks("protocol steps beyond the offer", {"--strict", "--no-offer", "skip"});
}

BOOST_AUTO_TEST_CASE(milter_that_says_for_ever_that_it_lives_is_given_up) {
    odd_filter const wrong(dir / "x.sock", [](int peer) { answer_in_haste(peer, live_for_ever); });
    auto const done = support::run_program(program("milter-test-server"),
                                           {"-s", socket, "--all-timeouts", "100ms"}, dir);
    BOOST_TEST(contains(done.out, "status: error\n"), done.out);
    BOOST_TEST(contains(done.out, "waiting for the reply to end_of_message: timed out"), done.out);
}

// ---- faults

BOOST_AUTO_TEST_CASE(faults_at_any_stage_are_told_apart) {
    struct fault {
        char const* action;
        char const* says;
    };
    fault const faults[] = {
        {"close", "connection closed by peer"},
        {"reset", "connection closed by peer"},
        {"garbage", "packet longer than the limit"},
        {"unknown_reply", "unknown packet code"},
        {"oversize", "packet longer than the limit"},
        {"bytes 00000000", "packet of length 0"},
        {"force reply 999 x\\x00y", "NUL inside a text field"},
    };
    auto const client = [&](char const* stage, fault const& one) {
        return std::string(stage) + "-" + std::to_string(&one - faults);
    };
    constexpr char const* stages[] = {"connect", "rcpt", "header", "eom"};
    arguments rules;
    for (auto const* stage : stages)
        for (auto const& one : faults)
            rules.insert(rules.end(), {"--on", std::string(stage) + "=" + one.action, "--when",
                                       "client=" + client(stage, one)});
    start(rules);
    for (auto const* stage : stages)
        for (auto const& one : faults) BOOST_TEST_CONTEXT(one.action << " at " << stage)
    breaks(one.says, {"--connect-host", client(stage, one)});
}

BOOST_AUTO_TEST_CASE(faults_instead_of_an_answer_to_the_offer_44_45_216) {
    for (auto const* action : {"close", "garbage", "force reject", "bytes 00000001 'c'"}) {
        start({"--on", std::string("negotiate=") + action});
        BOOST_TEST_CONTEXT(action) breaks("");
        filter->stop();
    }
}

BOOST_AUTO_TEST_CASE(silence_and_half_a_packet_end_at_the_deadline_197) {
    start({"--on", "helo=silence", "--when", "helo=silent", "--on", "helo=half", "--when",
           "helo=half"});
    for (auto const* helo : {"silent", "half"}) {
        auto const done =
            server({"--helo", helo, "--command-timeout", "20ms", "--expect", "error"});
        BOOST_TEST(done.exit_code == 0, done.err);
        BOOST_TEST(contains(done.out, "waiting for the reply to helo: timed out"), done.out);
    }
}

BOOST_AUTO_TEST_CASE(half_a_packet_and_the_end_10) {
    start({"--on", "helo=bytes 000000", "--then", "close"});
    breaks("connection ended in the middle of a packet");
}

BOOST_AUTO_TEST_CASE(a_reply_that_is_not_due_breaks_the_session_213) {
    start({"--on", "helo=extra"});
    breaks("reply although none is due");
}

BOOST_AUTO_TEST_CASE(without_expectations_a_broken_session_is_exit_status_1_and_a_refusal_is_none) {
    start({"--on", "helo=close", "--when", "helo=close", "--on", "mail=reject"});
    BOOST_TEST(server({"--helo", "close"}).exit_code == 1);
    auto const refused = server({});
    BOOST_TEST(refused.exit_code == 0);
    BOOST_TEST(contains(refused.out, "status: reject\n"));
}

BOOST_AUTO_TEST_CASE(exit_status_is_1_when_what_was_expected_is_not_met) {
    start({"--on", "mail=reject"});
    auto const done = server({"--expect", "accept", "--expect-header", "X-A"});
    BOOST_TEST(done.exit_code == 1);
    BOOST_TEST(
        contains(done.err, "milter-test-server: expected verdict accept; found: reject at mail\n"));
    BOOST_TEST(
        contains(done.err, "milter-test-server: expected header \"X-A\"; found: none such\n"));
}

// ---- sockets, exit codes, ends

BOOST_AUTO_TEST_CASE(tcp_port_0_is_told_and_can_be_connected_to) {
    socket = "inet:0@[127.0.0.1]";
    start({"-q", "--on", "mail=reject"});
    auto const said = filter->err();
    auto const begin = said.find("inet:");
    socket = said.substr(begin, said.find('\n') - begin);
    BOOST_TEST(socket != "inet:0@[127.0.0.1]");
    meets({"--expect", "reject@mail"});
    auto const postfix_spelling = "inet:127.0.0.1:" + socket.substr(5, socket.find('@') - 5);
    socket = postfix_spelling;
    meets({"--expect", "reject@mail"});
}

BOOST_AUTO_TEST_CASE(exit_status_is_3_when_nobody_is_there_207) {
    auto const done = server({});
    BOOST_TEST(done.exit_code == 3);
    BOOST_TEST(contains(done.out, "status: error\n"));
    BOOST_TEST(contains(done.out, "cannot connect to unix:"));
    BOOST_TEST(contains(done.out, "No such file or directory"));
}

BOOST_AUTO_TEST_CASE(exit_status_is_3_when_the_socket_cannot_be_listened_on) {
    auto const none = run_filter({"-s", "unix:" + dir / "none/x.sock"});
    BOOST_TEST(none.exit_code == 3);
    BOOST_TEST(contains(none.err, "milter-test-filter: cannot listen on unix:"));
    start({});
    auto const taken = run_filter({"-s", socket});
    BOOST_TEST(taken.exit_code == 3);
    BOOST_TEST(contains(taken.err, "in use"));
    meets({"--expect", "pass"});
}

BOOST_AUTO_TEST_CASE(both_signals_end_the_filter_and_remove_its_socket) {
    for (int const number : {SIGTERM, SIGINT}) {
        start({});
        BOOST_TEST(std::filesystem::exists(dir / "x.sock"));
        filter->signal(number);
        BOOST_TEST(filter->wait() == 0);
        BOOST_TEST(!std::filesystem::exists(dir / "x.sock"));
    }
}

BOOST_AUTO_TEST_CASE(a_signal_ends_the_filter_though_sessions_are_under_way) {
    start({"--on", "helo=silence"});
    support::temp_dir other;
    background_program server_run(program("milter-test-server"),
                                  {"-s", socket, "-v", "--expect", "error"}, other, "> helo",
                                  "server");
    BOOST_TEST(filter->stop() == 0);
    BOOST_TEST(!std::filesystem::exists(dir / "x.sock"));
    BOOST_TEST(server_run.wait() == 0);
}

BOOST_AUTO_TEST_CASE(an_interrupted_server_reports_what_it_has) {
    start({"--on", "helo=silence"});
    background_program server_run(program("milter-test-server"), {"-s", socket, "-v"}, dir,
                                  "> helo", "server");
    server_run.signal(SIGINT);
    BOOST_TEST(server_run.wait() == 5);
    BOOST_TEST(contains(server_run.err(), "interrupted"));
}

BOOST_AUTO_TEST_CASE(the_socket_has_the_mode_that_was_asked_for) {
    start({"--unix-socket-mode", "0600"});
    struct stat found {};
    BOOST_TEST(::stat((dir / "x.sock").c_str(), &found) == 0);
    BOOST_TEST((found.st_mode & 0777U) == 0600U);
}

BOOST_AUTO_TEST_CASE(exit_status_is_1_when_the_mta_breaks_the_protocol) {
    start({"--sessions", "1"});
    raw_client(dir / "x.sock").say("GET / HTTP/1.1\r\n\r\n");
    BOOST_TEST(filter->wait() == 1);
    BOOST_TEST(contains(filter->out(), "finished: HTTP: not the milter protocol\n"), filter->out());
}

BOOST_AUTO_TEST_CASE(an_mta_that_leaves_without_quit_is_not_blamed) {
    start({"--sessions", "1"});
    raw_client(dir / "x.sock").say("");
    BOOST_TEST(filter->wait() == 0);
    BOOST_TEST(contains(filter->out(), "finished: connection closed by peer\n"), filter->out());
}

BOOST_AUTO_TEST_CASE(skip_where_it_may_not_stand_is_told_by_an_mta_that_is_strict_101_102) {
    start({"--on", "rcpt=force skip"});
    meets({"--expect", "pass"});
    breaks("the milter answers rcpt with skip, which is an answer to body only", {"--strict"});
    breaks("the milter answers rcpt with skip", {"--as", "strict"});
    filter->stop();
    start({"--on", "body=force skip"});
    meets({"--expect", "pass"});
    breaks("the milter answers body with skip, which was not negotiated", {"--strict"});
    filter->stop();
    start({"--steps", "skip", "--on", "body=skip"});
    meets({"--strict", "--expect", "pass"});
}

BOOST_AUTO_TEST_SUITE_END()
