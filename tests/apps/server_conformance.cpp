// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_conformance.cpp - milter-test-server conformance: our filter keeps to the rules, and filters with one
// fault each are caught by the case that is about it

#include "odd_filter.hpp"
#include "programs_fixture.hpp"
#include <milter/wire/reply.hpp>

#include <cli/statement.hpp>

#include <test-server/conformance/suite.hpp>

#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace programs_test;

namespace {

struct conformance_fixture : programs_fixture {
    finished_program try_it(arguments args) {
        args.insert(args.begin(), {"conformance", "--connect", socket});
        return support::run_program(program("milter-test-server"), args, dir);
    }

    void keeps_all(arguments filter_args) {
        start(std::move(filter_args));
        auto const done = try_it({"--strict", "--timeout", "60s", "--patience", "60s"});
        BOOST_TEST(done.exit_code == 0, done.out + done.err);
        BOOST_TEST(contains(done.out, " 0 failed"), done.out);
        BOOST_TEST(contains(done.out, " 0 inconclusive"), done.out);
        filter->stop();
    }
};

/// One defect each, as docs/protocol.md 8.3 and its statements have them, and the case that must find it.
struct mutant {
    char const* defect;
    char const* found_by;
    arguments rules;
};

std::vector<mutant> mutants() {
    return {
        {"asks for an NR that is not offered", "37a", {"--on", "negotiate=answer 6 none nr_helo"}},
        {"asks for all NR whatever is offered", "37b", {"--on", "negotiate=answer 6 none 0xff080"}},
        {"answers although NR was agreed",
         "62",
         {"--steps", "nr_header", "--on", "header=force continue"}},
        {"does not answer though it owes it", "99", {"--on", "header=silence"}},
        {"answers twice", "99", {"--on", "helo=extra"}},
        {"takes ABORT for the end of the session", "131", {"--on", "abort=close"}},
        {"answers ABORT", "100a", {"--on", "abort=force continue"}},
        {"answers QUIT", "100c", {"--on", "quit=force continue"}},
        {"keeps state of a message over its end",
         "135",
         {"--on", "eom=reject", "--when", "message=2"}},
        {"closes at the second message", "136", {"--on", "mail=close", "--when", "message=2"}},
        {"expects the queue id at MAIL", "191", {"--on", "mail=tempfail", "--when", "!macro:i"}},
        {"deletes headers upward",
         "164",
         {"--actions", "all", "--on", "eom=delete_header 1 X-A", "--then", "delete_header 2 X-A"}},
        {"leaves a percent sign alone", "109", {"--on", "rcpt=force reply 550 5.7.1 50% of it"}},
        {"begins a text with a digit", "116", {"--on", "rcpt=force reply 550 2 many"}},
        {"mixes the classes of codes", "115", {"--on", "rcpt=force reply 550 4.7.1 no"}},
        {"refuses with a code that accepts", "108", {"--on", "rcpt=force reply 250 2.1.5 ok"}},
        {"separates lines as the last one",
         "112",
         {"--on", "rcpt=force reply 550 5.7.1 one\\r\\n550 5.7.1 two"}},
        {"separates lines with LF",
         "113",
         {"--on", "rcpt=force reply 550-5.7.1 one\\n550 5.7.1 two"}},
        {"leaves out the NUL of a text", "107", {"--on", "rcpt=packet 00000007 'y550 no'"}},
        {"says PROGRESS before end of message", "104", {"--on", "helo=force progress"}},
        {"says PROGRESS between pieces of a body",
         "170",
         {"--actions", "all", "--on", "eom=replace_body a", "--then", "progress", "--then",
          "force replace_body b"}},
        {"quarantines and gives no verdict",
         "129",
         {"--actions", "all", "--on", "eom=quarantine why", "--then", "silence"}},
        {"edits without the action",
         "178",
         {"--actions", "none", "--on", "eom=force quarantine why"}},
        {"edits before end of message",
         "151",
         {"--actions", "all", "--on", "header=force add_header X-A: b"}},
        {"says SKIP though it was not agreed", "101", {"--on", "body=force skip"}},
        {"says SKIP to HELO", "102", {"--steps", "skip", "--on", "helo=force skip"}},
        {"answers a version above the offer", "28a", {"--on", "negotiate=answer 7 none none"}},
        {"answers a version below 2", "28a", {"--on", "negotiate=answer 1 none none"}},
        {"asks for actions that are not offered", "36", {"--on", "negotiate=answer 6 0x3ff none"}},
        {"answers a data size that is not offered",
         "64",
         {"--on", "negotiate=answer 6 none 0x10000000"}},
        {"refuses the offer by a verdict", "44", {"--on", "negotiate=force reject"}},
        {"lists macros where lists are not offered",
         "54",
         {"--on", "negotiate=answer 6 none none", "--macros", "connect=j"}},
        {"lists macros of end of message alone", "55", {"--macros", "eom=i"}},
        {"sends a body in one packet",
         "7",
         {"--actions", "all", "--on", "eom=bytes 00011171 'b" + std::string(70'000, 'x') + "'"}},
        {"writes text to the socket", "1", {"--on", "mail=garbage 'warning: no memory'"}},
        {"says a letter that does not exist", "130", {"--on", "mail=unknown_reply"}},
        {"says SHUTDOWN", "119", {"--on", "mail=force shutdown"}},
        {"puts bytes behind a verdict", "18", {"--on", "helo=packet 00000002 'c' 00"}},
        {"leaves a field of an edit out",
         "19",
         {"--actions", "all", "--on", "eom=bytes 00000003 'hX' 00"}},
        {"folds with CRLF", "168", {"--actions", "all", "--on", "eom=add_header X-A: a\\r\\n b"}},
        {"refuses bounces", "76", {"--on", "mail=reject", "--when", "sender=<>"}},
        {"expects brackets around addresses",
         "77b",
         {"--on", "mail=reject", "--when", "sender!~<"}},
        {"closes at HELO in a message",
         "134",
         {"--on", "helo=close", "--when", "helo=again.example.com"}},
        {"does not know IPv6 as Sendmail writes it",
         "68b",
         {"--on", "connect=close", "--when", "client~IPv6:"}},
        {"cannot do without headers",
         "80",
         {"--on", "end_of_headers=close", "--when", "!header:Subject"}},
        {"takes a body for text", "14", {"--on", "body=close", "--when", "body~\\x00"}},
        {"accepts an unknown command", "99", {"--on", "unknown=force accept"}},
        {"closes at macros it does not know",
         "184c",
         {"--on", "mail=close", "--when", "macro:no_such_macro"}},
    };
}

/// Section 10 of the description: number, and text without its sources.
std::string statement_of_document(unsigned number) {
    static std::string const document = support::slurp(MILTER_SOURCE_DIR "/docs/protocol.md");
    auto const begin = document.find("\n" + std::to_string(number) + ". [") + 1;
    auto line = document.substr(begin, document.find('\n', begin) - begin);
    line.erase(0, line.find("] ") + 2);
    std::erase(line, '`');
    return line;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_server_conformance, conformance_fixture)

BOOST_AUTO_TEST_CASE(our_filter_that_lets_all_pass_keeps_to_every_rule) { keeps_all({"-q"}); }

BOOST_AUTO_TEST_CASE(our_filter_that_edits_refuses_and_leaves_unanswered_keeps_to_every_rule) {
    keeps_all({"-q",
               "--steps",
               "nr_connect,nr_helo,nr_header,skip,leading_space",
               "--on",
               "rcpt=reply 550 5.1.1 100% no\\n5.1.1 really",
               "--when",
               "rcpt=first@example.org",
               "--on",
               "body=skip",
               "--add-header",
               "X-A: b\\n c",
               "--delete-header",
               "Subject",
               "--replace-body",
               "gone",
               "--quarantine",
               "why",
               "--on",
               "eom=progress 2",
               "--macros",
               "connect=j",
               "--macros",
               "eoh=i",
               "--macros",
               "eom=i"});
    keeps_all({"-q", "--on", "eom=reply 451 4.7.1 later", "--on", "connect=continue"});
    keeps_all({"-q", "--on", "connect=accept"});
    keeps_all({"-q", "--on", "mail=discard"});
    keeps_all({"-q", "--steps", "0xff092", "--verdict", "accept"});
}

BOOST_AUTO_TEST_CASE(each_filter_with_one_fault_is_caught_by_the_case_about_it) {
    auto const all = mutants();
    BOOST_TEST(all.size() >= 25U);
    for (auto const& one : all) {
        start(one.rules);
        auto const done =
            try_it({"--case", one.found_by, "--strict", "--timeout", "1s", "--patience", "500ms"});
        BOOST_TEST_CONTEXT(one.defect) {
            BOOST_TEST(done.exit_code == 1, done.out + done.err);
            BOOST_TEST(contains(done.out, " fail "), done.out);
            BOOST_TEST(contains(done.out, "      statement "), done.out);
            BOOST_TEST(contains(done.out, "        > negotiate version="), done.out);
        }
        filter->stop();
    }
}

BOOST_AUTO_TEST_CASE(a_filter_that_takes_one_read_for_one_packet_is_caught) {
    odd_filter const wrong(dir / "x.sock", [](int peer) { answer_in_haste(peer); });
    for (auto const* one : {"2a", "3a"}) {
        auto const done = try_it({"--case", one, "--timeout", "1s", "--patience", "500ms"});
        BOOST_TEST(done.exit_code == 1, done.out + done.err);
    }
}

BOOST_AUTO_TEST_CASE(a_filter_that_says_progress_without_end_is_given_up) {
    odd_filter const wrong(dir / "x.sock", [](int peer) { answer_in_haste(peer, live_for_ever); });
    auto const done = try_it({"--case", "99", "--timeout", "100ms", "--patience", "100ms"});
    BOOST_TEST(done.exit_code == 1, done.out + done.err);
    BOOST_TEST(contains(done.out, "to end_of_message: "), done.out);
}

BOOST_AUTO_TEST_CASE(what_breaks_in_the_ordinary_session_as_well_passes_no_case) {
    start({"--on", "eom=close"});
    auto const done =
        try_it({"--case", "2,73,75,77,131,132a,133,134,149,150,183,184,191,203", "--strict"});
    BOOST_TEST(done.exit_code != 2);
    BOOST_TEST(contains(done.out, "\n0 passed"), done.out);
    BOOST_TEST(contains(done.out, "the ordinary session breaks by itself: M:c R:c"), done.out);
}

BOOST_AUTO_TEST_CASE(cases_about_commands_that_were_negotiated_away_are_skipped) {
    start({"-q", "--steps", "0x7f"}); // NOCONNECT to NOEOH
    auto const done = try_it({"--case",
                              "14,66,67,68,69,70,71,73,74,75,76,77,78,80,83,90,132b,141a,"
                              "141b,183a,183b,185,191,205",
                              "--strict"});
    BOOST_TEST(done.exit_code == 0, done.out + done.err);
    BOOST_TEST(contains(done.out, "\n0 passed, 0 failed"), done.out);
    BOOST_TEST(contains(done.out, "connect was negotiated away"), done.out);
}

BOOST_AUTO_TEST_CASE(a_signal_ends_a_wait_and_what_was_seen_is_reported) {
    start({"--on", "header=silence"});
    // standard error, where support::background_program listens
    background_program suite("/bin/sh",
                             {"-c", "exec \"$0\" \"$@\" >&2", program("milter-test-server"),
                              "conformance", "--connect", socket, "--case", "28a,99,203",
                              "--timeout", "1h", "--report", dir / "r.json"},
                             dir, "28a", "suite");
    while (!contains(filter->out(), "header: <")) // a case waits for what does not come
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    suite.signal(SIGINT);
    BOOST_TEST(suite.wait() == 5, suite.err());
    BOOST_TEST(contains(suite.err(), "1 passed, 0 failed"), suite.err());
    BOOST_TEST(contains(suite.err(), "1 inconclusive"), suite.err());
    BOOST_TEST(contains(support::slurp(dir / "r.json"), "\"found\": \"interrupted\""));
}

BOOST_AUTO_TEST_CASE(a_large_mail_file_goes_out_in_packets_as_large_as_was_agreed) {
    filter.emplace(program("milter-test-filter"),
                   arguments{"conformance", "-s", socket, "--sessions", "7", "--case", "7,82,89"},
                   dir, "listening on ");
    std::string folded;
    while (folded.size() < 100'000) folded += " a long line of a long header\n";
    dir.write("usual.eml",
              "Subject: x\nX-Long:" + folded + "\n" + std::string(200'000, 'x') + "\n");
    try_it({"--case", "7", "--mail-file",
            dir / "usual.eml"}); // six sessions, and one to see whether it is there
    BOOST_TEST(filter->wait() == 0, filter->out());
    BOOST_TEST(contains(filter->out(), "3 passed, 0 failed"), filter->out());
}

BOOST_AUTO_TEST_CASE(a_header_that_no_packet_holds_is_a_fault_of_the_mail_file) {
    dir.write("usual.eml", "X-Long: " + std::string(70'000, 'x') + "\n\nx\n");
    auto const done = try_it({"--mail-file", dir / "usual.eml"});
    BOOST_TEST(done.exit_code == 2);
    BOOST_TEST(contains(done.err, "longer than a packet holds"), done.err);
}

BOOST_AUTO_TEST_CASE(a_case_that_failed_is_told_with_its_statement_and_bytes) {
    start({"--on", "rcpt=force reply 550 2 many"});
    auto const done = try_it({"--case", "116", "--json", "-"});
    BOOST_TEST(done.exit_code == 1);
    for (auto const* part :
         {"\"schema\": \"milter-conformance/v1\"", "\"case\": \"116\"", "\"verdict\": \"fail\"",
          "\"statement_text\": \"A text that begins with a digit stands behind an enhanced code.\"",
          "\"failed_must\": 1", "79 35 35 30 20 32 20 6d 61 6e 79 00"})
        BOOST_TEST(contains(done.out, part), part << "\n" << done.out);
}

BOOST_AUTO_TEST_CASE(a_should_counts_only_when_strict) {
    start({"--on", "quit=force continue"});
    BOOST_TEST(try_it({"--case", "100c"}).exit_code == 0);
    BOOST_TEST(try_it({"--case", "100c", "--lenient"}).exit_code == 0);
    BOOST_TEST(try_it({"--case", "100c", "--strict"}).exit_code == 1);
}

BOOST_AUTO_TEST_CASE(reports_are_written_to_files) {
    start({});
    auto const done =
        try_it({"--case", "28-29,99", "--report", dir / "r.json", "--junit", dir / "r.xml"});
    BOOST_TEST(done.exit_code == 0, done.err);
    BOOST_TEST(contains(done.out, "\n4 passed, 0 failed"), done.out);
    BOOST_TEST(contains(support::slurp(dir / "r.json"), "\"passed\": 4"));
    BOOST_TEST(contains(support::slurp(dir / "r.xml"), "tests=\"4\" failures=\"0\""));
}

BOOST_AUTO_TEST_CASE(usage_and_unreachable_milters_have_statuses_of_their_own) {
    BOOST_TEST(try_it({}).exit_code == 3);
    BOOST_TEST(try_it({"--case", "x"}).exit_code == 2);
    BOOST_TEST(try_it({"--case", "999"}).exit_code == 2);
    BOOST_TEST(try_it({"--strict", "--lenient"}).exit_code == 2);
    auto const none = support::run_program(program("milter-test-server"), {"conformance"}, dir);
    BOOST_TEST(none.exit_code == 2);
    BOOST_TEST(contains(none.err, "--connect is required"));
}

BOOST_AUTO_TEST_CASE(cases_are_listed_once_each_by_statement) {
    std::set<std::string> ids;
    unsigned before = 0;
    for (auto const& one : milter::test_server::all_cases()) {
        BOOST_TEST(ids.insert(one.id).second, one.id);
        BOOST_TEST(one.statement >= before);
        before = one.statement;
        BOOST_TEST(std::string(one.id).starts_with(std::to_string(one.statement)), one.id);
        BOOST_TEST(!milter::cli::statement_text(one.statement).empty(), one.id);
    }
    BOOST_TEST(ids.size() > 100U);
    auto const listed =
        support::run_program(program("milter-test-server"), {"conformance", "--list"}, dir);
    BOOST_TEST(contains(listed.out, "191   must   the queue id may be missing"), listed.out);
}

BOOST_AUTO_TEST_CASE(statements_are_those_of_the_description_of_the_protocol) {
    for (unsigned number = 1; number <= 217; ++number) {
        std::string const text(milter::cli::statement_text(number));
        BOOST_TEST(!text.empty());
        BOOST_TEST(statement_of_document(number).starts_with(text), number << ": " << text);
    }
}

BOOST_AUTO_TEST_CASE(why_nobody_is_there_and_that_a_report_has_no_place_is_said_at_once) {
    auto const run = [&](support::arguments args) {
        args.insert(args.begin(), {"conformance", "-s", "unix:" + dir / "none"});
        return support::run_program(support::program("milter-test-server"), args, dir);
    };
    auto const nobody = run({});
    BOOST_TEST(nobody.exit_code == 3);
    BOOST_TEST(nobody.err == "milter-test-server conformance: cannot connect to unix:" +
                                 dir / "none" + ": No such file or directory\n");
    for (auto const* const option : {"--report", "--junit"}) {
        auto const unwritten = run({option, dir / "no/where"});
        BOOST_TEST(unwritten.exit_code == 2);
        BOOST_TEST(unwritten.err == "milter-test-server conformance: " + dir / "no/where" +
                                        ": No such file or directory\n");
    }
}

BOOST_AUTO_TEST_SUITE_END()
