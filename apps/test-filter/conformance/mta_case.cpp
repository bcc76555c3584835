// SPDX-License-Identifier: BSL-1.0
// test-filter/conformance/mta_case.cpp - the cases about an MTA, and what sessions have shown of them
#include "test-filter/conformance/mta_case.hpp"

#include <algorithm>
#include <utility>

namespace milter::test_filter {

namespace {

using cli::level;

constexpr mta_case cases[] = {
    {"1", 1, level::must, "commands are whole packets", "length and code, again and again"},
    {"7", 7, level::must, "no command is larger than was agreed",
     "payloads of at most 65,535 bytes"},
    {"11", 11, level::must, "strings end with their NUL, and fields are complete",
     "commands that can be read"},
    {"21", 21, level::may, "macros and their command come in one write", "both at once"},
    {"24", 24, level::must, "the first packet is an offer of 12 bytes", "O and three numbers"},
    {"32", 32, level::must, "up to version 2 no UNKNOWN comes", "no UNKNOWN"},
    {"33", 33, level::must, "up to version 3 no DATA comes", "no DATA"},
    {"56", 56, level::must, "commands that were negotiated away do not come",
     "no command under its NO*"},
    {"57", 57, level::may, "macros come all the same", "macros of CONNECT to DATA under NO*"},
    {"58", 58, level::must, "NOHDRS keeps HEADER away and not end of headers", "end of headers"},
    {"59", 59, level::must, "end of message comes whatever was left out", "end of message"},
    {"60", 60, level::must, "no reply is awaited where none was agreed",
     "the next command within ten seconds"},
    {"65", 65, level::must, "an IPv4 client is told as a dotted quad", "such an address"},
    {"66", 66, level::must, "CONNECT of an unknown family ends with it",
     "neither port nor address"},
    {"67", 67, level::must, "a unix client has port 0", "port 0"},
    {"68", 68, level::should, "an IPv6 client is told by its address", "such an address"},
    {"72", 72, level::must, "a v4-mapped client is told as IPv4", "family 4"},
    {"75", 75, level::must, "each ESMTP argument is a string of its own", "no blank in one"},
    {"79", 79, level::must, "DATA comes once a transaction, behind the recipients",
     "one DATA, no RCPT behind it"},
    {"81", 81, level::must, "names of headers have no colon and are not empty", "such a name"},
    {"82", 82, level::must, "folds are LF with white space behind, no line end follows",
     "no CR, no LF at the end"},
    {"84", 84, level::must, "without HDR_LEADSPC one blank is taken from values",
     "values that do not all begin with a blank"},
    {"85", 85, level::must, "with HDR_LEADSPC values are as they stand",
     "values that begin with their blank"},
    {"88", 88, level::must, "lines of a body end with CRLF", "no bare LF, no bare CR"},
    {"89", 89, level::must, "a chunk has 1 to 65,535 bytes", "no empty chunk, no larger one"},
    {"92", 92, level::should, "end of message carries nothing", "no payload"},
    {"94", 94, level::must, "UNKNOWN is a line without its end", "neither CR nor LF in it"},
    {"95", 95, level::should, "no UNKNOWN between the last recipient and the content",
     "none behind DATA"},
    {"97", 97, level::should, "QUIT_NC does not come", "QUIT"},
    {"99", 99, level::must, "a reply is awaited before the next command",
     "nothing but ABORT or QUIT while a reply is owed"},
    {"103", 103, level::must, "behind SKIP comes no chunk but end of message", "no BODY"},
    {"105", 105, level::must, "PROGRESS at end of message is put up with",
     "the verdict is waited for, and the session goes on"},
    {"121", 121, level::must, "a refused recipient does not end the transaction",
     "another recipient, or the content for those there are"},
    {"122", 122, level::must, "behind DISCARD the message is told no further",
     "nothing more of this message"},
    {"124", 124, level::must, "ACCEPT at CONNECT lets the filter off for the session",
     "nothing but the end"},
    {"125", 125, level::must, "ACCEPT at MAIL lets it off for the message",
     "nothing more of this message"},
    {"141", 141, level::must, "commands come in order", "only what may follow the command before"},
    {"142", 142, level::must, "a transaction that ends early is aborted",
     "ABORT or HELO before the next MAIL"},
    {"145", 145, level::should, "a sound connection ends with QUIT", "QUIT"},
    {"152", 152, level::must, "edits are taken", "the session goes on behind them"},
    {"181", 181, level::must, "macros name the command that follows", "that command"},
    {"193", 193, level::must, "macros that were asked for come as they are spelled, and no others",
     "names of the list"},
};

} // namespace

std::span<mta_case const> all_mta_cases() noexcept { return cases; }

void observations::found(std::string_view id, std::string what) {
    auto& one = seen_[std::string(id)];
    if (one.found.empty()) one.found = std::move(what);
}

void observations::doubted(std::string_view id, std::string what) {
    auto& one = seen_[std::string(id)];
    if (one.doubt.empty()) one.doubt = std::move(what);
}

void observations::add(observations const& session, std::string const& name,
                       std::vector<std::string> const& packets) {
    if (!packets.empty()) ++sessions_;
    for (auto const& [id, theirs] : session.seen_) {
        auto& ours = seen_[id];
        ours.is_seen = ours.is_seen || theirs.is_seen;
        if (ours.doubt.empty()) ours.doubt = theirs.doubt;
        if (theirs.found.empty() || !ours.found.empty()) continue;
        ours.found = theirs.found + " (" + name + ")";
        ours.packets = packets;
    }
}

bool observations::has_found() const noexcept {
    return std::any_of(seen_.begin(), seen_.end(),
                       [](auto const& one) { return !one.second.found.empty(); });
}

cli::case_result observations::result_of(mta_case const& one) const {
    cli::case_result result;
    result.head = {one.id, one.statement, one.binds, one.title, one.expected};
    auto const at = seen_.find(one.id);
    if (at == seen_.end()) {
        result.verdict = cli::case_verdict::skipped;
        result.found = "no session showed it";
    } else if (at->second.found.empty() && !at->second.is_seen) {
        result.verdict = cli::case_verdict::inconclusive;
        result.found = at->second.doubt;
    } else if (at->second.found.empty()) {
        result.verdict = cli::case_verdict::pass;
    } else {
        result.verdict = cli::case_verdict::fail;
        result.found = at->second.found;
        result.packets = at->second.packets;
    }
    return result;
}

} // namespace milter::test_filter
