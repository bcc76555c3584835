// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/options.cpp - the command line of milter-test-server conformance
#include "test-server/conformance/options.hpp"

#include "cli/color.hpp"
#include "cli/command_line.hpp"
#include "cli/duration.hpp"
#include "cli/file.hpp"
#include "cli/option_text.hpp"
#include "test-server/complaint.hpp"
#include "test-server/compose.hpp"
#include "test-server/conformance/suite.hpp"
#include "test-server/played_mta.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace milter::test_server {

namespace {

constexpr char const* examples =
    R"(Tries a milter against the rules of the protocol: numbered cases, each with what it expects and, where it fails,
the packets both ways.

Examples:
  milter-test-server conformance --connect unix:/run/opendkim/opendkim.sock
  milter-test-server conformance -s 'inet:8893@[127.0.0.1]' --strict --report result.json
  milter-test-server conformance -s unix:/tmp/x.sock --case 36,37,99b,131-150 -v
  milter-test-server conformance -s unix:/tmp/x.sock --mail-file usual.eml --timeout 30s --junit result.xml
  milter-test-server conformance --list
)";

constexpr char const* footer = R"(
The number of a case is that of its statement in docs/protocol.md, section 10, with a letter where there are several.
must: mail is lost, held up or misjudged where it is broken, by MTAs as they are. should: it matters with an MTA that
errs, or with none that is known. may: only told.
Use a message that the milter lets pass: cases about the end of a message say "skipped" where it refuses before.
TIME: seconds, or 500ms, 2s, 1m.

Exit status: 0; 1 a must failed, with --strict a should, or no case passed and one was inconclusive; 2 usage; 3 the milter
cannot be reached; 5 interrupted.)";

struct texts {
    std::string socket, mail_file, color = "auto";
    std::string timeout = "10", patience = "2", quiet = "100ms";
    std::vector<std::string> cases;
    message_texts message;
    bool lenient = false;
};

void add_options(CLI::App& app, conformance_options& into, texts& given) {
    using cli::show_as;
    show_as(app.add_option("-s,--connect,--socket,--connection-spec", given.socket,
                           "Where the milter listens: unix:PATH, inet:PORT@HOST, inet:HOST:PORT, "
                           "inet6:..."),
            "SPEC");
    show_as(app.add_option("--case", given.cases,
                           "Runs these cases, all of a statement, a range of statements (repeat)"),
            "LIST")
        ->allow_extra_args(false);
    app.add_flag("--list", into.list, "Prints the cases, runs none");
    auto* const strict = app.add_flag("--strict", into.strict, "A should counts as a must");
    app.add_flag("--lenient", given.lenient, "A must alone counts (default)")->excludes(strict);
    app.add_option("--report,--json", into.files.json,
                   "Writes a report as JSON; -: instead of text")
        ->type_name("FILE");
    app.add_option("--junit", into.files.junit, "Writes a report as JUnit's XML")
        ->type_name("FILE");
    app.add_flag("-v,--verbose", into.style.verbose, "Prints the packets of each case");
    show_as(app.add_option("--color", given.color, "Colors: auto, always, never"), "[WHEN]")
        ->expected(0, 1);
    auto const mail = [&](char const* name, auto& to, char const* type, char const* help) {
        show_as(app.add_option(name, to, help), type)->group("Message");
    };
    mail("-f,--envelope-from,--from", given.message.sender, "FROM", "Sender");
    mail("-r,--envelope-recipient,--recipient", given.message.recipients, "RCPT",
         "Recipient (repeat)");
    mail("-h,--header", given.message.headers, "NAME:VALUE", "Header (repeat)");
    mail("-b,--body", given.message.chunks, "CHUNK", "Chunk of the body (repeat)");
    mail("-m,--mail-file", given.mail_file, "FILE", "Message from a file");
    auto const time = [&](char const* name, std::string& to, char const* help) {
        app.add_option(name, to, help)->type_name("TIME")->group("Timeouts");
    };
    time("--timeout", given.timeout, "For each reply that is due (10)");
    time("--patience", given.patience, "For the milter to close where it should (2)");
    time("--quiet", given.quiet, "How long nothing may come where nothing is due (100ms)");
}

milliseconds time_of(char const* name, std::string const& text) {
    auto const time = cli::parse_duration(text);
    if (!time || *time <= cli::duration::zero())
        throw std::invalid_argument(std::string(name) + ": \"" + text +
                                    "\" is no time; examples: 10, 500ms, 2s");
    return std::chrono::ceil<milliseconds>(*time);
}

/// Without any headers of its own a message that says what it is.
message_plan mail_of(texts const& given) {
    if (!given.mail_file.empty())
        return compose(parse_mail(cli::read_file(given.mail_file)), given.message);
    auto said = given.message;
    if (said.headers.empty())
        said.headers = {"Subject: a conformance test", "Date: Thu, 1 Jan 2026 12:00:00 +0000",
                        "Message-Id: <conformance@mail.example.com>"};
    if (said.chunks.empty())
        said.chunks = {"Hello,\n", "this message tries whether a milter keeps to the protocol.\n"};
    return compose(said);
}

void settle(conformance_options& into, texts const& given) {
    for (auto const& one : given.cases) into.selected.add(one);
    auto const all = all_cases();
    if (std::none_of(all.begin(), all.end(), [&](conformance_case const& one) {
            return into.selected.has(one.id, one.statement);
        }))
        throw std::invalid_argument("--case: there is no such case; --list tells which there are");
    if (into.list) return;
    if (given.socket.empty()) throw std::invalid_argument("--connect is required");
    auto const where = parse_endpoint(given.socket);
    if (!where)
        throw std::invalid_argument(
            "--connect: \"" + given.socket +
            "\" is no socket; examples: unix:/tmp/x.sock, inet:8893@[127.0.0.1]");
    auto& subject = into.subject;
    subject.where = *where;
    subject.timeout = time_of("--timeout", given.timeout);
    subject.patience = time_of("--patience", given.patience);
    subject.quiet = time_of("--quiet", given.quiet);
    subject.client = {"mail.example.com", wire::family::inet, "192.0.2.25", 34567};
    subject.mail = mail_of(given);
    refuse_unsendable(subject.mta, subject.mail.headers);
    into.style.color = cli::color_of_option(given.color);
}

} // namespace

parsed_conformance_options parse_conformance_options(int argc, char const* const* argv) {
    conformance_options value;
    texts given;
    CLI::App app(examples, "milter-test-server conformance");
    app.footer(footer);
    app.get_formatter()->column_width(36);
    app.set_help_flag("-?,--help", "Prints this");
    add_options(app, value, given);
    app.failure_message(complaint);
    auto const over = cli::parse_command_line(app, "milter-test-server conformance", argc, argv,
                                              [&] { settle(value, given); });
    if (over) return {{}, over};
    return {std::move(value), std::nullopt};
}

} // namespace milter::test_server
