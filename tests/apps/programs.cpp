// SPDX-License-Identifier: BSL-1.0
// tests/apps/programs.cpp - milter-test-server against milter-test-filter, as users start them

#include "programs_fixture.hpp"

#include <filesystem>
#include <string>
#include <string_view>

using namespace programs_test;

BOOST_FIXTURE_TEST_SUITE(apps_programs, programs_fixture)

BOOST_AUTO_TEST_CASE(a_session_passes_and_both_ends_are_content) {
    start({"--sessions", "1"});
    auto const done = server({});
    BOOST_TEST(done.exit_code == 0);
    BOOST_TEST(done.out.substr(0, 27) == "status: pass\nelapsed-time: ");
    BOOST_TEST(filter->wait() == 0);
    auto const out = filter->out();
    for (auto const* line :
         {"negotiate: version=<6>, action=<add_header|",
          "connect: host=<mx.example.net>, address=<inet:50443@[192.168.123.123]>\n",
          "macros:\n  j=mail.example.com\n", "helo: <delian>\n",
          "envelope-from: <<sender@example.com>>\n",
          "envelope-recipient: <<receiver@example.org>>\n", "data\n",
          "header: <From: <sender@example.com>>\n", "end-of-header\n",
          "body: <A message of milter-test-server.\\r\\n>\n", "end-of-message\n", "abort\n",
          "quit\n", "finished\n"})
        BOOST_TEST(contains(out, line), line);
}

BOOST_AUTO_TEST_CASE(every_verdict_at_every_stage) {
    struct verdict {
        char const* action;
        char const* status;
    };
    verdict const verdicts[] = {
        {"accept", "accept"},
        {"reject", "reject"},
        {"tempfail", "temporary-failure"},
        {"reply 550 5.7.1 no", "reject"},
        {"reply 451 4.7.1 later", "temporary-failure"},
        {"discard", "discard"},
        {"shutdown", "shutdown"},
        {"connection_failed", "connection-failure"},
    };
    arguments rules;
    for (auto const* stage :
         {"connect", "helo", "mail", "rcpt", "data", "header", "eoh", "body", "eom"})
        for (auto const& one : verdicts)
            rules.insert(rules.end(), {"--on", std::string(stage) + "=" + one.action, "--when",
                                       "client=" + std::string(stage) + "-" + one.action});
    start(rules);
    for (auto const* stage :
         {"connect", "helo", "mail", "rcpt", "data", "header", "eoh", "body", "eom"})
        for (auto const& one : verdicts) {
            bool const at_end = std::string_view(stage) == "eom";
            bool const early =
                std::string_view(stage) == "connect" || std::string_view(stage) == "helo";
            std::string wanted = std::string(one.status) + "@" + stage;
            if (early && std::string_view(one.action) == "discard")
                wanted = "pass@eom"; // means nothing here
            if (at_end && std::string_view(one.action) == "discard") wanted = "discard@eom";
            BOOST_TEST_CONTEXT(one.action << " at " << stage)
            meets({"--connect-host", std::string(stage) + "-" + one.action, "--expect", wanted});
        }
    BOOST_TEST(filter->stop() == 0);
}

BOOST_AUTO_TEST_CASE(sendmail_as_an_mta_understands_the_verdicts_too) {
    start({"--on", "rcpt=reply 550 5.1.1 no", "--when", "rcpt=bob@example.org", "--on", "body=skip",
           "--steps", "skip"});
    meets({"--mta", "sendmail", "-r", "bob@example.org", "-r", "al@example.org", "--expect", "pass",
           "--expect-refused", "bob@example.org", "--expect-recipient", "al@example.org"});
}

BOOST_AUTO_TEST_CASE(refused_recipients_leave_the_others_and_none_left_ends_the_message) {
    start({"--reject-rcpt", "bob@example.org", "--tempfail-rcpt", "carl@example.org"});
    meets({"-r", "bob@example.org", "-r", "al@example.org", "--expect", "pass@eom"});
    meets({"-r", "carl@example.org", "-r", "bob@example.org", "--expect", "reject@rcpt"});
    filter->stop();
    auto const out = filter->out();
    auto const second = out.substr(out.find("finished\n"));
    BOOST_TEST(!contains(second, "\ndata\n"));
    BOOST_TEST(contains(second, "\nabort\n"));
}

BOOST_AUTO_TEST_CASE(unknown_commands_are_judged) {
    start({"--on", "unknown=reply 500 5.5.1 what", "--when", "command~XYZ"});
    auto const done = server({"--unknown", "XYZ 1", "--unknown", "NOOP 2", "--expect", "pass"});
    BOOST_TEST(done.exit_code == 0, done.err);
    BOOST_TEST(
        contains(done.out, "unknown command: reject [500]<5.5.1>(what)\nunknown command: pass\n"));
}

// ---- edits

BOOST_AUTO_TEST_CASE(every_edit_arrives) {
    start({"--add-header",    "X-Add: 1",
           "--insert-header", "0 X-Insert: 2",
           "--change-header", "1 Subject: new",
           "--delete-header", "X-Gone",
           "--replace-body",  "fresh\\r\\n",
           "--add-rcpt",      "new@example.org",
           "--add-rcpt",      "args@example.org NOTIFY=NEVER",
           "--delete-rcpt",   "receiver@example.org",
           "--change-from",   "other@example.com SIZE=1",
           "--quarantine",    "for a look"});
    meets({"-h",
           "Subject: old",
           "-h",
           "X-Gone: x",
           "--expect",
           "quarantine",
           "--expect-header",
           "X-Add: 1",
           "--expect-header",
           "X-Insert: 2",
           "--expect-header",
           "Subject: new",
           "--expect-no-header",
           "X-Gone",
           "--expect-body",
           "fresh",
           "--expect-recipient",
           "new@example.org",
           "--expect-recipient",
           "args@example.org",
           "--expect-no-recipient",
           "receiver@example.org",
           "--expect-sender",
           "other@example.com",
           "--expect-quarantine-reason",
           "for a look",
           "--expect-quarantine"});
}

BOOST_AUTO_TEST_CASE(header_values_are_the_same_with_and_without_their_leading_blank_166) {
    for (auto const* steps : {"none", "leading_space"}) {
        start({"--steps", steps, "--add-header", "X-A: 1", "--on", "header=reject", "--when",
               "header:X-Bad=yes"});
        meets({"--expect", "pass", "--expect-header", "X-A: 1"});
        meets({"-h", "X-Bad: yes", "--expect", "reject@header"});
        filter->stop();
        BOOST_TEST(contains(filter->out(), std::string_view(steps) == "none" ? "<From: <sender"
                                                                             : "<From:  <sender"));
    }
}

BOOST_AUTO_TEST_CASE(edits_that_were_not_negotiated_are_not_sent_unless_forced_178) {
    start({"--actions", "none", "--add-header", "X-A: 1"});
    meets({"--expect", "pass", "--expect-no-header", "X-A"});
    filter->stop();
    BOOST_TEST(contains(filter->out(), "(not sent: not negotiated)"));
    start({"--actions", "none", "--on", "eom=force add_header X-A: 1"});
    breaks("not negotiated");
}

BOOST_AUTO_TEST_CASE(a_replaced_body_may_be_larger_than_a_packet) {
    std::string const large(150'000, 'x');
    dir.write("s.toml", "[[rule]]\non = \"eom\"\ndo = \"replace_body " + large + "\"\n");
    start({"--script", dir / "s.toml", "-q"});
    auto const done = server({"--json", "--expect", "pass"});
    BOOST_TEST(done.exit_code == 0, done.err);
    BOOST_TEST(contains(done.out, large));
}

BOOST_AUTO_TEST_CASE(keepalives_and_delays_come_before_the_verdict) {
    start({"--on", "eom=progress 3 1ms", "--then", "delay 1ms", "--then", "reply 451 4.7.1 later"});
    auto const done =
        server({"--json", "--expect", "tempfail", "--expect-reply", "451 4.7.1 later"});
    BOOST_TEST(done.exit_code == 0, done.err);
    BOOST_TEST(contains(done.out, "\"keepalives\": 3"));
}

// ---- messages

BOOST_AUTO_TEST_CASE(mail_files_are_sent_one_after_another) {
    auto const one = dir.write(
        "1.eml", "From x@y Mon Jan 1\nFrom: A <a@test>\nTo: b@test\nSubject: one\n two\n\nhi\n");
    auto const two = dir.write("2.eml", "From: c@test\r\nTo: d@test, e@test\r\n\r\nho\r\n");
    start({"--on", "eom=reject", "--when", "message=2"});
    auto const done = server({"-m", one, "--mail-file", two, "--output-message"});
    BOOST_TEST(done.exit_code == 0);
    BOOST_TEST(contains(done.out, "message: 1\nstatus: pass\n"), done.out);
    BOOST_TEST(contains(done.out, "  MAIL FROM:<a@test>\n  RCPT TO:<b@test>\n"));
    BOOST_TEST(contains(done.out, "  Subject: one\n   two\n"));
    BOOST_TEST(contains(done.out, "message: 2\nstatus: reject\n"));
    BOOST_TEST(contains(done.out, "  RCPT TO:<d@test>\n  RCPT TO:<e@test>\n"));
    filter->stop();
    BOOST_TEST(contains(filter->out(), "header: <Subject: one\\n two>\n"));
    BOOST_TEST(contains(filter->out(), "body: <ho\\r\\n>\n"));
}

BOOST_AUTO_TEST_CASE(a_message_comes_from_standard_input) {
    auto const file = dir.write("in.eml", "From: a@test\n\nhi\n");
    start({"--on", "mail=reject", "--when", "sender!=a@test"});
    auto const done = server({"-m", "-", "--expect", "pass", "--expect-body", "hi"}, file);
    BOOST_TEST(done.exit_code == 0, done.err);
}

BOOST_AUTO_TEST_CASE(chunks_are_cut_as_told_and_skipped_when_told) {
    start({"-v"});
    meets({"-b", "0123456789", "--chunk-size", "5", "-r", "a@b"});
    meets({"-b", "chunk 1\n", "-b", "chunk 2\n"});
    filter->stop();
    BOOST_TEST(contains(filter->out(), "body: <01234>\n"));
    BOOST_TEST(contains(filter->out(), "body: <\\r\\n>\n"));
    BOOST_TEST(contains(filter->out(), "body: <chunk 2\\r\\n>\n"));
    start({"--steps", "skip", "--on", "body=skip"});
    meets({"-b", "chunk 1\n", "-b", "chunk 2\n", "--expect", "pass@eom"});
    filter->stop();
    BOOST_TEST(contains(filter->out(), "chunk 1"));
    BOOST_TEST(!contains(filter->out(), "chunk 2"));
}

BOOST_AUTO_TEST_CASE(a_message_is_reset_and_sent_again_and_a_session_may_end_early) {
    start({});
    auto const done = server({"--rset", "--expect", "pass"});
    BOOST_TEST(done.exit_code == 0, done.err);
    meets({"--rset=data", "--expect", "pass"});
    meets({"--quit-after", "helo", "--expect", "quit@helo"});
    meets({"--quit-after", "rcpt", "--expect", "quit@rcpt"});
    meets({"--quit-after", "body", "--expect", "quit@body"});
    filter->stop();
    auto const out = filter->out();
    auto const first = out.substr(0, out.find("finished"));
    auto const reset = first.find("abort");
    BOOST_TEST(first.find("envelope-from", reset) != first.npos);
    BOOST_TEST(first.find("\ndata\n") > reset);
    BOOST_TEST(!contains(out, "[3] envelope-from"));
    BOOST_TEST(!contains(out, "[4] data"));
    BOOST_TEST(!contains(out, "[5] end-of-message"));
}

BOOST_AUTO_TEST_CASE(clients_of_all_families) {
    struct row {
        char const* spec;
        char const* shown;
    };
    row const rows[] = {
        {"inet:25@192.0.2.1", "address=<inet:25@[192.0.2.1]>"},
        {"inet6:25@[2001:db8::1]", "address=<inet6:25@[2001:db8::1]>"},
        {"unix:/run/client", "address=<unix:/run/client>"},
        {"unknown", "address=<unknown>"},
    };
    start({});
    for (auto const& one : rows) meets({"--connect-address", one.spec});
    filter->stop();
    for (auto const& one : rows) BOOST_TEST(contains(filter->out(), one.shown), one.shown);
}

BOOST_AUTO_TEST_CASE(several_messages_and_sessions_at_once) {
    start({"--sessions", "8"});
    auto const done = server({"-t", "8", "--messages", "3", "--expect", "pass"});
    BOOST_TEST(done.exit_code == 0, done.err);
    BOOST_TEST(contains(done.out, "session: 8\nmessage: 1\nstatus: pass\nmessage: 2\n"), done.out);
    BOOST_TEST(filter->wait() == 0);
    auto const out = filter->out();
    BOOST_TEST(
        contains(out, "[8] connect: ")); // sessions that are open together have their numbers
    std::size_t finished = 0;
    for (auto at = out.find("finished\n"); at != out.npos; at = out.find("finished\n", at + 1))
        ++finished;
    BOOST_TEST(finished == 8u);
}

// ---- negotiation

BOOST_AUTO_TEST_CASE(what_is_negotiated_away_is_not_sent_56_59_146) {
    start({"--steps", "no_connect,no_helo,no_mail,no_rcpt,no_data,no_header,no_end_of_headers,no_"
                      "body,no_unknown"});
    meets({"--unknown", "XYZ", "--expect", "pass@eom"});
    filter->stop();
    auto const out = filter->out();
    for (auto const* line :
         {"connect:", "helo:", "envelope-", "] data", "] header", "] body:", "unknown:"})
        BOOST_TEST(!contains(out, line), line);
    BOOST_TEST(contains(out, "end-of-message\n"));
}

BOOST_AUTO_TEST_CASE(what_needs_no_reply_gets_none_60_62) {
    start({"-v", "--steps",
           std::string("nr_connect,nr_helo,nr_mail,nr_rcpt,nr_data,nr_header,") +
               "nr_end_of_headers,nr_body,nr_unknown",
           "--on", "eom=reject"});
    meets({"--unknown", "XYZ", "--expect", "reject@eom"});
    filter->stop();
    BOOST_TEST(!contains(filter->out(), "-> continue"));
}

BOOST_AUTO_TEST_CASE(an_old_mta_is_played) {
    start({"--steps", "nr_header,skip,leading_space,no_helo"});
    meets({"--negotiate-version", "2", "--unknown", "XYZ", "--expect", "pass@eom"});
    meets({"--no-offer", "skip,leading_space,nr_header,set_macro_list", "--expect", "pass"});
    filter->stop();
    auto const out = filter->out();
    auto const old = out.substr(0, out.find("finished\n"));
    BOOST_TEST(contains(old, "negotiate: version=<2>"));
    BOOST_TEST(contains(old, "  -> negotiate version=2 actions=none steps=no_helo\n"));
    BOOST_TEST(!contains(old, "\ndata\n"));
    BOOST_TEST(!contains(old, "\nunknown"));
    BOOST_TEST(contains(out, "  -> negotiate version=6 actions=none steps=no_helo\n"));
}

BOOST_AUTO_TEST_CASE(an_old_milter_is_played) {
    start({"--negotiate-version", "2"});
    auto const done = server({"--json", "--expect", "pass"});
    BOOST_TEST(contains(done.out, "\"version\": 2,"));
    filter->stop();
    BOOST_TEST(!contains(filter->out(), "\ndata\n"));
}

BOOST_AUTO_TEST_CASE(macros_are_sent_as_asked_for) {
    start({"--macros", "connect=j {mine}", "--macros", "helo=", "--macros", "eom={mail_addr}"});
    meets({"--connect-macro", "mine:1", "--authenticated-name", "alice"});
    filter->stop();
    auto const out = filter->out();
    BOOST_TEST(contains(out, "macros:\n  j=mail.example.com\n  {mine}=1\nhelo: <delian>\nenv"));
    BOOST_TEST(contains(out, "  {auth_authen}=alice\n"));
    BOOST_TEST(contains(out, "end-of-message\nmacros:\n  {mail_addr}=sender@example.com\n"));
}

BOOST_AUTO_TEST_CASE(recipients_that_the_mta_refuses_are_told_to_who_wants_to_know) {
    start({"--steps", "rejected_rcpt", "--on", "rcpt=reject", "--when", "macro:rcpt_mailer=error"});
    meets({"--refused-recipient", "nobody@example.org", "--expect", "pass"});
    filter->stop();
    BOOST_TEST(contains(filter->out(), "<<nobody@example.org>>"));
    start({});
    meets({"--refused-recipient", "nobody@example.org", "--expect", "pass"});
    filter->stop();
    BOOST_TEST(!contains(filter->out(), "<<nobody@example.org>>"));
}

BOOST_AUTO_TEST_SUITE_END()
