// SPDX-License-Identifier: BSL-1.0
// replay/verbs_capture.cpp - verbs that make corpora of traffic
#include "replay/import.hpp"
#include "replay/verb.hpp"

#include <charconv>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace milter::replay {

namespace {

constexpr char const* about_import =
    R"(Reads captures and writes the milter conversations in them as a corpus.

Files are pcap or pcapng, also compressed with gzip: Ethernet (with VLAN tags), Linux cooked, loopback, raw IP. A
connection is a milter's when its first packet is an offer, whatever its port. A conversation is complete, or says what
is missing: "truncated", "gap".

The corpus holds what the mail held: addresses, headers, bodies.
)";

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

/// As given; what they mean is found out when all are there.
struct import_texts {
    import_options wanted;
    std::vector<std::string> ports, names;
};

void settle(import_texts& given) {
    for (auto const& port : given.ports) given.wanted.ports.push_back(parse_port(port));
    for (auto const& name : given.names) add_name(given.wanted, name);
    if (given.wanted.split_bodies && given.wanted.output == "-")
        throw std::invalid_argument(
            "--split-bodies needs --output: the bodies go to a file beside it");
}

} // namespace

verb add_import(CLI::App& app) {
    auto const given = std::make_shared<import_texts>();
    auto& into = given->wanted;
    auto* const words = app.add_subcommand(
        "import", "Reads captures, writes the milter conversations in them as a corpus.");
    words->footer(std::string(about_import) + exit_status);
    words->add_option("FILE", into.files, "Captures; - is standard input")
        ->required()
        ->type_name("");
    words
        ->add_option("-o,--output", into.output, "Where the corpus goes (default: standard output)")
        ->type_name("FILE");
    words
        ->add_option("--port", given->ports,
                     "Only connections with this port at either end; can be repeated")
        ->allow_extra_args(false)
        ->type_name("N");
    words->add_option("--milter", given->names, "The milter behind this port; can be repeated")
        ->allow_extra_args(false)
        ->type_name("PORT=NAME");
    words->add_option("--tag", into.tags, "Puts this tag on each conversation; can be repeated")
        ->allow_extra_args(false)
        ->type_name("TAG");
    words
        ->add_option("--max-bytes", into.max_bytes,
                     "Memory for one conversation; the rest becomes a gap (default: 256 MiB)")
        ->transform(CLI::AsSizeValue(false))
        ->type_name("N");
    words->add_flag("--split-bodies", into.split_bodies,
                    "Large bodies go to OUTPUT.bodies, beside the corpus");
    words->add_flag("-q,--quiet", into.quiet, "No account on standard error, only problems");
    return {words, [given] { settle(*given); }, [given] { return import_captures(given->wanted); }};
}

} // namespace milter::replay
