// SPDX-License-Identifier: BSL-1.0
// test-server/options.cpp - the command line of milter-test-server
#include "test-server/options.hpp"

#include "cli/color.hpp"
#include "cli/command_line.hpp"
#include "cli/duration.hpp"
#include "cli/file.hpp"
#include "cli/option_text.hpp"
#include "test-server/complaint.hpp"
#include "test-server/compose.hpp"
#include "test-server/macro.hpp"
#include "test-server/protocol_options.hpp"
#include "test-server/session_options.hpp"
#include <milter/version.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iterator>
#include <stdexcept>

namespace milter::test_server {

namespace {

constexpr char const* examples =
    R"(Plays an MTA: runs one SMTP session past a milter, and shows what the milter makes of it.

Examples:
  milter-test-server -s unix:/run/opendkim/opendkim.sock
  milter-test-server -s 'inet:8893@[127.0.0.1]' -f a@example.com -r b@example.org -h 'Subject: hi' -b 'text'
  milter-test-server -s unix:/tmp/x.sock --mail-file spam.eml --output-message
  milter-test-server -s unix:/tmp/x.sock --connect-host mail.example.com --connect-address 'inet6:25@[2001:db8::1]'
  milter-test-server -s unix:/tmp/x.sock -r bob@example.org --expect 'reject@rcpt' --expect-reply '550 5.1.1'
  milter-test-server -s unix:/tmp/x.sock --expect 'accept|pass' --expect-header 'X-Spam: no' --json
  milter-test-server -s unix:/tmp/x.sock --as sendmail-8.17 -v
)";

constexpr char const* footer = R"(
A first word makes it another program, with a --help of its own:
  run            plays scenarios: files that say step by step what is said, and what is expected of each answer
  conformance    tries a milter against the rules of the protocol
  bench          many sessions, to find out how fast a milter is

STAGE: connect, helo, unknown, mail, rcpt, data, header, end_of_headers, body, end_of_message (short: from, to, eoh,
  eom); --rset: from mail on.
VERDICT: pass, accept, reject, temporary-failure (tempfail), discard, quarantine, shutdown, connection-failure, quit
  (ended by --quit-after), error. The milter broke the negotiation: error@negotiate.
TIME: seconds, or 500ms, 2s, 1m.

Exit status: 0; 1 an expectation was not met, or without any the milter broke the session; 2 usage; 3 the milter
cannot be reached; 5 interrupted.)";

/// Texts as given; what they mean is found out when all are there.
struct texts {
    std::string socket, color = "auto";
    client_texts client;
    std::string reset_after, quit_after;
    protocol_texts protocol;
    std::size_t repeat = 1;
    message_texts message;
    std::vector<std::string> mail_files, refused;
    macro_texts macros;
    timeout_texts times;
    std::string expect;
    bool expect_quarantine = false;
};

using cli::show_as;

void add_session(CLI::App& app, options& into, texts& given) {
    app.add_option("-s,--socket,--connection-spec", given.socket,
                   "Where the milter listens (required): unix:PATH, inet:PORT@HOST, "
                   "inet:HOST:PORT, inet6:...")
        ->type_name("SPEC")
        ->option_text("SPEC")
        ->required();
    show_as(app.add_option("-t,--threads", into.sessions, "Sessions at the same time, 1 to 10000"),
            "N")
        ->check(CLI::Range(1, 10'000));
    app.add_option("--name", into.name, "Name in front of messages")->type_name("NAME");
    add_client(app, into.plan, given.client);
    add_list(app, "--unknown", into.plan.unknown_commands, "COMMAND",
             "Sends this SMTP command after HELO");
    show_as(app.add_option("--rset", given.reset_after,
                           "Breaks the first message off after STAGE (rcpt), then sends it again"),
            "[STAGE]")
        ->expected(0, 1);
    app.add_option("--quit-after", given.quit_after, "Ends the session after STAGE")
        ->type_name("STAGE");
}

void add_message(CLI::App& app, options& into, texts& given) {
    auto& said = given.message;
    app.add_option("-f,--envelope-from,--from", said.sender,
                   "Sender, perhaps with ESMTP arguments: 'a@b SIZE=9'")
        ->type_name("FROM")
        ->group("Message");
    add_list(app, "-r,--envelope-recipient,--recipient", said.recipients, "RCPT",
             "Recipient, perhaps with ESMTP arguments")
        ->group("Message");
    add_list(app, "--refused-recipient", given.refused, "RCPT",
             "Recipient that the MTA itself refuses; sent with rejected_rcpt")
        ->group("Message");
    add_list(app, "-h,--header", said.headers, "NAME:VALUE", "Header")->group("Message");
    add_list(app, "-b,--body", said.chunks, "CHUNK", "Chunk of the body")->group("Message");
    add_list(app, "-m,--mail-file", given.mail_files, "FILE",
             "Message from a file, - for standard input; several: one after another")
        ->group("Message");
    show_as(app.add_option("--messages", given.repeat, "Sends each message N times"), "N")
        ->check(CLI::Range(1, 1'000'000))
        ->group("Message");
    show_as(app.add_option("--chunk-size", into.plan.chunk_bytes,
                           "Largest chunk of a body, bytes, 1 to 1048575 (65535)"),
            "N")
        ->check(CLI::Range(1, 1'048'575))
        ->group("Message");
}

void add_expectations(CLI::App& app, options& into, texts& given) {
    auto& wanted = into.expected;
    auto const text = [&](char const* name, auto& to, char const* type, char const* help) {
        app.add_option(name, to, help)
            ->type_name(type)
            ->group("Expectations (exit status 1 when not met)");
    };
    auto const list = [&](char const* name, std::vector<std::string>& to, char const* type,
                          char const* help) {
        add_list(app, name, to, type, help)->group("Expectations (exit status 1 when not met)");
    };
    text("--expect", given.expect, "VERDICT[@STAGE]",
         "Verdict, several separated by |, perhaps of this stage");
    text("--expect-reply", wanted.reply, "TEXT", "How the milter's SMTP reply begins");
    list("--expect-header", wanted.headers, "NAME[: VALUE]", "Header of the resulting message");
    list("--expect-no-header", wanted.no_headers, "NAME[: VALUE]", "Header that is not there");
    text("--expect-sender", wanted.sender, "ADDRESS", "Sender of the resulting message");
    list("--expect-recipient", wanted.recipients, "ADDRESS", "Recipient of the resulting message");
    list("--expect-no-recipient", wanted.no_recipients, "ADDRESS", "Address that is no recipient");
    list("--expect-refused", wanted.refused, "ADDRESS", "Recipient that the milter refuses");
    text("--expect-body", wanted.body, "TEXT", "Part of the resulting body");
    app.add_flag("--expect-quarantine", given.expect_quarantine, "Quarantine")
        ->group("Expectations (exit status 1 when not met)");
    text("--expect-quarantine-reason", wanted.quarantine, "REASON", "Quarantine for this reason");
}

void add_output(CLI::App& app, options& into, texts& given) {
    app.add_flag("--output-message", into.style.with_message, "Prints the resulting message")
        ->group("Output");
    app.add_flag("--json", into.json, "Prints one JSON object")->group("Output");
    show_as(app.add_option("--color", given.color,
                           "auto, always (yes, true), never (no, false); alone: always"),
            "[WHEN]")
        ->expected(0, 1)
        ->group("Output");
    app.add_flag("-v,--verbose", into.verbose, "Shows each packet on standard error")
        ->group("Output");
}

// ---- what the texts mean

wire::command_code stage_of(char const* option, std::string const& text) {
    try {
        return parse_session_stage(text);
    } catch (std::invalid_argument const& why) {
        throw std::invalid_argument(std::string(option) + ": " + why.what());
    }
}

/// There is no message to break off before its sender.
wire::command_code reset_stage_of(std::string const& text) {
    constexpr wire::command_code before[] = {wire::command_code::connect, wire::command_code::helo,
                                             wire::command_code::unknown};
    try {
        auto const stage = parse_session_stage(text);
        if (std::find(std::begin(before), std::end(before), stage) == std::end(before))
            return stage;
    } catch (std::invalid_argument const&) { // its list has stages that do not count here
    }
    throw std::invalid_argument("--rset: unknown stage \"" + text +
                                "\"; in a message there are mail, rcpt, data, header, "
                                "end_of_headers, body, end_of_message");
}

void settle_ends(session_plan& plan, texts const& given, CLI::App const& app) {
    if (!given.quit_after.empty()) plan.quit_after = stage_of("--quit-after", given.quit_after);
    if (!given.reset_after.empty())
        plan.reset_after = reset_stage_of(given.reset_after);
    else if (app.get_option("--rset")->count() > 0)
        plan.reset_after = wire::command_code::rcpt;
}

void settle_messages(session_plan& plan, texts const& given) {
    std::vector<message_plan> once;
    for (auto const& file : given.mail_files)
        once.push_back(compose(parse_mail(cli::read_file(file)), given.message));
    if (once.empty()) once.push_back(compose(given.message));
    for (auto const& one : once) plan.messages.insert(plan.messages.end(), given.repeat, one);
    for (auto const& one : given.refused) plan.refused_recipients.push_back(parse_path(one));
}

expected_verdict expected_of(std::string const& text) {
    try {
        return parse_verdict(text);
    } catch (std::invalid_argument const& why) {
        throw std::invalid_argument(std::string("--expect: ") + why.what());
    }
}

void settle(options& into, texts const& given, CLI::App const& app) {
    auto const where = parse_endpoint(given.socket);
    if (!where)
        throw std::invalid_argument(
            "--socket: \"" + given.socket +
            "\" is no socket; examples: unix:/tmp/x.sock, inet:8893@[127.0.0.1]");
    into.milter = *where;
    settle_client(into.plan, given.client);
    settle_protocol(into.plan, given.protocol);
    settle_ends(into.plan, given, app);
    settle_timeouts(into.plan, given.times, app);
    settle_macros(into.plan, given.macros);
    settle_messages(into.plan, given);
    into.style.color = cli::color_of_option(given.color);
    if (!given.expect.empty()) into.expected.verdict = expected_of(given.expect);
    if (given.expect_quarantine && !into.expected.quarantine) into.expected.quarantine.emplace();
}

} // namespace

parsed_options parse_options(int argc, char const* const* argv) {
    options value;
    texts given;
    CLI::App app(examples, "milter-test-server");
    app.footer(footer);
    app.get_formatter()->column_width(36);
    app.set_help_flag("-?,--help", "Prints this");
    app.set_version_flag("--version", "milter-test-server " + std::string(version_string),
                         "Prints the version");
    add_session(app, value, given);
    add_message(app, value, given);
    add_protocol(app, given.protocol);
    add_macros(app, given.macros);
    add_timeouts(app, given.times);
    add_expectations(app, value, given);
    add_output(app, value, given);
    app.failure_message(complaint);
    auto const over = cli::parse_command_line(app, "milter-test-server", argc, argv,
                                              [&] { settle(value, given, app); });
    if (over) return {{}, over};
    return {std::move(value), std::nullopt};
}

} // namespace milter::test_server
