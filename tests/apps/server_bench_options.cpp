// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_bench_options.cpp - the command line of milter-test-server bench, and its messages

#include "test-server/bench_mail.hpp"
#include "test-server/bench_options.hpp"
#include "test-server/bench_progress.hpp"
#include "test-server/bench_script.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <support/command_line.hpp>
#include <support/process.hpp>
#include <support/temp_dir.hpp>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::chrono_literals;
using words = std::vector<std::string>;

auto parse(words const& args) {
    return support::parse_words(milter::test_server::parse_bench_options, args);
}

auto bench(words args) {
    args.insert(args.begin(), {"-s", "unix:/x"});
    return parse(args);
}

milter::test_server::bench_options value(words const& args) {
    auto const parsed = bench(args);
    BOOST_TEST(!parsed.result.exit_code, parsed.err);
    return parsed.result.value;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

} // namespace

BOOST_AUTO_TEST_SUITE(apps_server_bench_options)

BOOST_AUTO_TEST_CASE(what_is_wrong_is_said_in_one_line) {
    struct row {
        words args;
        char const* says;
    };
    row const rows[] = {
        {{"--gate", "p99<50"}, "--gate: \"p99<50\", column 7: a time has a unit: 50ms"},
        {{"--gate", "slower<5%"}, "--gate: \"slower<5%\" needs --compare"},
        {{"--gate", "unsent<1"}, "--gate: \"unsent<1\" needs --rate, --period or --interval"},
        {{"--rate", "fast"}, "--rate: \"fast\" is no rate; examples: 500, 500/s, 30/m"},
        {{"--rate", "5/week"}, "--rate: \"5/week\" is no rate"},
        {{"--rate", "0"}, "--rate: \"0\" is no rate"},
        {{"--rate", "5ms"}, "--rate: \"5ms\" is no rate"},
        {{"--rate", "5", "--interval", "1s"}, "--rate, --period, --interval: only one of them"},
        {{"--duration", "soon"}, "--duration: \"soon\" is no time"},
        {{"--interval", "0"}, "--interval: more than 0"},
        {{"--warm-up", "soon"}, "--warm-up: \"soon\" is no time"},
        {{"--compare", "unix:/a", "unix:/b"}, "--compare names the milters itself"},
        {{"/nowhere/mail.eml"}, "/nowhere/mail.eml: No such file or directory"},
        {{"--durration", "5s"}, "did you mean --duration?"},
    };
    for (auto const& one : rows) {
        auto const parsed = bench(one.args);
        BOOST_TEST(parsed.exit_code() == 2, one.says);
        BOOST_TEST(contains(parsed.err, one.says), parsed.err);
    }
    BOOST_TEST(contains(parse({}).err, "-s SPEC is required, or --compare A B"));
    BOOST_TEST(contains(parse({"--compare", "unix:/a", "b"}).err, "--compare: \"b\" is no socket"));
}

BOOST_AUTO_TEST_CASE(options_of_smtp_are_refused_with_what_does_it) {
    struct row {
        words args;
        char const* says;
    };
    row const rows[] = {
        {{"--smtp-server", "localhost"}, "use smtp-source -s 10 -m 100 HOST:PORT"},
        {{"--smtp-port=25"}, "use smtp-source -s 10 -m 100 HOST:PORT"},
        {{"--starttls=always"}, "use swaks --server HOST:PORT --tls"},
        {{"--auth-user", "a"}, "--auth PLAIN --auth-user USER --auth-password PASSWORD"},
        {{"--auth-password", "a"}, "use swaks --server HOST:PORT --tls --auth PLAIN"},
        {{"--auth-mechanism", "PLAIN"}, "use swaks --server HOST:PORT"},
        {{"--auth-map", "file"}, "use swaks --server HOST:PORT"},
        {{"--force-from"}, "here -f replaces the sender of all messages"},
        {{"--force-recipient"}, "here -r replaces the recipients of all messages"},
    };
    for (auto const& one : rows) {
        auto const parsed = parse(one.args); // also without a socket, which that tool did not need
        BOOST_TEST(parsed.exit_code() == 2, one.args[0]);
        BOOST_TEST(contains(parsed.err, one.says), parsed.err);
        BOOST_TEST(parsed.err.find('\n') == parsed.err.size() - 1, "one line: " << parsed.err);
        auto const name = one.args[0].substr(0, one.args[0].find('='));
        BOOST_TEST(contains(parsed.err, "milter-test-server bench: " + name + " is for SMTP"));
    }
}

BOOST_AUTO_TEST_CASE(without_options_a_hundred_messages_go_one_after_the_other) {
    auto const usual = value({});
    BOOST_TEST(usual.load.mails.value() == 100U);
    BOOST_TEST(usual.load.concurrency == 1U);
    BOOST_TEST(usual.workers == 1U);
    BOOST_TEST(!usual.load.rate);
    BOOST_TEST(!usual.load.time);
    BOOST_TEST(usual.report_failures);
    BOOST_TEST(usual.plan.messages.size() == 1U);
}

BOOST_AUTO_TEST_CASE(how_long_and_how_fast_can_be_said_in_several_ways) {
    BOOST_TEST(value({"--rate", "30/m"}).load.rate.value() == 0.5);
    BOOST_TEST(value({"--rate", "500/s"}).load.rate.value() == 500);
    BOOST_TEST(value({"--interval", "20ms"}).load.rate.value() == 50);
    BOOST_TEST(value({"--n-mails", "60", "--period", "2m"}).load.rate.value() == 0.5);
    BOOST_TEST(value({"--rate", "5"}).load.concurrency == 100U);
    BOOST_TEST(value({"--rate", "5", "-c", "3"}).load.concurrency == 3U);
    BOOST_TEST((value({"--duration", "30s"}).load.time == 30s));
    BOOST_TEST(!value({"--duration", "30s"}).load.mails);
    BOOST_TEST(value({"--duration", "30s", "--n-mails", "7"}).load.mails.value() == 7U);
    BOOST_TEST((value({"--flood", "5m"}).load.time == 5min));
    BOOST_TEST(!value({"--flood"}).load.time);
    BOOST_TEST(!value({"--flood"}).load.mails);
    BOOST_TEST(value({"--warm-up", "500"}).load.warm_up_mails == 500U);
    BOOST_TEST((value({"--warm-up", "5s"}).load.warm_up == 5s));
    BOOST_TEST((value({"--report-periodically"}).report_every == 1s));
    BOOST_TEST((value({"--report-periodically", "5s"}).report_every == 5s));
    BOOST_TEST(!value({"--no-report-failure-responses"}).report_failures);
}

BOOST_AUTO_TEST_CASE(a_corpus_gives_its_whole_messages) {
    auto const all = milter::test_server::gather_mail(
        {MILTER_SOURCE_DIR "/corpora/postfix/content.jsonl"}, {}, 0);
    BOOST_TEST(all.size() > 3U);
    for (auto const& one : all) {
        BOOST_TEST(!one.recipients.empty());
        BOOST_TEST(!one.headers.empty());
    }
    auto const others = milter::test_server::gather_mail(
        {MILTER_SOURCE_DIR "/corpora/postfix/content.jsonl"}, {"a@test", {"b@test"}, {}, {}}, 0);
    for (auto const& one : others) {
        BOOST_TEST(one.sender.address == "<a@test>");
        BOOST_TEST(one.recipients[0].address == "<b@test>");
    }
}

BOOST_AUTO_TEST_CASE(an_empty_folder_is_no_mail) {
    support::temp_dir const dir;
    BOOST_CHECK_THROW(milter::test_server::gather_mail({dir / ""}, {}, 0), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(messages_that_no_mta_would_show_are_refused) {
    auto const complaint = [](std::vector<std::string> words) {
        words.insert(words.begin(), {"-s", "unix:/x"});
        auto const parsed = support::parse_words(milter::test_server::parse_bench_options, words);
        BOOST_TEST(parsed.result.exit_code.value_or(0) == 2);
        return parsed.err;
    };
    auto const long_line = "X-Long: " + std::string(66'000, 'v');
    BOOST_TEST(complaint({"-h", long_line}).find("the first line of the header \"X-Long\"") !=
               std::string::npos);
    auto const many = "X-Long: " + std::string(33'000, 'v');
    BOOST_TEST(
        complaint({"--as", "sendmail-8.17", "-h", many}).find("552 5.6.0 Headers too large") !=
        std::string::npos);
    for (auto const* const rate : {"500/10s", "5/0m", "5/"})
        BOOST_TEST(complaint({"--rate", rate}).find("is no rate") != std::string::npos, rate);
}

BOOST_AUTO_TEST_CASE(complaints_are_those_of_bench_and_name_its_own_options) {
    auto const complaint = [](std::vector<std::string> const& words) {
        auto const parsed = support::parse_words(milter::test_server::parse_bench_options, words);
        BOOST_TEST(parsed.result.exit_code.value_or(0) == 2);
        BOOST_TEST(contains(parsed.err, "\nRun milter-test-server bench --help for more"));
        BOOST_TEST(parsed.err.starts_with("milter-test-server bench: "), parsed.err);
        return parsed.err;
    };
    BOOST_TEST(contains(complaint({"-s", "unix:/x", "-t", "3"}), "sessions at once: -c N"));
    BOOST_TEST(contains(complaint({"-s", "unix:/x", "--threads=3"}), "sessions at once: -c N"));
    BOOST_TEST(
        contains(complaint({"--compare", "unix:/x"}), "two milters are compared: --compare A B"));
}

BOOST_AUTO_TEST_CASE(last_periodic_line_is_not_followed_by_an_empty_one) {
    support::temp_dir const dir;
    auto const file = dir.write("lines", "");
    milter::test_server::bench_options wanted;
    wanted.report_every = 1h;
    wanted.json = true; // the lines go to standard error then
    std::fflush(stderr);
    int const before = ::dup(STDERR_FILENO), to = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
    ::dup2(to, STDERR_FILENO);
    milter::test_server::bench_progress progress(wanted);
    auto const now = milter::proto::clock::now();
    milter::load::finished_message one{};
    one.at = now;
    progress.finished(one);
    progress.tick(now + 1s);
    progress.finish(now + 1s);
    std::fflush(stderr);
    ::dup2(before, STDERR_FILENO);
    ::close(before);
    ::close(to);
    auto const text = support::slurp(file);
    BOOST_TEST(std::count(text.begin(), text.end(), '\n') == 2, text); // with the title
}

BOOST_AUTO_TEST_SUITE_END()
