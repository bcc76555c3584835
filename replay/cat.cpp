// SPDX-License-Identifier: BSL-1.0
// replay/cat.cpp - corpora to standard output
#include "replay/cat.hpp"

#include "cli/corpus_file.hpp"
#include "cli/printable.hpp"
#include <milter/corpus/conversation_json.hpp>
#include <milter/version.hpp>

#include <fmt/core.h>

#include <stdexcept>

namespace milter::replay {

namespace {

/// "1  opendkim  complete  inet:47996@[127.0.0.1] > inet:8891@[127.0.0.1]  2026-11-24T03:01:03.094279Z"
void print_title(corpus::conversation const& talk) {
    std::string line = "conversation " + cli::printable(talk.id);
    if (!talk.filter.empty()) line += "  " + cli::printable(talk.filter);
    if (!talk.mta.address.empty())
        line +=
            "  " + cli::printable(talk.mta.address) + " > " + cli::printable(talk.milter.address);
    if (talk.began) line += "  " + corpus::to_timestamp(*talk.began);
    if (talk.state != corpus::completeness::complete)
        line += "  not complete: " + cli::printable(talk.why);
    fmt::print("{}\n", line);
}

/// "     0.002000"; before the conversation began: "    -0.000001"
std::string seconds(std::int64_t microseconds) {
    auto const size = microseconds < 0 ? 0 - static_cast<std::uint64_t>(microseconds)
                                       : static_cast<std::uint64_t>(microseconds);
    auto const whole = (microseconds < 0 ? "-" : "") + std::to_string(size / 1'000'000);
    return fmt::format("{:>6}.{:06}", whole, size % 1'000'000);
}

/// Also what is wrong with a packet, as the observer of the live connection would say.
void print_frames(corpus::conversation const& talk) {
    print_title(talk);
    proto::observer watch;
    for (auto const& one : talk.events) {
        std::string finding;
        if (one.kind == corpus::event_kind::packet) {
            std::string raw;
            corpus::append_wire(raw, one);
            watch.received(one.from, raw);
            auto const seen = watch.next(proto::time_point(std::chrono::microseconds(one.at)));
            if (seen && seen->finding != errc{})
                finding = "   <- " + make_error_code(seen->finding).message();
        }
        fmt::print("{}  {:<6}  {}{}\n", seconds(one.at),
                   one.from == corpus::side::mta ? "mta" : "filter", corpus::describe(one),
                   finding);
    }
}

void print_json(corpus::conversation const& talk, bool pretty) {
    auto const object = corpus::to_json(talk);
    fmt::print("{}\n", pretty ? object.dump(2) : corpus::to_line(object));
}

} // namespace

cli::exit_code cat(cat_options const& wanted) {
    bool whole = true;
    if (!wanted.frames && !wanted.pretty)
        fmt::print("{}\n", corpus::to_line(corpus::to_json(corpus::corpus_header{
                               1, "milter-replay " + std::string(version_string), {}, {}, {}})));
    cli::corpus_events const events{
        [](corpus::corpus_header const&) {},
        [&](corpus::conversation&& talk) {
            if (wanted.frames)
                print_frames(talk);
            else
                print_json(talk, wanted.pretty);
        },
        [&](std::string const& problem) {
            whole = false;
            fmt::print(stderr, "milter-replay: {}\n", problem);
        },
    };
    try {
        for (auto const& file : wanted.files) cli::read_corpus(file, events);
    } catch (std::runtime_error const& why) {
        fmt::print(stderr, "milter-replay: {}\n", why.what());
        return cli::exit_code::usage;
    }
    return whole ? cli::exit_code::pass : cli::exit_code::differs;
}

} // namespace milter::replay
