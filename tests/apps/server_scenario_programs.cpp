// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_scenario_programs.cpp - milter-test-server run as a user runs it: exit codes, folders, --start, --learn
#include "programs_fixture.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

namespace {

using namespace programs_test;

constexpr char const* helo_only = "[[step]]\nhelo = \"x\"\n";
constexpr char const* refused = "[[step]]\nrcpt = \"bob@example.org\"\nexpect = \"reject\"\n";
constexpr char const* slow = "[[step]]\nhelo = \"x\"\nexpect = { within = \"0s\" }\n";

struct scenario_programs : programs_fixture {
    finished_program run(arguments args) const {
        args.insert(args.begin(), "run");
        return support::run_program(program("milter-test-server"), args, dir);
    }
    finished_program played(arguments args) const {
        args.insert(args.begin(), {"-s", socket});
        return run(args);
    }
    finished_program started(std::string const& command, arguments args) const {
        args.insert(args.begin(), {"--start", command});
        return run(args);
    }
    static std::string filter_command(std::string const& more = {}) {
        return program("milter-test-filter") + " -q -s {socket} " + more;
    }
    void exits(finished_program const& done, int code, std::string const& says) const {
        BOOST_TEST(done.exit_code == code, done.out + done.err);
        BOOST_TEST(contains(done.out + done.err, says), done.out + done.err);
    }
    /// Whether the process whose number is in a file is there.
    bool runs(std::string const& file) const {
        auto const number = support::slurp(dir / file);
        return !number.empty() && ::kill(std::stoi(number), 0) == 0;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_server_scenario_programs, scenario_programs)

BOOST_AUTO_TEST_CASE(exit_code_says_what_became_of_the_scenarios) {
    start({"--reject-rcpt", "bob@example.org"});
    auto const good = dir.write("good.toml", refused);
    auto const bad = dir.write("bad.toml", "[[step]]\nrcpt = \"bob@example.org\"\n");
    auto const late = dir.write("late.toml", slow);
    auto const odd = dir.write("odd.toml", "stepp = 1\n");
    auto const empty = dir.write("empty.toml", "");
    exits(played({good}), 0, "1 scenario: 1 passed, 0 failed");
    exits(played({good, bad}), 1, bad + ":1: rcpt bob@example.org: expected pass; found: reject");
    exits(played({bad, late}), 1, "0 passed, 2 failed");
    exits(played({good, late}), 4, "expected an answer within 0.000 ms");
    exits(played({bad, odd, late}), 2, odd + ":1:1: unknown key \"stepp\"");
    exits(played({dir / "none.toml"}), 2, "none.toml: No such file");
    exits(played({empty}), 2, "empty.toml: it has no step");
    exits(played({good, "--set", "x"}), 2, "--set: expected NAME=VALUE");
    exits(played({good, "--as", "exim"}), 2, "there is no MTA \"exim\"");
    exits(played({good, "--junit", "-", "--json"}), 2, "--junit - prints XML");
    exits(played({good, "--speed", "1"}), 2, "--speed");
    exits(run({good}), 2, "where the milter listens is not said");
    exits(run({"-s", "unix:" + dir / "nobody", odd, good}), 3, "cannot connect to unix:");
}

BOOST_AUTO_TEST_CASE(command_line_sets_variables_and_the_mta) {
    start({"--reject-rcpt", "carol@example.org"});
    auto const file = dir.write("x.toml", "[variables]\nwho = \"bob\"\n[[step]]\nrcpt = "
                                          "\"${who}@example.org\"\nexpect = \"reject\"\n");
    exits(played({file}), 1, "expected reject; found: pass");
    exits(played({"--set", "who=carol", file}), 0, "1 passed");
    auto const packets =
        played({"--set", "who=carol", "--as", "minimal-v2", "--packets", "-v", file});
    BOOST_TEST(contains(packets.err, "x: > negotiate version=2"), packets.err);
    BOOST_TEST(contains(packets.out, "rcpt carol@example.org -> reject"), packets.out);
}

BOOST_AUTO_TEST_CASE(folders_are_played_by_name_and_reported_in_order) {
    start({});
    std::filesystem::create_directories(dir / "all/b");
    dir.write("all/c.toml", std::string("title = \"c\"\n") + helo_only);
    dir.write("all/b/x.toml",
              std::string("title = \"b\"\n[[step]]\nwait = \"50ms\"\n") + helo_only);
    dir.write("all/a.toml", std::string("title = \"a\"\ninclude = \"part.toml\"\n") + helo_only);
    dir.write("all/part.toml", "[variables]\nx = \"1\"\n");
    dir.write("all/notes.txt", "x");
    for (std::string const jobs : {"1", "8"}) {
        auto const done = played({"-j", jobs, "--tap", dir / "all"});
        BOOST_TEST(done.out == "TAP version 13\n1..3\nok 1 - a\nok 2 - b\nok 3 - c\n", done.err);
    }
    std::filesystem::create_directories(dir / "nothing");
    exits(played({dir / "nothing"}), 2, "nothing: there is no *.toml in it");
}

BOOST_AUTO_TEST_CASE(reports_are_printed_or_written) {
    start({});
    auto const file = dir.write("x.toml", helo_only);
    auto const json = nlohmann::json::parse(played({"--json", file}).out);
    BOOST_TEST(json["passed"] == 1);
    BOOST_TEST(json["milter"] == socket);
    exits(played({"--junit", dir / "report.xml", file}), 0, "1 passed");
    BOOST_TEST(support::slurp(dir / "report.xml").starts_with("<?xml"));
    BOOST_TEST(played({"--junit", "-", file}).out.starts_with("<?xml"));
}

BOOST_AUTO_TEST_CASE(report_that_cannot_be_written_is_told_before_anything_is_played) {
    auto const file = dir.write("x.toml", helo_only);
    auto const done = started("touch " + dir / "began" + "; exec " + filter_command(),
                              {"--junit", dir / "no/where.xml", file});
    exits(done, 2, "no/where.xml: No such file or directory");
    BOOST_TEST(!std::filesystem::exists(dir / "began"));
}

BOOST_AUTO_TEST_CASE(variable_that_is_in_no_scenario_is_told) {
    start({});
    auto const file = dir.write("x.toml", "[variables]\ndomain = \"a\"\n[[step]]\nhelo = "
                                          "\"${domain}\"\n");
    auto const other = dir.write("y.toml", helo_only);
    exits(played({file, other, "--set", "domian=x"}), 2, "there is no variable \"domian\"");
    exits(played({file, other, "--set", "domain=x"}), 0, "2 passed");
}

BOOST_AUTO_TEST_CASE(milter_that_ends_meanwhile_is_what_is_told) {
    auto const one = dir.write("1.toml", helo_only);
    auto const two = dir.write("2.toml", helo_only);
    // one session is that of who waits until it listens
    auto const done = started(filter_command("--sessions 2") + "; exit 7", {"-j", "1", one, two});
    BOOST_TEST(done.out.starts_with("ok "), done.out);
    exits(done, 3, two + ": the milter has ended with 7: cannot connect to ");
}

BOOST_AUTO_TEST_CASE(folder_that_cannot_be_read_is_told_in_the_words_of_the_system) {
    if (::geteuid() == 0) return; // may read everything
    start({});
    std::filesystem::create_directories(dir / "shut");
    std::filesystem::permissions(dir / "shut", std::filesystem::perms::none);
    auto const done = played({dir / "shut"});
    std::filesystem::permissions(dir / "shut", std::filesystem::perms::owner_all);
    exits(done, 2, dir / "shut" + ": Permission denied");
}

BOOST_AUTO_TEST_CASE(milter_that_says_too_much_or_nothing_is_found_out) {
    auto const file =
        dir.write("x.toml", "[[step]]\nend_of_message = true\n[[step]]\nwait = \"100ms\"\n");
    start({"--on", "eom=extra"});
    exits(played({file}), 1, "end_of_message: expected a good end; found: error (");
    start({"--on", "helo=silence"});
    auto const silent =
        dir.write("y.toml", "[[step]]\nhelo = \"x\"\nexpect = { error = \"/time/\" }\n");
    exits(played({"--all-timeouts", "3s", silent}), 0, "1 passed");
}

BOOST_AUTO_TEST_CASE(time_of_an_answer_is_bounded) {
    start({"--on", "helo=delay 200ms"});
    auto const bound = [&](std::string const& time) {
        return dir.write("x.toml",
                         "[[step]]\nhelo = \"x\"\nexpect = { within = \"" + time + "\" }\n");
    };
    exits(played({bound("100ms")}), 4, "expected an answer within 100.000 ms; found: ");
    exits(played({bound("5min")}), 0, "1 passed");
}

// ---- --start

BOOST_AUTO_TEST_CASE(milter_is_started_and_ended) {
    auto const file = dir.write("x.toml", refused);
    auto const command =
        "echo $$ > " + dir / "pid" + "; exec " + filter_command("--reject-rcpt bob@example.org");
    exits(started(command, {file}), 0, "1 passed");
    BOOST_TEST(!runs("pid"));
    auto const own = program("milter-test-filter") + " -q -s " + socket;
    exits(run({"-s", socket, "--start", own, dir.write("y.toml", helo_only)}), 0, "1 passed");
}

BOOST_AUTO_TEST_CASE(children_of_the_command_are_ended_too) {
    auto const file = dir.write("x.toml", helo_only);
    auto const command =
        "sleep 1000 & echo $! > " + dir / "pid" + "; " + filter_command() + "; true";
    exits(started(command, {file}), 0, "1 passed");
    BOOST_TEST(!runs("pid"));
}

BOOST_AUTO_TEST_CASE(command_that_ends_early_is_said_and_leaves_nobody) {
    auto const file = dir.write("x.toml", helo_only);
    auto const begins = "sleep 1000 & echo $! > " + dir / "pid" + "; : {socket}; ";
    exits(started(begins + "exit 7", {file}), 3, "--start: it ended with 7 before it listened");
    BOOST_TEST(!runs("pid"));
    exits(started("kill -9 $$; : {socket}", {file}), 3, "it ended with 137 before it listened");
    exits(started("true", {file}), 2, "--start: the command has no {socket}");
}

BOOST_AUTO_TEST_CASE(socket_that_somebody_else_listens_on_is_refused) {
    start({});
    auto const file = dir.write("x.toml", helo_only);
    exits(run({"-s", socket, "--start", "sleep 1000", file}), 3,
          "somebody listens on " + socket + " already");
}

/// The third is done though the second, which began before it, never is: they are played at the same time.
BOOST_AUTO_TEST_CASE(interrupted_run_reports_what_was_done_and_leaves_nobody) {
    auto const first = dir.write("a.toml", helo_only);
    auto const second = dir.write("b.toml", "[[step]]\nconnect = \"x\"\n[[step]]\nwait = \"1h\"\n");
    auto const third = dir.write("c.toml", helo_only);
    auto const command = "echo $$ > " + dir / "pid" + "; exec " + filter_command();
    for (int const number : {SIGINT, SIGTERM}) {
        background_program one(program("milter-test-server"),
                               {"run", "--packets", "--start", command, first, second, third}, dir,
                               "c: > quit", "interrupted");
        one.says("b: > connect");
        one.signal(number);
        BOOST_TEST(one.wait() == 5, one.err());
        BOOST_TEST(contains(one.out(), "2 scenarios: 2 passed, 0 failed"), one.out());
        BOOST_TEST(contains(one.err(), "milter-test-server: interrupted"), one.err());
        BOOST_TEST(!runs("pid"));
    }
}

BOOST_AUTO_TEST_CASE(interrupted_while_the_milter_starts_leaves_nobody) {
    auto const file = dir.write("x.toml", helo_only);
    auto const command =
        "echo ready >&2; echo $$ > " + dir / "pid" + "; exec sleep 1000; : {socket}";
    background_program one(program("milter-test-server"), {"run", "--start", command, file}, dir,
                           "ready");
    one.signal(SIGINT);
    BOOST_TEST(one.wait() == 5, one.err());
    BOOST_TEST(contains(one.err(), "interrupted before it listened"), one.err());
    BOOST_TEST(!runs("pid"));
}

// ---- --learn

BOOST_AUTO_TEST_CASE(scenario_is_learnt_from_a_message_and_passes) {
    start({"--add-header", "X-Seen: yes", "--macros", "connect=j"});
    std::filesystem::create_directories(dir / "made");
    auto const mail = dir.write(
        "spam.eml", "From: a@example.com\nTo: b@example.org\nSubject: one\n two\n\ntext\n");
    exits(played({"--learn", mail, "-o", dir / "made"}), 0, dir / "made/spam.toml");
    auto const text = support::slurp(dir / "made/spam.toml");
    for (auto const* part : {"mail = \"<a@example.com>\"", "rcpt = \"<b@example.org>\"",
                             "message = { file = \"../spam.eml\" }",
                             "edits = [\"add_header X-Seen: yes\"]", "connect = \"j\""})
        BOOST_TEST(contains(text, part), text);
    exits(played({dir / "made"}), 0, "1 passed");
    filter.reset();
    start({});
    exits(played({dir / "made"}), 1, "expected edits \"add_header X-Seen: yes\"; found: none");
}

BOOST_AUTO_TEST_CASE(scenarios_are_learnt_from_a_corpus) {
    std::filesystem::create_directories(dir / "made");
    auto const corpus = std::string(MILTER_SOURCE_DIR "/corpora/postfix/stage.jsonl");
    exits(run({"--learn", corpus, "-o", dir / "made"}), 0, "stage_data-1.toml");
    exits(run({"--learn", corpus}), 2, "scenarios need a folder that exists: --output FOLDER");
    exits(run({"--learn", dir / "none.eml"}), 2, "none.eml: No such file");
    exits(run({"--learn", dir.write("empty.jsonl", ""), "-o", dir / "made"}), 2,
          "empty.jsonl: there is no conversation in it");
}

BOOST_AUTO_TEST_CASE(what_is_learnt_of_a_corpus_bears_its_name_and_goes_into_a_folder) {
    start({"--sessions", "1", "--record", dir / "mail.jsonl"});
    exits(played({dir.write("x.toml", helo_only)}), 0, "1 passed");
    BOOST_TEST(filter->wait() == 0);
    exits(run({"--learn", dir / "mail.jsonl", "-o", dir / "made"}), 2,
          "made is no folder that exists, nor a name that ends in .toml");
    BOOST_TEST(!std::filesystem::exists(dir / "made"));
    std::filesystem::create_directories(dir / "made");
    exits(run({"--learn", dir / "mail.jsonl", "-o", dir / "made"}), 0, "mail-1.toml");
    BOOST_TEST(contains(support::slurp(dir / "made/mail-1.toml"), "title = \"mail-1\""));
    exits(run({"--learn", dir / "mail.jsonl", "-o", dir / "no/x.toml"}), 2,
          "no/x.toml: No such file or directory");
}

BOOST_AUTO_TEST_CASE(learning_says_when_nobody_answers_and_overwrites_nothing_of_its_own) {
    auto const mail = dir.write("x.eml", "From: a@b\n\ntext\n");
    exits(run({"-s", "unix:" + dir / "nobody", "--learn", mail}), 3, "cannot connect to");
    std::filesystem::create_directories(dir / "other");
    std::filesystem::create_directories(dir / "made");
    auto const same = dir.write("other/x.eml", "From: a@b\n\ntext\n");
    exits(run({"--learn", mail, same, "-o", dir / "made"}), 2, "two scenarios would be ");
    BOOST_TEST(std::filesystem::is_empty(dir / "made"));
}

BOOST_AUTO_TEST_SUITE_END()
