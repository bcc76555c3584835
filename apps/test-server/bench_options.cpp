// SPDX-License-Identifier: BSL-1.0
// test-server/bench_options.cpp - the command line of milter-test-server bench
#include "test-server/bench_options.hpp"

#include "cli/command_line.hpp"
#include "cli/duration.hpp"
#include "cli/exit_code.hpp"
#include "cli/option_text.hpp"
#include "test-server/bench_mail.hpp"
#include "test-server/bench_refusal.hpp"
#include "test-server/complaint.hpp"
#include "test-server/played_mta.hpp"
#include "test-server/protocol_options.hpp"
#include "test-server/session_options.hpp"
#include <milter/version.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <stdexcept>

namespace milter::test_server {

namespace {

constexpr char const* examples =
    R"(Loads a milter with the sessions of an MTA, and tells how long it takes to answer.

Examples:
  milter-test-server bench -s unix:/run/opendkim/opendkim.sock
  milter-test-server bench -s unix:/tmp/x.sock --n-mails 10000 --n-concurrent-connections 10 --warm-up 500 spam.eml
  milter-test-server bench -s unix:/tmp/x.sock --rate 500/s --duration 30s --ramp 5s --gate 'p99<50ms'
  milter-test-server bench -s unix:/tmp/x.sock --gate 'eom.p99<20ms' --gate 'errors<1%' --json
  milter-test-server bench --compare unix:/tmp/old.sock unix:/tmp/new.sock --duration 30s --gate 'slower<5%'
  milter-test-server bench -s unix:/tmp/x.sock --flood 1m --report-periodically 5s
)";

constexpr char const* footer = R"(
MAIL: a file with a message, a folder with .eml files, a corpus (.jsonl). Without: one made up.
Closed loop: a session begins when another one has ended. With --rate, --period or --interval (open loop) sessions are
  due at fixed times; one that has to wait for its turn was due all the same, and its waiting counts (response time).
  One that still waits when --duration is over is never sent: it took nobody knows how long, at least until then.
GATE: [STAGE.]p50, p99.9, mean, min, max, median <, <=, >, >= TIME; throughput>200/s; errors, rejects, tempfails <
  NUMBER or SHARE%; unsent<NUMBER or SHARE% in an open loop; slower<5% with --compare. Never sent is slower than any
  upper limit of a time.
TIME: seconds, or 500ms, 2s, 1m; in a gate always with us, ms or s.

Exit status: 0; 1 sessions broke, and no gate of errors allows it; 2 usage; 3 the milter cannot be reached; 4 a gate was
missed; 5 interrupted.)";

/// As given; what they mean is found out when all are there.
struct texts {
    std::string socket;
    std::vector<std::string> compared, mail, gates;
    client_texts client;
    protocol_texts protocol;
    macro_texts macros;
    timeout_texts times;
    message_texts message;
    std::uint64_t mails = 100;
    std::size_t lines = 0;
    std::string rate, period, interval, flood, duration, ramp, warm_up, report_every;
    bool shuffle = false, in_order = false, failures = false, no_failures = false;
};

using cli::show_as;

void add_target(CLI::App& app, texts& given) {
    app.add_option("-s,--socket,--connection-spec", given.socket,
                   "Where the milter listens (required): unix:PATH, inet:PORT@HOST, "
                   "inet:HOST:PORT, inet6:...")
        ->type_name("SPEC")
        ->option_text("SPEC");
    show_as(app.add_option("--compare", given.compared,
                           "Loads two milters in turns, and tells which one is slower"),
            "A B")
        ->expected(2);
    show_as(app.add_option("mail", given.mail, "Messages, in turns"), "MAIL...");
}

void add_load(CLI::App& app, bench_options& into, texts& given) {
    auto const text = [&](char const* name, std::string& to, char const* type, char const* help) {
        return show_as(app.add_option(name, to, help), type)->group("Load");
    };
    show_as(app.add_option("--n-mails", given.mails, "Sends N messages that count (100)"), "N")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
        ->group("Load");
    text("--duration", given.duration, "TIME", "Sends for so long, warm-up aside");
    text("--flood", given.flood, "[TIME]", "As --duration; alone: until interrupted")
        ->expected(0, 1);
    show_as(app.add_option("-c,--n-concurrent-connections", into.load.concurrency,
                           "Sessions at once at most (1; open loop: 100)"),
            "N")
        ->check(CLI::Range(1, 10'000))
        ->group("Load");
    show_as(app.add_option("--n-workers", into.workers, "Threads of the driver (1)"), "N")
        ->check(CLI::Range(1, 256))
        ->group("Load");
    text("--rate", given.rate, "RATE", "Open loop: so many messages a second: 500, 500/s, 30/m");
    text("--period", given.period, "TIME", "Open loop: --n-mails spread over this time");
    text("--interval", given.interval, "TIME", "Open loop: a message each TIME");
    text("--ramp", given.ramp, "TIME", "Rate, or sessions at once, rise within this time");
    text("--warm-up", given.warm_up, "N|TIME",
         "First messages that do not count: a number, or a time with its unit");
    show_as(app.add_option("--messages-per-session", into.load.messages_per_session,
                           "Messages in one session (1)"),
            "N")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}))
        ->group("Load");
    auto* const shuffle =
        app.add_flag("--shuffle", given.shuffle, "Messages in another order each round");
    shuffle->group("Load");
    app.add_flag("--no-shuffle", given.in_order, "Messages in the order given (default)")
        ->excludes(shuffle)
        ->group("Load");
    show_as(app.add_option("--seed", into.seed, "Of the order of --shuffle (1)"), "N")
        ->needs("--shuffle")
        ->group("Load");
    show_as(app.add_option("--slices", into.slices, "With --compare: turns of each milter (20)"),
            "N")
        ->needs("--compare")
        ->check(CLI::Range(load::least_pairs, std::size_t{10'000}))
        ->group("Load");
}

void add_message(CLI::App& app, bench_options& into, texts& given) {
    auto& said = given.message;
    app.add_option("-f,--envelope-from,--from", said.sender, "Sender of all messages")
        ->type_name("FROM")
        ->group("Message");
    add_list(app, "-r,--envelope-recipient,--recipient", said.recipients, "RCPT",
             "Recipient of all messages")
        ->group("Message");
    add_list(app, "-h,--header", said.headers, "NAME:VALUE", "Header")->group("Message");
    add_list(app, "-b,--body", said.chunks, "CHUNK", "Chunk of the body")->group("Message");
    show_as(app.add_option("--n-additional-lines", given.lines, "Adds N lines to each body"), "N")
        ->check(CLI::Range(0, 10'000'000))
        ->group("Message");
    show_as(app.add_option("--chunk-size", into.plan.chunk_bytes,
                           "Largest chunk of a body, bytes, 1 to 1048575 (65535)"),
            "N")
        ->check(CLI::Range(1, 1'048'575))
        ->group("Message");
}

void add_output(CLI::App& app, bench_options& into, texts& given) {
    add_list(app, "--gate", given.gates, "GATE", "Exit status 4 when this does not hold")
        ->group("Output");
    app.add_flag("--json", into.json, "Prints one JSON object")->group("Output");
    show_as(app.add_option("--report-periodically", given.report_every,
                           "A line each TIME (1s) meanwhile"),
            "[TIME]")
        ->expected(0, 1)
        ->group("Output");
    auto* const failures = app.add_flag("--report-failure-responses", given.failures,
                                        "Lists the replies that refused something (default)");
    failures->group("Output");
    app.add_flag("--no-report-failure-responses", given.no_failures, "Does not list them")
        ->excludes(failures)
        ->group("Output");
    app.add_option("--report-statistics-data", into.statistics_file,
                   "Writes a line of CSV for each message")
        ->type_name("FILE")
        ->group("Output");
}

// ---- what the texts mean

endpoint socket_of(char const* option, std::string const& text) {
    auto const where = parse_endpoint(text);
    if (!where)
        throw std::invalid_argument(std::string(option) + ": \"" + text +
                                    "\" is no socket; examples: unix:/tmp/x.sock, "
                                    "inet:8893@[127.0.0.1]");
    return *where;
}

void settle_target(bench_options& into, texts const& given) {
    if (given.socket.empty() == given.compared.empty())
        throw std::invalid_argument(given.socket.empty()
                                        ? "-s SPEC is required, or --compare A B"
                                        : "--compare names the milters itself; -s is too much");
    if (!given.socket.empty()) into.milters.push_back(socket_of("--socket", given.socket));
    for (auto const& one : given.compared) into.milters.push_back(socket_of("--compare", one));
}

/// Messages a second.
double parse_rate(std::string const& text) {
    auto const slash = text.find('/');
    auto const unit = slash == text.npos ? std::string("s") : text.substr(slash + 1);
    auto const number = cli::parse_duration(text.substr(0, slash)); // as a plain number of seconds
    bool const named = unit == "s" || unit == "m" || unit == "min" || unit == "h";
    auto const per = cli::parse_duration("1" + (named ? unit : std::string("s")));
    bool const plain = text.find_first_not_of("0123456789.") == std::min(slash, text.npos);
    if (!number || !per || !plain || !named || number->count() == 0)
        throw std::invalid_argument("--rate: \"" + text +
                                    "\" is no rate; examples: 500, 500/s, 30/m");
    return std::chrono::duration<double>(*number) / std::chrono::duration<double>(*per);
}

proto::duration some_time(char const* option, std::string const& text) {
    auto const time = time_of(option, text);
    if (time.count() == 0) throw std::invalid_argument(std::string(option) + ": more than 0");
    return time;
}

void settle_rate(load::load_plan& load, texts const& given, CLI::App const& app) {
    auto const seconds = [](char const* option, std::string const& text) {
        return std::chrono::duration<double>(some_time(option, text)).count();
    };
    int said = 0;
    if (!given.rate.empty()) load.rate = (++said, parse_rate(given.rate));
    if (!given.interval.empty()) load.rate = (++said, 1 / seconds("--interval", given.interval));
    if (!given.period.empty())
        load.rate = (++said, static_cast<double>(given.mails) / seconds("--period", given.period));
    if (said > 1) throw std::invalid_argument("--rate, --period, --interval: only one of them");
    bool const capped = app.get_option("--n-concurrent-connections")->count() > 0;
    if (load.rate && !capped) load.concurrency = 100;
}

void settle_end(load::load_plan& load, texts const& given, CLI::App const& app) {
    bool const floods = app.get_option("--flood")->count() > 0;
    if (!given.duration.empty()) load.time = some_time("--duration", given.duration);
    if (!given.flood.empty()) load.time = some_time("--flood", given.flood);
    bool const counted = app.get_option("--n-mails")->count() > 0 || !given.period.empty();
    if (counted || (!load.time && !floods)) load.mails = given.mails;
}

void settle_load(bench_options& into, texts const& given, CLI::App const& app) {
    auto& load = into.load;
    settle_rate(load, given, app);
    settle_end(load, given, app);
    if (!given.ramp.empty()) load.ramp = time_of("--ramp", given.ramp);
    bool const number = given.warm_up.find_first_not_of("0123456789") == std::string::npos;
    if (!given.warm_up.empty() && number && given.warm_up.size() < 10)
        load.warm_up_mails = std::stoull(given.warm_up);
    else if (!given.warm_up.empty())
        load.warm_up = time_of("--warm-up", given.warm_up);
    if (load.ramp.count() > 0 && into.milters.size() > 1)
        throw std::invalid_argument("--ramp: not with --compare, which loads in short slices");
    into.workers = std::min(into.workers, load.concurrency);
    if (load.mails) into.workers = std::min<std::size_t>(into.workers, *load.mails);
    if (given.shuffle) into.order = load::mix::order::shuffled;
}

void settle_output(bench_options& into, texts const& given, CLI::App const& app) {
    for (auto const& text : given.gates) try {
            into.gates.push_back(load::parse_gate(text));
        } catch (std::invalid_argument const& why) {
            throw std::invalid_argument(std::string("--gate: ") + why.what());
        }
    for (auto const& one : into.gates) {
        if (one.what == load::gate::metric::slower && into.milters.size() < 2)
            throw std::invalid_argument("--gate: \"" + one.text + "\" needs --compare");
        if (one.what == load::gate::metric::unsent && !into.load.rate)
            throw std::invalid_argument("--gate: \"" + one.text +
                                        "\" needs --rate, --period or --interval");
    }
    into.report_failures = !given.no_failures;
    if (app.get_option("--report-periodically")->count() == 0) return;
    into.report_every = std::chrono::seconds(1);
    if (!given.report_every.empty())
        into.report_every = some_time("--report-periodically", given.report_every);
}

void settle(bench_options& into, texts const& given, CLI::App const& app) {
    settle_target(into, given);
    settle_client(into.plan, given.client);
    settle_protocol(into.plan, given.protocol);
    settle_macros(into.plan, given.macros);
    settle_timeouts(into.plan, given.times, app);
    into.plan.protocol.timeouts.connect = into.plan.connect_timeout;
    settle_load(into, given, app);
    settle_output(into, given, app);
    into.plan.messages = gather_mail(given.mail, given.message, given.lines);
    for (auto const& one : into.plan.messages) refuse_unsendable(into.plan.mta, one.headers);
}

} // namespace

parsed_bench_options parse_bench_options(int argc, char const* const* argv) {
    bench_options value;
    texts given;
    CLI::App app(examples, "milter-test-server bench");
    app.footer(footer);
    app.get_formatter()->column_width(36);
    app.set_help_flag("-?,--help", "Prints this");
    app.set_version_flag("--version", "milter-test-server " + std::string(version_string),
                         "Prints the version");
    add_target(app, given);
    add_load(app, value, given);
    add_message(app, value, given);
    add_client(app, value.plan, given.client);
    add_protocol(app, given.protocol);
    app.remove_option(app.get_option("--header-rules")); // edits are counted, not made
    add_macros(app, given.macros);
    add_timeouts(app, given.times);
    add_output(app, value, given);
    if (auto const why = refusal_of(argc, argv)) {
        std::cerr << "milter-test-server bench: " << *why << '\n';
        return {{}, static_cast<int>(cli::exit_code::usage)};
    }
    app.failure_message(complaint);
    auto const over = cli::parse_command_line(app, "milter-test-server bench", argc, argv,
                                              [&] { settle(value, given, app); });
    if (over) return {{}, over};
    return {std::move(value), std::nullopt};
}

} // namespace milter::test_server
