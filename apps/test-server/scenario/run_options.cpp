// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/run_options.cpp - the command line of milter-test-server run
#include "test-server/scenario/run_options.hpp"

#include "cli/color.hpp"
#include "cli/command_line.hpp"
#include "cli/duration.hpp"
#include "cli/option_text.hpp"
#include "test-server/complaint.hpp"

#include <CLI/CLI.hpp>

#include <stdexcept>

namespace milter::test_server {

namespace {

using cli::show_as;

constexpr char const* about =
    R"(Plays scenarios: what an MTA says to a milter, step by step, and what is expected of each answer.

Examples:
  milter-test-server run -s unix:/run/my-milter.sock tests/refuses-spam.toml
  milter-test-server run -s 'inet:8893@[127.0.0.1]' tests --junit report.xml
  milter-test-server run --start './my-milter -p {socket}' tests
  milter-test-server run -s unix:/tmp/x.sock --set domain=example.com --as sendmail-8.17 tests
  milter-test-server run -s unix:/tmp/x.sock --learn spam.eml -o tests/spam.toml
  milter-test-server run --learn corpora/postfix/verdict.jsonl -o tests
)";

constexpr char const* footer = R"(
A scenario in short (all of it: milter-test-server(1)):
  [[step]]
  mail = "alice@example.com"
  [[step]]
  rcpt = "nobody@example.org"
  expect = "reject 550 5.1.1 *"

Exit status: 0 all passed; 1 an expectation was not met; 2 usage, or a scenario that cannot be read; 3 the milter cannot
be reached; 4 only answers that took too long; 5 interrupted.)";

struct texts {
    std::string socket, all_times, connection_time, color = "auto";
    std::vector<std::string> set;
};

void add_options(CLI::App& app, run_options& into, texts& given) {
    show_as(app.add_option("PATH", into.paths, "Scenarios, and folders with *.toml"), "PATH ...")
        ->required();
    show_as(app.add_option("-s,--socket,--connect", given.socket, "Where the milter listens"),
            "SPEC");
    show_as(app.add_option("--start", into.start,
                           "Starts the milter by this command; {socket} in it is a new socket, "
                           "which it is to listen on"),
            "COMMAND");
    show_as(app.add_option("--as", into.as, "This MTA, whatever the scenarios say"), "MTA");
    show_as(app.add_option("--set", given.set, "Value of a variable (repeat)"), "NAME=VALUE")
        ->allow_extra_args(false);
    show_as(app.add_option("-j,--jobs", into.jobs, "Scenarios at the same time (8)"), "N")
        ->check(CLI::Range(1, 1000));
    show_as(app.add_option("--chunk-size", into.how.chunk_bytes,
                           "Largest chunk of a body, bytes (65535)"),
            "N")
        ->check(CLI::Range(1, 1'048'575));
    show_as(app.add_option("--connection-timeout", given.connection_time, "To connect (300)"),
            "TIME");
    show_as(app.add_option("--all-timeouts", given.all_times, "For each answer (those of Postfix)"),
            "TIME");
    app.add_flag("--learn", into.learns,
                 "Writes scenarios: from messages (with -s: expecting what the milter answers) and "
                 "from corpora");
    show_as(app.add_option("-o,--output", into.output,
                           "Where they are written; a folder if there are several (-)"),
            "FILE");
    app.add_flag("--json", into.json, "Prints one JSON object");
    auto* const tap = app.add_flag("--tap", into.tap, "Prints TAP");
    app.get_option("--json")->excludes(tap);
    show_as(app.add_option("--junit", into.junit, "Writes JUnit's XML, too; -: prints it"), "FILE");
    show_as(app.add_option("--color", given.color, "auto, always, never"), "WHEN");
    app.add_flag("-v,--verbose", into.verbose, "Shows each step");
    app.add_flag("--packets", into.packets, "Shows each packet on standard error");
}

proto::duration time_of(char const* name, std::string const& text) {
    if (auto const time = cli::parse_duration(text)) return *time;
    throw std::invalid_argument(std::string(name) + ": \"" + text +
                                "\" is no time; examples: 10, 500ms, 2s");
}

void settle(run_options& into, texts const& given) {
    if (!given.socket.empty()) {
        auto const where = parse_endpoint(given.socket);
        if (!where)
            throw std::invalid_argument(
                "--socket: \"" + given.socket +
                "\" is no socket; examples: unix:/tmp/x.sock, inet:8893@[127.0.0.1]");
        into.milter = *where;
    }
    if (!into.milter && into.start.empty() && !into.learns)
        throw std::invalid_argument("where the milter listens is not said: --socket or --start");
    if (!into.start.empty() && !into.milter && into.start.find("{socket}") == std::string::npos)
        throw std::invalid_argument("--start: the command has no {socket}; or say where it listens "
                                    "by --socket");
    if (into.junit == "-" && (into.json || into.tap))
        throw std::invalid_argument("--junit - prints XML: without --json and --tap");
    for (auto const& text : given.set) {
        auto const sign = text.find('=');
        if (sign == 0 || sign == text.npos)
            throw std::invalid_argument("--set: expected NAME=VALUE instead of \"" + text + "\"");
        into.set[text.substr(0, sign)] = text.substr(sign + 1);
    }
    auto& times = into.how.timeouts;
    if (!given.all_times.empty()) {
        auto const all = time_of("--all-timeouts", given.all_times);
        times.negotiate = times.command = times.content = times.end_of_message = times.write = all;
        into.how.connect_timeout = all;
    }
    if (!given.connection_time.empty())
        into.how.connect_timeout = time_of("--connection-timeout", given.connection_time);
    into.color = cli::color_of_option(given.color);
}

} // namespace

parsed_run_options parse_run_options(int argc, char const* const* argv) {
    run_options value;
    texts given;
    CLI::App app(about, "milter-test-server run");
    app.footer(footer);
    app.get_formatter()->column_width(36);
    app.set_help_flag("-?,--help", "Prints this");
    add_options(app, value, given);
    app.failure_message(complaint);
    auto const over = cli::parse_command_line(app, "milter-test-server", argc, argv,
                                              [&] { settle(value, given); });
    if (over) return {{}, over};
    return {std::move(value), std::nullopt};
}

} // namespace milter::test_server
