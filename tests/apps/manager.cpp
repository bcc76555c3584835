// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager.cpp - milter-manager serves mail, between both test tools

#include "manager_fixture.hpp"

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

using namespace manager_test;

BOOST_FIXTURE_TEST_SUITE(apps_manager, manager_fixture)

BOOST_AUTO_TEST_CASE(a_message_passes_two_milters_and_is_recorded) {
    filter("first", {"--add-header", "X-First: 1"});
    filter("second", {"--add-header", "X-Second: 2", "--reject-rcpt", "bob@example.org"});
    start();
    meets({"-r", "al@example.org", "-r", "bob@example.org", "--expect", "pass", "--expect-refused",
           "bob@example.org", "--expect-header", "X-First: 1", "--expect-header", "X-Second: 2"});
    BOOST_TEST(manager->stop() == 0);
    auto const out = manager->out();
    BOOST_TEST(count(out, "\n") == 1);
    for (auto const* part :
         {R"("event":"decision")", R"("verdict":"accept")", R"("decided_by":"second")",
          R"({"name":"first","verdict":"continue")",
          R"("edits":["add_header \"X-First\" \" 1\"","add_header \"X-Second\" \" 2\""])"})
        BOOST_TEST(contains(out, part), out);
    BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(client_that_is_refused_before_it_names_a_sender_is_recorded) {
    filter("strict", {"--on", "helo=reply 550 5.7.1 not you"});
    settings = "[manager]\non_internal_error = \"shutdown\"\n[limits]\nsessions = 1\n";
    start();
    raw_client const first(path);
    first.say(offer);
    first.some(17); // it has the only place
    meets({"--expect", "temporary-failure@connect"});
    first.say("\0\0\0\x01Q"sv);
    first.rest();
    meets({"--expect", "reject@helo"});
    BOOST_TEST(manager->stop() == 0);
    auto const out = manager->out();
    BOOST_TEST(count(out, R"("event":"refusal","session":)") == 2, out);
    BOOST_TEST(count(out, "\n") == 2, out);
    for (auto const* part :
         {R"("verdict":"reject","text":"550 5.7.1 not you","decided_by":"strict","stage":"helo"})",
          R"("reason":"[limits] sessions = 1 reached","decided_by":"manager","stage":"connect"})"})
        BOOST_TEST(contains(out, part), out);
}

BOOST_AUTO_TEST_CASE(milter_that_is_down_is_judged_by_its_policy_207_210) {
    for (auto const& [policy, wanted] : std::vector<std::pair<std::string, std::string>>{
             {"tempfail", "temporary-failure@mail"},
             {"accept", "pass"},
             {"reject", "reject@mail"},
             {"quarantine", "quarantine"},
             {"shutdown", "temporary-failure@connect"}}) {
        BOOST_TEST_CONTEXT(policy) {
            milters.clear();
            milter("down", "on_error = \"" + policy + "\"");
            start();
            meets({"--expect", wanted});
            manager->stop();
            BOOST_TEST(contains(manager->err(), "down: warning: cannot connect to unix:"));
        }
    }
}

BOOST_AUTO_TEST_CASE(milter_that_breaks_the_protocol_harms_its_session_alone_212) {
    for (std::string const fault :
         {"garbage", "half", "close", "reset", "oversize", "unknown_reply", "bytes 00000000"}) {
        for (std::string const stage : {"connect", "mail", "rcpt", "eom"}) {
            BOOST_TEST_CONTEXT(fault << " at " << stage) {
                milters.clear();
                filters.clear();
                bool const early = stage == "connect"; // there is no sender yet
                auto rule = stage;
                rule.append("=").append(fault);
                filter("bad",
                       {"--on", rule, "--when",
                        early ? "client=bad.example.com" : "sender=bad@example.com"},
                       R"(timeout = { command = "500ms", end_of_message = "500ms" })");
                start();
                auto args = early ? arguments{"--connect-host", "bad.example.com"}
                                  : arguments{"-f", "bad@example.com"};
                args.insert(args.end(), {"--expect", "temporary-failure"});
                meets(args);
                meets({"--expect", "pass"});
                manager->stop();
                BOOST_TEST(contains(manager->err(), "bad: warning: "), manager->err());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(reply_that_is_not_due_fails_the_milter) {
    filter("chatty", {"--on", "helo=extra"});
    start();
    meets({"--expect", "temporary-failure"});
    manager->stop();
    BOOST_TEST(contains(manager->err(), "chatty: warning: "), manager->err());
}

BOOST_AUTO_TEST_CASE(alien_bytes_end_their_session_alone_and_are_named) {
    settings = "[manager]\ndrain = \"50ms\"\n"; // the bystander stays
    filter("x", {});
    start();
    raw_client const bystander(path);
    bystander.say(offer);
    BOOST_TEST(bystander.some(5) == "\0\0\0\x0dO"sv);

    struct {
        std::string_view bytes, named;
    } const aliens[] = {
        {"GET / HTTP/1.1\r\n\r\n"sv, "HTTP"},
        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03"sv, "TLS"},
        {"\x7f\xff\xff\xffO"sv, "longer than the limit"},
        {"\0\0\0\0"sv, "length 0"},
        {"\0\0\0\x03Hx\0"sv, "helo"},
        {"\0\0\0\x02O\0"sv, "negotiate"},
    };
    for (auto const& one : aliens) {
        raw_client const alien(path);
        alien.say(one.bytes);
        BOOST_TEST(alien.rest().empty());
    }
    { // half a packet, and away
        raw_client const half(path);
        half.say(offer.substr(0, 9));
        half.end();
        BOOST_TEST(half.rest().empty());
    }
    { // no command of that name, after a good beginning
        raw_client const odd(path);
        odd.say(offer);
        odd.some(17);
        odd.say("\0\0\0\x01Z"sv);
        BOOST_TEST(odd.rest().empty());
    }
    bystander.say(client);
    bystander.some(12);
    meets({"--expect", "pass"});
    manager->stop();
    for (auto const& one : aliens) BOOST_TEST(contains(manager->err(), one.named), one.named);
    BOOST_TEST(contains(manager->err(), "middle of a packet"));
    BOOST_TEST(contains(manager->err(), "unknown packet code"));
    BOOST_TEST(contains(manager->err(), ": mta: "));
}

BOOST_AUTO_TEST_CASE(ends_of_sessions_are_waited_for_217) {
    filter("x", {});
    start();
    raw_client const slow(path);
    slow.say(offer);
    slow.some(17);
    manager->signal(SIGTERM);
    BOOST_TEST_REQUIRE(manager->says("draining 1 session\n"));
    slow.say(client);
    BOOST_TEST(slow.some(5) == "\0\0\0\x01"
                               "c"sv);
    slow.say("\0\0\0\x01Q"sv);
    BOOST_TEST(slow.rest().empty());
    BOOST_TEST(manager->wait() == 0);
}

BOOST_AUTO_TEST_CASE(decision_log_that_cannot_be_written_is_complained_of) {
    settings = "[manager]\ndecision_log = \"/dev/full\"\n";
    filter("x", {});
    start();
    std::string const complaint =
        "milter-manager: error: decision log /dev/full: No space left on device; lines are lost\n";
    meets({"--expect", "pass"});
    BOOST_TEST_REQUIRE(manager->says(complaint));
    meets({"--expect", "pass"});
    manager->stop();
    auto const at = manager->err().find(complaint);
    BOOST_TEST(at != std::string::npos, manager->err());
    BOOST_TEST(manager->err().find(complaint, at + 1) == std::string::npos); // once is enough
}

BOOST_AUTO_TEST_CASE(decision_log_that_cannot_be_opened_anew_is_complained_of) {
    auto const folder = dir / "log";
    std::filesystem::create_directory(folder);
    settings = "[manager]\ndecision_log = \"" + folder + "/d\"\n";
    filter("x", {});
    start();
    std::filesystem::rename(folder, dir / "old");
    manager->signal(SIGUSR1);
    BOOST_TEST_REQUIRE(manager->says("error: decision log " + folder +
                                     "/d: No such file or directory; the old file goes on\n"));
    meets({"--expect", "pass"});
    manager->stop();
    BOOST_TEST(count(support::slurp(dir / "old/d"), "\"verdict\":\"accept\"") == 1);
}

BOOST_AUTO_TEST_CASE(second_signal_ends_at_once) {
    filter("x", {});
    start();
    raw_client const idle(path);
    idle.say(offer);
    idle.some(17);
    manager->signal(SIGTERM);
    manager->signal(SIGINT);
    BOOST_TEST(manager->wait() == 0);
    BOOST_TEST(contains(manager->err(), "stopped; 1 session cut off by the second signal\n"));
}

BOOST_AUTO_TEST_CASE(sessions_that_do_not_end_are_cut_off_after_the_drain_time) {
    settings = "[manager]\ndrain = \"50ms\"\n";
    filter("x", {});
    start();
    raw_client const idle(path), other(path);
    for (auto const* one : {&idle, &other}) {
        one->say(offer);
        one->some(17);
    }
    manager->signal(SIGTERM);
    BOOST_TEST(manager->wait() == 0);
    BOOST_TEST(contains(manager->err(), "draining 2 sessions\n"), manager->err());
    BOOST_TEST(contains(manager->err(), "stopped; 2 sessions cut off after 50ms\n"));
}

BOOST_AUTO_TEST_CASE(no_more_sessions_than_allowed_are_served_202) {
    settings =
        "[limits]\nsessions = 1\n[manager]\non_internal_error = \"reject\"\ndrain = \"50ms\"\n";
    filter("x", {});
    start();
    raw_client const first(path); // stays to the end
    first.say(offer);
    first.some(17);
    meets({"--expect", "reject"});
    manager->stop();
    BOOST_TEST(contains(manager->err(),
                        "session 2: manager: warning: [limits] sessions = 1 reached: "
                        "its mail is refused as on_internal_error says\n"),
               manager->err());
}

BOOST_AUTO_TEST_CASE(sigterm_ends_the_manager_that_is_out_of_descriptors,
                     *boost::unit_test::enable_if<has_descriptors_to_spare>()) {
    filter("x", {});
    milters += "[manager]\ndrain = \"0ms\"\n";
    manager = std::make_unique<background_program>(
        "/bin/sh",
        arguments{"-c", R"(ulimit -n 24; exec "$0" run -c "$1")", program("milter-manager"),
                  configuration()},
        dir, "listening on ", "manager");
    std::vector<std::unique_ptr<raw_client>> many;
    many.reserve(40);
    for (int i = 0; i < 40; ++i) many.push_back(std::make_unique<raw_client>(path));
    many[0]->say(offer);
    many[0]->some(5);
    BOOST_TEST_REQUIRE(manager->says("out of file descriptors: a session is refused\n"));
    BOOST_TEST(manager->stop() == 0);
    BOOST_TEST(!contains(manager->err(), "accept on"), manager->err());
    BOOST_TEST(!contains(manager->err(), "[limits]"), manager->err()); // it is not the limit
}

BOOST_AUTO_TEST_SUITE_END()
