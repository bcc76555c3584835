// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_bench.cpp - milter-test-server bench against milter-test-filter: what is counted and reported, never how
// fast it was

#include "programs_fixture.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace programs_test;
using json = nlohmann::json;

namespace {

struct bench_fixture : programs_fixture {
    finished_program bench(arguments args) {
        args.insert(args.begin(), {"bench", "-s", socket});
        return support::run_program(program("milter-test-server"), args, dir);
    }

    /// Its JSON, of the only milter.
    json report(arguments args, int exit_code = 0) {
        args.insert(args.end(), "--json");
        auto const done = bench(std::move(args));
        BOOST_TEST(done.exit_code == exit_code, done.err + done.out);
        return json::parse(done.out).at("milters").at(0);
    }

    void start_quietly(arguments rules) {
        rules.insert(rules.begin(), "-q");
        start(std::move(rules));
    }
};

std::size_t lines_of(std::string const& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_server_bench, bench_fixture)

BOOST_AUTO_TEST_CASE(messages_stages_and_answers_are_counted) {
    start_quietly({});
    auto const all = report({"--n-mails", "50", "-c", "5", "--warm-up", "10"});
    BOOST_TEST(all["mails"] == 50);
    BOOST_TEST(all["sessions"] == 50);
    BOOST_TEST(all["statuses"]["pass"] == 50);
    BOOST_TEST(all["errors"].empty());
    BOOST_TEST(all["message"]["service"]["count"] == 50);
    BOOST_TEST(all["message"]["response"].is_null());
    BOOST_TEST(all["stages"].size() == 10U);
    BOOST_TEST(all["stages"]["header"]["service"]["count"] == 100); // From, To
    BOOST_TEST(all["stages"]["end_of_message"]["service"]["count"] == 50);
    auto const& times = all["message"]["service"];
    BOOST_TEST(times["min"] <= times["p50"]);
    BOOST_TEST(times["p50"] <= times["p99"]);
    BOOST_TEST(times["p99"] <= times["max"]);
    BOOST_TEST(all["driver"]["cpu_seconds_per_session"] > 0.0);
}

BOOST_AUTO_TEST_CASE(verdicts_are_counted_by_kind_and_replies_listed) {
    start_quietly({"--on", "rcpt=reply 550 5.1.1 no", "--when", "rcpt=bob@test", "--on",
                   "mail=tempfail", "--when", "sender=eve@test", "--quarantine", "looks bad"});
    auto const refused = report({"--n-mails", "7", "-r", "bob@test"});
    BOOST_TEST(refused["statuses"]["reject"] == 7);
    BOOST_TEST(refused["refused_recipients"] == 7);
    BOOST_TEST(refused["failure_responses"][0]["reply"] == "rcpt: 550 5.1.1 no");
    BOOST_TEST(refused["failure_responses"][0]["count"] == 7);
    auto const later = report({"--n-mails", "3", "-f", "eve@test"});
    BOOST_TEST(later["statuses"]["temporary-failure"] == 3);
    auto const passed = report({"--n-mails", "4", "-r", "bob@test", "-r", "carl@test"});
    BOOST_TEST(passed["statuses"]["quarantine"] == 4);
    BOOST_TEST(passed["refused_recipients"] == 4);
    BOOST_TEST(passed["edits"]["quarantine"] == 4);
}

BOOST_AUTO_TEST_CASE(errors_are_counted_by_kind_and_stage) {
    struct row {
        char const* rule;
        char const* kind;
        char const* what;
    };
    row const rows[] = {
        {"header=close", "lost", "connection closed by peer at header"},
        {"eom=extra", "", ""}, // nobody waits for more behind the verdict
        {"rcpt=extra", "violation", "reply although none is due at data"},
        {"mail=unknown_reply", "malformed", "unknown packet code at mail"},
        {"helo=oversize", "malformed", "packet longer than the limit at helo"},
        {"data=silence", "timeout", "timed out at data"},
        {"data=half", "timeout", "timed out at data"},
        {"mail=force add_header A: b", "violation", "reply not allowed at this stage at mail"},
    };
    for (auto const& one : rows) {
        filter.reset();
        start_quietly({"--on", one.rule});
        bool const breaks = one.kind[0] != '\0';
        auto const all = report({"--n-mails", "2", "--reading-timeout", "300ms"}, breaks ? 1 : 0);
        BOOST_TEST(all["statuses"]["error"] == (breaks ? 2 : 0), one.rule);
        if (!breaks) continue;
        BOOST_REQUIRE(all["errors"].size() == 1U);
        auto const& error = all["errors"][0];
        BOOST_TEST(error["kind"] == one.kind, one.rule);
        BOOST_TEST(error["what"] == one.what);
        BOOST_TEST(error["count"] == 2);
    }
}

BOOST_AUTO_TEST_CASE(an_open_loop_tells_both_times_and_sends_all) {
    start_quietly({});
    for (arguments const& args :
         {arguments{"--rate", "1000/s"}, {"--period", "10ms"}, {"--interval", "1ms"}}) {
        auto with = args;
        with.insert(with.end(), {"--n-mails", "20"});
        auto const all = report(with);
        BOOST_TEST(all["statuses"]["pass"] == 20);
        BOOST_TEST(all["message"]["response"]["count"] == 20);
        BOOST_TEST(all["message"]["response"]["max"] >= all["message"]["service"]["max"]);
        BOOST_TEST(all["stages"]["rcpt"]["response"]["count"] == 20);
    }
}

BOOST_AUTO_TEST_CASE(who_waits_for_a_place_feels_it_in_the_response_only) {
    start_quietly({"--on", "eom=delay 50ms"});
    auto const all = report({"--rate", "1000", "--n-mails", "10", "-c", "1"});
    BOOST_TEST(all["statuses"]["pass"] == 10);
    // the last one was due within 10 ms, and nine others of 50 ms each came before it
    BOOST_TEST(all["message"]["response"]["max"] >= 0.440);
    BOOST_TEST(all["message"]["service"]["min"] >= 0.050);
}

/// Sessions that outlast the time leave no place to the others, however fast either side is.
struct overloaded_fixture : bench_fixture {
    overloaded_fixture() { start_quietly({"--on", "eom=delay 900ms"}); }

    static constexpr int due = 300;
    arguments load{"--rate", "1000", "--duration", "300ms", "-c", "1"};

    finished_program bench_with(arguments const& more) {
        auto args = load;
        args.insert(args.end(), more.begin(), more.end());
        return bench(args);
    }
};

BOOST_FIXTURE_TEST_CASE(what_was_due_and_never_sent_counts, overloaded_fixture) {
    auto const all = report(load);
    auto const sent = all["mails"].get<int>();
    auto const unsent = all["unsent"].get<int>();
    BOOST_TEST(sent + unsent == due);
    BOOST_TEST(unsent > due - 10);
    BOOST_TEST(all["message"]["service"]["count"] == sent);
    auto const& response = all["message"]["response"];
    BOOST_TEST(response["count"] == due);
    BOOST_TEST(response["min"] < 0.002); // due just before the end
    BOOST_TEST(response["p50"] > 0.140);
    BOOST_TEST(response["max"] >= 0.900);
    auto const text = bench_with({}).out;
    for (auto const* part : {"  due, and never sent: 29", "Per mail, since it was due, at least (",
                             "Per mail, since it was sent:"})
        BOOST_TEST(contains(text, part), part);
}

BOOST_FIXTURE_TEST_CASE(what_was_never_sent_misses_gates_of_times, overloaded_fixture) {
    for (auto const* gate : {"p50<1000s", "p99<1000s", "mean<1000s", "max<1000s", "eom.p99<1000s",
                             "unsent<1", "unsent<50%"}) {
        auto const done = bench_with({"--gate", gate});
        BOOST_TEST(done.exit_code == 4, gate);
        BOOST_TEST(contains(done.out, ", missed"), done.out);
    }
    auto const met = bench_with({"--gate", "min<1000s", "--gate", "unsent<100%"});
    BOOST_TEST(met.exit_code == 0, met.out);
}

BOOST_AUTO_TEST_CASE(with_a_place_for_each_nothing_is_unsent) {
    start_quietly({"--on", "eom=delay 50ms"});
    arguments const load{"--rate", "200", "--duration", "200ms", "--gate", "unsent<1"};
    auto const all = report(load);
    BOOST_TEST(all["statuses"]["pass"] == 40);
    BOOST_TEST(all["unsent"] == 0);
    BOOST_TEST(all["message"]["response"]["count"] == 40);
}

BOOST_FIXTURE_TEST_CASE(milters_that_were_not_sent_all_are_not_compared, overloaded_fixture) {
    auto const other = "unix:" + dir / "y.sock";
    background_program const quick(program("milter-test-filter"), {"-q", "-s", other}, dir,
                                   "listening on ", "quick");
    arguments const args{"bench",  "--compare",  socket,     other, "--rate",
                         "100",    "--duration", "500ms",    "-c",  "1",
                         "--gate", "slower<99%", "--slices", "5"};
    auto const done = support::run_program(program("milter-test-server"), args, dir);
    BOOST_TEST(done.exit_code == 4, done.err);
    for (auto const* part : {"Comparison:\n  none, as mails were due and never sent",
                             "slower<99%: nothing was measured, missed"})
        BOOST_TEST(contains(done.out, part), done.out);
}

BOOST_AUTO_TEST_CASE(a_duration_ends_by_itself) {
    start_quietly({});
    auto const all = report({"--duration", "200ms", "-c", "3", "--warm-up", "50ms"});
    BOOST_TEST(all["mails"] > 0);
    BOOST_TEST(all["elapsed_seconds"] >= 0.2);
    BOOST_TEST(report({"--flood", "100ms", "--ramp", "50ms"})["mails"] > 0);
}

BOOST_AUTO_TEST_CASE(workers_share_the_load) {
    start_quietly({});
    auto const all = report({"--n-mails", "31", "-c", "4", "--n-workers", "3"});
    BOOST_TEST(all["statuses"]["pass"] == 31);
    BOOST_TEST(all["message"]["service"]["count"] == 31);
}

BOOST_AUTO_TEST_CASE(several_messages_share_a_session) {
    start_quietly({});
    for (auto const* mta : {"postfix", "sendmail"}) {
        auto const all = report({"--n-mails", "10", "--messages-per-session", "4", "--mta", mta});
        BOOST_TEST(all["sessions"] == 3);
        BOOST_TEST(all["statuses"]["pass"] == 10);
        BOOST_TEST(all["session"]["service"]["count"] == 3);
        BOOST_TEST(all["stages"]["connect"]["service"]["count"] == 3);
    }
}

BOOST_AUTO_TEST_CASE(what_the_milter_does_not_want_is_not_sent) {
    start_quietly({"--steps", "no_connect,no_helo,nr_header,nr_end_of_headers,nr_body,skip"});
    auto const all = report({"--n-mails", "5"});
    BOOST_TEST(all["statuses"]["pass"] == 5);
    for (auto const* stage : {"connect", "helo", "header", "end_of_headers", "body"})
        BOOST_TEST(!all["stages"].contains(stage), stage);
    BOOST_TEST(all["answers"] == 5 * 5); // negotiate, MAIL, RCPT, DATA, end of message
}

BOOST_AUTO_TEST_CASE(edits_and_a_new_body_of_any_size_are_counted) {
    start_quietly({"--add-header", "A: b", "--add-header", "C: d", "--replace-body",
                   std::string(100'000, 'x')});
    auto const all = report({"--n-mails", "3"});
    BOOST_TEST(all["statuses"]["pass"] == 3);
    BOOST_TEST(all["edits"]["add_header"] == 6);
    BOOST_TEST(all["edits"]["replace_body"] >= 3);
}

BOOST_AUTO_TEST_CASE(mail_comes_from_files_folders_and_corpora_in_turns) {
    start({});
    dir.write("one.eml", "From: one@test\nSubject: first\n\ntext\n");
    std::filesystem::create_directory(dir / "more");
    dir.write("more/b.eml", "From: b@test\n\nb\n");
    dir.write("more/a.eml", "From: a@test\n\na\n");
    dir.write("more/notes.txt", "From: never@test\n\nno mail\n");
    report({"--n-mails", "4", dir / "one.eml", dir / "more", "-r", "all@test"});
    filter->stop();
    std::vector<std::string> senders;
    std::istringstream events(filter->out());
    for (std::string line; std::getline(events, line);)
        if (contains(line, "envelope-from")) senders.push_back(line.substr(line.find('<')));
    std::vector<std::string> const expected{"<<one@test>>", "<<a@test>>", "<<b@test>>",
                                            "<<one@test>>"};
    BOOST_TEST(senders == expected, boost::test_tools::per_element());
    BOOST_TEST(!contains(filter->out(), "no mail"));

    filter.reset();
    start_quietly({});
    auto const all = report({MILTER_SOURCE_DIR "/corpora/postfix/content.jsonl", "--shuffle"});
    BOOST_TEST(all["statuses"]["pass"] == 100);
    BOOST_TEST(all["message_bytes"] > 10'000);
}

BOOST_AUTO_TEST_CASE(lines_are_added_to_a_body) {
    start_quietly({});
    auto const bytes = [&](char const* lines) {
        return report({"--n-mails", "1", "--n-additional-lines", lines})["message_bytes"]
            .get<std::size_t>();
    };
    BOOST_TEST(bytes("10") == bytes("0") + std::size_t{10} * 74);
}

BOOST_AUTO_TEST_CASE(gates_decide_the_exit_status) {
    start_quietly({"--on", "mail=close", "--when", "sender=bad@test"});
    auto const code = [&](arguments args) {
        args.insert(args.begin(), {"--n-mails", "4"});
        return bench(std::move(args)).exit_code;
    };
    BOOST_TEST(code({"--gate", "p99<1000s", "--gate", "throughput>0.001/s"}) == 0);
    BOOST_TEST(code({"--gate", "p99<1000s", "--gate", "max<0s"}) == 4);
    BOOST_TEST(code({"-f", "bad@test"}) == 1);
    BOOST_TEST(code({"-f", "bad@test", "--gate", "errors<=100%"}) == 0);
    BOOST_TEST(code({"-f", "bad@test", "--gate", "errors<1%"}) == 4);
    auto const done = bench({"--n-mails", "4", "--gate", "max<0s", "--json"});
    auto const gates = json::parse(done.out)["gates"];
    BOOST_REQUIRE(gates.size() == 1U);
    BOOST_TEST(gates[0]["met"] == false);
    BOOST_TEST(contains(gates[0]["what"].get<std::string>(), "max<0s: "));
}

BOOST_AUTO_TEST_CASE(two_milters_are_loaded_in_turns) {
    start_quietly({});
    auto const other = "unix:" + dir / "y.sock";
    background_program const slow(program("milter-test-filter"),
                                  {"-q", "-s", other, "--on", "eom=delay 30ms"}, dir,
                                  "listening on ", "slow");
    arguments const common{"bench", "--compare", socket, other,       "--n-mails",
                           "20",    "--slices",  "5",    "--warm-up", "2"};
    auto args = common;
    args.emplace_back("--json");
    auto const done = support::run_program(program("milter-test-server"), args, dir);
    BOOST_TEST(done.exit_code == 0, done.err);
    auto const all = json::parse(done.out);
    BOOST_TEST(all["milters"].size() == 2U);
    for (auto const& one : all["milters"]) BOOST_TEST(one["statuses"]["pass"] == 20);
    BOOST_TEST(all["comparison"]["pairs"] == 5);
    BOOST_TEST(all["comparison"]["median"]["ratio"] > 1.0);

    args = common;
    args.insert(args.end(), {"--gate", "slower<0.1%"});
    auto const text = support::run_program(program("milter-test-server"), args, dir);
    BOOST_TEST(text.exit_code == 4, text.err);
    for (auto const* part : {"A: unix:", "\nB: unix:", "Comparison:\n  median: ",
                             "(95 % confidence, 5 pairs of slices)", "slower<0.1%: "})
        BOOST_TEST(contains(text.out, part), part);
}

BOOST_AUTO_TEST_CASE(nobody_there_is_unreachable) {
    for (arguments const& where :
         {arguments{"-s", "unix:" + dir / "none.sock"},
          arguments{"--compare", "unix:" + dir / "a", "unix:" + dir / "b"}}) {
        auto args = where;
        args.insert(args.begin(), "bench");
        auto const done = support::run_program(program("milter-test-server"), args, dir);
        BOOST_TEST(done.exit_code == 3);
        BOOST_TEST(contains(done.err, "milter-test-server bench: cannot connect to unix:"),
                   done.err);
        BOOST_TEST(done.out.empty());
    }
}

BOOST_AUTO_TEST_CASE(an_interrupted_run_reports_what_it_saw) {
    start_quietly({});
    for (int const number : {SIGINT, SIGTERM}) {
        background_program running(
            program("milter-test-server"),
            {"bench", "-s", socket, "--flood", "--json", "--report-periodically", "50ms"}, dir,
            "mails/s", "bench");
        running.signal(number);
        BOOST_TEST(running.wait() == 5);
        BOOST_TEST(contains(running.err(), "milter-test-server bench: interrupted"));
        auto const all = json::parse(running.out());
        BOOST_TEST(all["interrupted"] == true);
        BOOST_TEST(all["milters"][0]["mails"] > 0);
    }
}

BOOST_AUTO_TEST_CASE(the_text_has_the_blocks_of_the_older_tool) {
    start_quietly({});
    auto const done = bench({"--n-mails", "3"});
    BOOST_TEST(done.exit_code == 0, done.err);
    for (auto const* part :
         {"Total:\n  mails: 3\n  elapsed time: ", "  throughput: ", "Per mail:\n  Max: ", "  Min: ",
          "  Average: ", "Status:\n  Temporary failure: 0 (0.00%)\n", "  Reject: 0 (0.00%)\n",
          "  Error: 0 (0.00%)\n", "Driver: "})
        BOOST_TEST(contains(done.out, part), part);
    BOOST_TEST(done.err.empty(), done.err);
}

BOOST_AUTO_TEST_CASE(periodic_lines_have_the_columns_of_the_older_tool) {
    start_quietly({"--on", "eom=reject"});
    auto const done = bench({"--n-mails", "3", "--report-periodically", "1h"});
    std::istringstream lines(done.out);
    std::string title, values;
    std::getline(lines, title);
    std::getline(lines, values);
    std::istringstream columns(title), row(values);
    std::vector<std::string> names, numbers;
    for (std::string one; columns >> one;) names.push_back(one);
    for (std::string one; row >> one;) numbers.push_back(one);
    std::vector<std::string> const expected{"Time", "Sent", "mails/s", "Max",  "Min",
                                            "Avg",  "4XX",  "5XX",     "Error"};
    BOOST_TEST(names == expected, boost::test_tools::per_element());
    BOOST_REQUIRE(numbers.size() == expected.size());
    BOOST_TEST(numbers[1] == "3");
    BOOST_TEST(numbers[7] == "3");
}

BOOST_AUTO_TEST_CASE(each_message_is_a_line_of_the_statistics) {
    start_quietly({});
    auto const file = dir / "data.csv";
    report({"--n-mails", "5", "--warm-up", "3", "--report-statistics-data", file});
    auto const data = support::slurp(file);
    BOOST_TEST(lines_of(data) == 6U);
    BOOST_TEST(data.substr(0, data.find('\n')) == "wall clock time,response time,message size");
    auto const nowhere = bench({"--report-statistics-data", dir / "none/data.csv"});
    BOOST_TEST(nowhere.exit_code == 2);
    BOOST_TEST(contains(nowhere.err, "none/data.csv: No such file or directory"), nowhere.err);
}

BOOST_AUTO_TEST_SUITE_END()
