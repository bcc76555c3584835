// SPDX-License-Identifier: BSL-1.0
// replay/options.cpp - the command line of milter-replay
#include "replay/options.hpp"

#include "cli/exit_code.hpp"
#include <milter/version.hpp>

#include <CLI/CLI.hpp>

#include <charconv>
#include <iostream>
#include <stdexcept>

namespace milter::replay {

namespace {

constexpr char const* about =
    R"(Turns captured milter traffic into corpora of conversations, and shows them.

Examples:
  tcpdump -i lo -w mail.pcap tcp port 8891                  captures (for unix sockets there is no capture)
  milter-replay import mail.pcap -o mail.jsonl              a corpus: one conversation a line
  milter-replay import --milter 8891=opendkim mail.pcap     names the milter; the corpus goes to standard output
  milter-replay cat --frames mail.jsonl                     what was said, one packet a line
  milter-replay cat monday.jsonl tuesday.jsonl > both.jsonl
)";

constexpr char const* about_import =
    R"(Reads captures and writes the milter conversations in them as a corpus.

Files are pcap or pcapng, also compressed with gzip: Ethernet (with VLAN tags), Linux cooked, loopback, raw IP. A
connection is a milter's when its first packet is an offer, whatever its port. A conversation is complete, or says what
is missing: "truncated", "gap".

The corpus holds what the mail held: addresses, headers, bodies.
)";

constexpr char const* exit_status = R"(
Exit status: 0; 1 something was cut, lost or skipped: standard error says what; 2 usage, or a file that cannot be read.)";

std::uint16_t parse_port(std::string_view text) {
    unsigned port = 0;
    auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (ec != std::errc{} || end != text.data() + text.size() || port == 0 || port > 65535)
        throw std::invalid_argument("\"" + std::string(text) + "\" is no port: 1 to 65535");
    return static_cast<std::uint16_t>(port);
}

void add_name(import_options& into, std::string const& text) {
    auto const equals = text.find('=');
    if (equals == std::string::npos || equals + 1 == text.size())
        throw std::invalid_argument("--milter: \"" + text +
                                    "\" is no PORT=NAME; example: 8891=opendkim");
    into.names[parse_port(std::string_view(text).substr(0, equals))] = text.substr(equals + 1);
}

struct texts {
    std::vector<std::string> ports, names;
};

CLI::App* add_import(CLI::App& app, import_options& into, texts& given) {
    auto* const verb = app.add_subcommand(
        "import", "Reads captures, writes the milter conversations in them as a corpus.");
    verb->footer(about_import + std::string(exit_status));
    verb->add_option("FILE", into.files, "Captures; - is standard input")
        ->required()
        ->type_name("");
    verb->add_option("-o,--output", into.output, "Where the corpus goes (default: standard output)")
        ->type_name("FILE");
    verb->add_option("--port", given.ports,
                     "Only connections with this port at either end; can be repeated")
        ->allow_extra_args(false)
        ->type_name("N");
    verb->add_option("--milter", given.names, "The milter behind this port; can be repeated")
        ->allow_extra_args(false)
        ->type_name("PORT=NAME");
    verb->add_option("--tag", into.tags, "Puts this tag on each conversation; can be repeated")
        ->allow_extra_args(false)
        ->type_name("TAG");
    verb->add_option("--max-bytes", into.max_bytes,
                     "Memory for one conversation; the rest becomes a gap (default: 256 MiB)")
        ->transform(CLI::AsSizeValue(false))
        ->type_name("N");
    verb->add_flag("--split-bodies", into.split_bodies,
                   "Large bodies go to OUTPUT.bodies, beside the corpus");
    verb->add_flag("-q,--quiet", into.quiet, "No account on standard error, only problems");
    return verb;
}

CLI::App* add_cat(CLI::App& app, cat_options& into) {
    auto* const verb = app.add_subcommand(
        "cat", "Writes the conversations of corpora to standard output, as one corpus.");
    verb->footer(exit_status);
    verb->add_option("FILE", into.files, "Corpora; - is standard input")->required()->type_name("");
    auto* const frames =
        verb->add_flag("--frames", into.frames, "One line a packet, for people, instead of JSON");
    verb->add_flag("--pretty", into.pretty, "Indented JSON")->excludes(frames);
    return verb;
}

void settle(options& into, texts const& given) {
    for (auto const& port : given.ports) into.import.ports.push_back(parse_port(port));
    for (auto const& name : given.names) add_name(into.import, name);
    if (into.import.split_bodies && into.import.output == "-")
        throw std::invalid_argument(
            "--split-bodies needs --output: the bodies go to a file beside it");
}

} // namespace

parsed_options parse_options(int argc, char const* const* argv) {
    options value;
    texts given;
    CLI::App app(about, "milter-replay");
    app.get_formatter()->column_width(30);
    app.set_help_flag("-h,--help", "Prints this; after a verb: its help");
    app.set_version_flag("--version", "milter-replay " + std::string(version_string),
                         "Prints the version");
    app.require_subcommand(1);
    add_import(app, value.import, given);
    auto const* const cat = add_cat(app, value.cat);
    try {
        app.parse(argc, argv);
        settle(value, given);
    } catch (CLI::ParseError const& why) {
        bool const usage = app.exit(why) != 0;
        return {{}, usage ? static_cast<int>(cli::exit_code::usage) : 0};
    } catch (std::exception const& why) {
        std::cerr << "milter-replay: " << why.what() << '\n';
        return {{}, static_cast<int>(cli::exit_code::usage)};
    }
    value.what = cat->parsed() ? verb::cat : verb::import;
    return {std::move(value), std::nullopt};
}

} // namespace milter::replay
