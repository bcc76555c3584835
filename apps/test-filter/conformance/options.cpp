// SPDX-License-Identifier: BSL-1.0
// test-filter/conformance/options.cpp - the command line of milter-test-filter conformance
#include "test-filter/conformance/options.hpp"

#include "cli/color.hpp"
#include "cli/command_line.hpp"
#include "cli/option_text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <vector>

namespace milter::test_filter {

namespace {

constexpr char const* examples =
    R"(Judges the MTA that connects: numbered cases, each with what it expects and, where it fails, the packets both ways.

Examples:
  milter-test-filter conformance -s unix:/tmp/x.sock --sessions 15
  milter-test-filter conformance -s 'inet:8893@[127.0.0.1]' --sessions 30 --strict --report result.json
  milter-test-filter conformance -s unix:/tmp/x.sock --case 79,81-89 -v
  milter-test-filter conformance --list
)";

constexpr char const* footer = R"(
Let the MTA use the socket as its milter and send mail through it, in at least fifteen sessions: each negotiates and
answers in another way. Two of them accept or discard a message unseen, one refuses a recipient: use mail that may be
lost, with several recipients, ESMTP arguments, and a body of more than 65,535 bytes, from clients that do not pause
for ten seconds and do not give up when one recipient is refused. The report comes after the
sessions wanted, or at SIGTERM or SIGINT.
The number of a case is that of its statement in docs/protocol.md, section 10. must: a milter misjudges or hangs where
it is broken; should: one that is less liberal may; may: only told.

Exit status: 0; 1 a must failed, with --strict a should; 2 usage; 3 cannot listen, or no MTA came.)";

struct texts {
    std::string socket, mode, color = "auto";
    std::vector<std::string> cases;
    bool lenient = false;
};

void add_options(CLI::App& app, conformance_options& into, texts& given) {
    using cli::show_as;
    show_as(app.add_option("-s,--socket,--connection-spec", given.socket,
                           "Where to listen: unix:PATH, inet:PORT@HOST, inet:HOST:PORT, inet6:...; "
                           "port 0: any"),
            "SPEC");
    app.add_option("--unix-socket-mode", given.mode, "Mode of the unix socket, e.g. 0660")
        ->type_name("MODE");
    app.add_option("--unix-socket-group", into.plan.listening.group, "Group of the unix socket")
        ->type_name("GROUP");
    app.add_option("--sessions", into.plan.sessions, "Reports and exits after N sessions")
        ->type_name("N");
    show_as(app.add_option("--case", given.cases,
                           "Reports these cases, all of a statement, a range of statements "
                           "(repeat)"),
            "LIST")
        ->allow_extra_args(false);
    app.add_flag("--list", into.list, "Prints the cases, listens to nobody");
    auto* const strict = app.add_flag("--strict", into.strict, "A should counts as a must");
    app.add_flag("--lenient", given.lenient, "A must alone counts (default)")->excludes(strict);
    app.add_option("--report,--json", into.files.json,
                   "Writes a report as JSON; -: instead of text")
        ->type_name("FILE");
    app.add_option("--junit", into.files.junit, "Writes a report as JUnit's XML")
        ->type_name("FILE");
    app.add_flag("-v,--verbose", into.style.verbose, "Tells each session as it ends");
    show_as(app.add_option("--color", given.color, "Colors: auto, always, never"), "[WHEN]")
        ->expected(0, 1);
}

unsigned parse_mode(std::string const& text) {
    unsigned mode = 0;
    auto const* const last = text.data() + text.size();
    auto const [end, ec] = std::from_chars(text.data(), last, mode, 8);
    if (ec != std::errc{} || end != last || mode > 0777)
        throw std::invalid_argument("--unix-socket-mode: expected an octal number such as 0660 "
                                    "instead of \"" +
                                    text + "\"");
    return mode;
}

void settle(conformance_options& into, texts const& given) {
    for (auto const& one : given.cases) into.selected.add(one);
    auto const all = all_mta_cases();
    if (std::none_of(all.begin(), all.end(),
                     [&](mta_case const& one) { return into.selected.has(one.id, one.statement); }))
        throw std::invalid_argument("--case: there is no such case; --list tells which there are");
    if (into.list) return;
    if (given.socket.empty()) throw std::invalid_argument("--socket is required");
    auto const where = parse_endpoint(given.socket);
    if (!where)
        throw std::invalid_argument(
            "--socket: \"" + given.socket +
            "\" is no socket; examples: unix:/tmp/x.sock, inet:8893@[127.0.0.1]");
    into.plan.where = *where;
    if (!given.mode.empty()) into.plan.listening.mode = parse_mode(given.mode);
    into.style.color = cli::color_of_option(given.color);
}

} // namespace

parsed_conformance_options parse_conformance_options(int argc, char const* const* argv) {
    conformance_options value;
    texts given;
    CLI::App app(examples, "milter-test-filter conformance");
    app.footer(footer);
    app.get_formatter()->column_width(36);
    app.set_help_flag("-h,--help", "Prints this");
    add_options(app, value, given);
    auto const over = cli::parse_command_line(app, "milter-test-filter conformance", argc, argv,
                                              [&] { settle(value, given); });
    if (over) return {{}, over};
    return {std::move(value), std::nullopt};
}

} // namespace milter::test_filter
