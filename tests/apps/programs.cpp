// SPDX-License-Identifier: BSL-1.0
// tests/apps/programs.cpp - milter-test-server against milter-test-filter, as users start them

#include <boost/test/unit_test.hpp>

#include <support/process.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>

using support::arguments;
using support::background_program;
using support::finished_program;
using support::program;

namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

/// Keys of JSON objects, but names of macros.
std::set<std::string> keys_in(std::string_view json) {
    std::set<std::string> keys;
    for (auto end = json.find("\":"); end != json.npos; end = json.find("\":", end + 1)) {
        auto const key = json.substr(0, end).substr(json.rfind('"', end - 1) + 1);
        if (key.size() > 1 && key.front() != '{') keys.emplace(key);
    }
    return keys;
}

void check_manual(std::string const& name, std::set<std::string> const& keys) {
    auto const manual = support::slurp(std::string(MILTER_SOURCE_DIR) + "/docs/man/" + name + ".1");
    auto const section = std::string_view(manual).substr(manual.find("\n.SH JSON"));
    for (auto const& key : keys) BOOST_TEST(contains(section, key), name << ": " << key);
}

/// Connects to a unix socket, says what it is told, and leaves.
class raw_client {
public:
    explicit raw_client(std::string const& path)
        : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        path.copy(where.sun_path, sizeof where.sun_path - 1);
        BOOST_REQUIRE(::connect(fd_, reinterpret_cast<sockaddr const*>(&where), sizeof where) == 0);
    }
    raw_client(raw_client const&) = delete;
    raw_client& operator=(raw_client const&) = delete;
    ~raw_client() { ::close(fd_); }

    void say(std::string_view bytes) const {
        BOOST_TEST(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                   static_cast<ssize_t>(bytes.size()));
    }

private:
    int fd_;
};

struct fixture {
    support::temp_dir dir;
    std::string socket = "unix:" + dir / "x.sock";
    std::optional<background_program> filter;

    void start(arguments args) {
        args.insert(args.begin(), {"-s", socket});
        filter.emplace(program("milter-test-filter"), args, dir, "listening on ");
    }

    finished_program server(arguments args, std::string const& input = "/dev/null") {
        args.insert(args.begin(), {"-s", socket});
        return support::run_program(program("milter-test-server"), args, dir, input);
    }

    finished_program run_filter(arguments const& args) const {
        return support::run_program(program("milter-test-filter"), args, dir);
    }

    /// The server must be content with what it sees.
    void meets(arguments const& args) {
        auto const done = server(args);
        BOOST_TEST(done.exit_code == 0, done.err + done.out);
    }

    /// The session must break, for this reason.
    void breaks(std::string_view why, arguments args = {}) {
        args.insert(args.end(), {"--expect", "error", "--all-timeouts", "10"});
        auto const done = server(args);
        BOOST_TEST(done.exit_code == 0, done.err + done.out);
        BOOST_TEST(contains(done.out, why), done.out);
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_programs, fixture)

BOOST_AUTO_TEST_CASE(a_session_passes_and_both_ends_are_content) {
    start({"--sessions", "1"});
    auto const done = server({});
    BOOST_TEST(done.exit_code == 0);
    BOOST_TEST(done.out.substr(0, 27) == "status: pass\nelapsed-time: ");
    BOOST_TEST(filter->wait() == 0);
    auto const out = filter->out();
    for (auto const* line :
         {"[1] negotiate: version=<6>, action=<add_header|",
          "[1] connect: host=<mx.example.net>, address=<inet:50443@[192.168.123.123]>\n",
          "[1] macros:\n[1]   j=mail.example.com\n", "[1] helo: <delian>\n",
          "[1] envelope-from: <<sender@example.com>>\n",
          "[1] envelope-recipient: <<receiver@example.org>>\n", "[1] data\n",
          "[1] header: <From: <sender@example.com>>\n", "[1] end-of-header\n",
          "[1] body: <A message of milter-test-server.\\r\\n>\n", "[1] end-of-message\n",
          "[1] abort\n", "[1] quit\n", "[1] finished\n"})
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
    auto const second = out.substr(out.find("[2]"));
    BOOST_TEST(!contains(second, "[2] data"));
    BOOST_TEST(contains(second, "[2] abort"));
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

BOOST_AUTO_TEST_CASE(header_values_are_the_same_with_and_without_their_leading_blank) {
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

BOOST_AUTO_TEST_CASE(edits_that_were_not_negotiated_are_not_sent_unless_forced) {
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
    BOOST_TEST(contains(filter->out(), "[1] header: <Subject: one\\n two>\n"));
    BOOST_TEST(contains(filter->out(), "[1] body: <ho\\r\\n>\n"));
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
    BOOST_TEST(contains(filter->out(), "[1] body: <01234>\n"));
    BOOST_TEST(contains(filter->out(), "[1] body: <\\r\\n>\n"));
    BOOST_TEST(contains(filter->out(), "[2] body: <chunk 2\\r\\n>\n"));
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
    auto const first = out.substr(0, out.find("[1] finished"));
    auto const reset = first.find("[1] abort");
    BOOST_TEST(first.find("[1] envelope-from", reset) != first.npos);
    BOOST_TEST(first.find("[1] data") > reset);
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
    BOOST_TEST(contains(filter->out(), "[8] finished\n"));
}

// ---- negotiation

BOOST_AUTO_TEST_CASE(what_is_negotiated_away_is_not_sent) {
    start({"--steps", "no_connect,no_helo,no_mail,no_rcpt,no_data,no_header,no_end_of_headers,no_"
                      "body,no_unknown"});
    meets({"--unknown", "XYZ", "--expect", "pass@eom"});
    filter->stop();
    auto const out = filter->out();
    for (auto const* line :
         {"connect:", "helo:", "envelope-", "] data", "] header", "] body:", "unknown:"})
        BOOST_TEST(!contains(out, line), line);
    BOOST_TEST(contains(out, "[1] end-of-message\n"));
}

BOOST_AUTO_TEST_CASE(what_needs_no_reply_gets_none) {
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
    BOOST_TEST(contains(out, "[1] negotiate: version=<2>"));
    BOOST_TEST(contains(out, "[1]   -> negotiate version=2 actions=none steps=no_helo\n"));
    BOOST_TEST(!contains(out, "[1] data"));
    BOOST_TEST(!contains(out, "[1] unknown"));
    BOOST_TEST(contains(out, "[2]   -> negotiate version=6 actions=none steps=no_helo\n"));
}

BOOST_AUTO_TEST_CASE(an_old_milter_is_played) {
    start({"--negotiate-version", "2"});
    auto const done = server({"--json", "--expect", "pass"});
    BOOST_TEST(contains(done.out, "\"version\": 2,"));
    filter->stop();
    BOOST_TEST(!contains(filter->out(), "[1] data"));
}

BOOST_AUTO_TEST_CASE(macros_are_sent_as_asked_for) {
    start({"--macros", "connect=j {mine}", "--macros", "helo=", "--macros", "eom={mail_addr}"});
    meets({"--connect-macro", "mine:1", "--authenticated-name", "alice"});
    filter->stop();
    auto const out = filter->out();
    BOOST_TEST(contains(
        out, "[1] macros:\n[1]   j=mail.example.com\n[1]   {mine}=1\n[1] helo: <delian>\n[1] env"));
    BOOST_TEST(contains(out, "[1]   {auth_authen}=alice\n"));
    BOOST_TEST(
        contains(out, "[1] end-of-message\n[1] macros:\n[1]   {mail_addr}=sender@example.com\n"));
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

BOOST_AUTO_TEST_CASE(faults_instead_of_an_answer_to_the_offer) {
    for (auto const* action : {"close", "garbage", "force reject", "bytes 00000001 'c'"}) {
        start({"--on", std::string("negotiate=") + action});
        BOOST_TEST_CONTEXT(action) breaks("");
        filter->stop();
    }
}

BOOST_AUTO_TEST_CASE(silence_and_half_a_packet_end_at_the_deadline) {
    start({"--on", "helo=silence", "--when", "helo=silent", "--on", "helo=half", "--when",
           "helo=half"});
    for (auto const* helo : {"silent", "half"}) {
        auto const done =
            server({"--helo", helo, "--command-timeout", "20ms", "--expect", "error"});
        BOOST_TEST(done.exit_code == 0, done.err);
        BOOST_TEST(contains(done.out, "waiting for the reply to helo: timed out"), done.out);
    }
}

BOOST_AUTO_TEST_CASE(half_a_packet_and_the_end) {
    start({"--on", "helo=bytes 000000", "--then", "close"});
    breaks("connection ended in the middle of a packet");
}

BOOST_AUTO_TEST_CASE(a_reply_that_is_not_due_breaks_the_session) {
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

BOOST_AUTO_TEST_CASE(what_was_expected_and_not_met_is_exit_status_1) {
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

BOOST_AUTO_TEST_CASE(nobody_there_is_exit_status_3) {
    auto const done = server({});
    BOOST_TEST(done.exit_code == 3);
    BOOST_TEST(contains(done.out, "status: error\n"));
    BOOST_TEST(contains(done.out, "cannot connect to unix:"));
    BOOST_TEST(contains(done.out, "No such file or directory"));
}

BOOST_AUTO_TEST_CASE(a_socket_that_cannot_be_listened_on_is_exit_status_3) {
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

BOOST_AUTO_TEST_CASE(an_mta_that_breaks_the_protocol_is_exit_status_1) {
    start({"--sessions", "1"});
    raw_client(dir / "x.sock").say("GET / HTTP/1.1\r\n\r\n");
    BOOST_TEST(filter->wait() == 1);
    BOOST_TEST(contains(filter->out(), "[1] finished: HTTP: not the milter protocol\n"),
               filter->out());
}

BOOST_AUTO_TEST_CASE(an_mta_that_leaves_without_quit_is_not_blamed) {
    start({"--sessions", "1"});
    raw_client(dir / "x.sock").say("");
    BOOST_TEST(filter->wait() == 0);
    BOOST_TEST(contains(filter->out(), "[1] finished: connection closed by peer\n"), filter->out());
}

BOOST_AUTO_TEST_CASE(events_are_json_lines_when_wished) {
    start({"--json", "--sessions", "1", "--on", "rcpt=reply 550 5.1.1 no"});
    meets({"--expect", "reject"});
    BOOST_TEST(filter->wait() == 0);
    auto const out = filter->out();
    BOOST_TEST(contains(
        out,
        R"({"session":1,"event":"helo","name":"delian","macros":{"{tls_version}":"TLSv1.3",)"));
    BOOST_TEST(contains(
        out,
        R"({"session":1,"event":"reply","to":"rcpt","reply":"reply","text":"reply \"550 5.1.1 no\""})"));
    BOOST_TEST(contains(out, "{\"session\":1,\"event\":\"finished\",\"error\":null}\n"));
}

BOOST_AUTO_TEST_CASE(every_key_of_the_json_is_in_the_manual) {
    start({"--json",
           "--sessions",
           "1",
           "--macros",
           "connect=j",
           "--reject-rcpt",
           "no@test",
           "--on",
           "eom=add_header X-A: \\xff",
           "--then",
           "insert_header 1 X-B: b",
           "--then",
           "add_rcpt a@test NOTIFY=NEVER",
           "--then",
           "replace_body new",
           "--then",
           "quarantine q",
           "--then",
           "progress",
           "--on",
           "unknown=reply 500 5.5.1 what"});
    auto const done = server({"--json", "-f", "f@test SIZE=1", "-r", "no@test", "-r", "yes@test",
                              "--unknown", "XYZ", "--expect", "reject"});
    BOOST_TEST(done.exit_code == 1);
    BOOST_TEST(filter->wait() == 0);
    auto const of_server = keys_in(done.out), of_filter = keys_in(filter->out());
    for (auto const* key :
         {"arguments", "base64", "index", "keepalives", "macro_lists", "reply", "what"})
        BOOST_TEST(of_server.contains(key), "the session is to show " << key);
    BOOST_TEST(of_filter.size() > 15U);
    check_manual("milter-test-server", of_server);
    check_manual("milter-test-filter", of_filter);
}

BOOST_AUTO_TEST_CASE(quiet_prints_nothing_but_where_it_listens) {
    start({"--quiet", "--sessions", "1"});
    meets({"--expect", "pass"});
    BOOST_TEST(filter->wait() == 0);
    BOOST_TEST(filter->out() == "");
    BOOST_TEST(filter->err() == "milter-test-filter: listening on " + socket + "\n");
}

BOOST_AUTO_TEST_CASE(a_verbose_server_shows_each_packet) {
    start({});
    auto const done = server({"-v"});
    BOOST_TEST(contains(done.err, "> helo \"delian\"\n< continue\n"), done.err);
    BOOST_TEST(contains(done.err, "> quit\n"));
}

BOOST_AUTO_TEST_SUITE_END()
