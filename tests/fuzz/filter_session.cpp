// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/filter_session.cpp - an MTA that says anything to the filter side
//
// Input: 4 bytes steps wanted, 1 byte how the stream is cut, 1 byte how the filter answers, then the stream.

#include "invariant.hpp"
#include <milter/proto/filter_session.hpp>

#include <support/exact_copy.hpp>

#include <string>

namespace proto = milter::proto;
namespace wire = milter::wire;
using fuzz::require;

namespace {

struct outcome {
    std::string commands, output;
    milter::error_code ec;
    bool operator==(outcome const&) const = default;
};

/// The n-th answer: anything, allowed or not.
void answer(proto::filter_session& session, unsigned n) {
    milter::error_code ec;
    auto const before = session.output().size();
    auto const owed = session.owed();
    switch (n % 16) {
    case 0: session.reply(wire::accept{}, ec); break;
    case 1: session.reply(wire::skip{}, ec); break;
    case 2: session.reply(wire::add_header{"X", "y"}, ec); break;
    case 3: session.reply(wire::replace_body{"body"}, ec); break;
    case 4: session.reply(wire::progress{}, ec); break;
    case 5: session.reply(wire::reply_text{"550 5.7.1 no"}, ec); break;
    case 6: session.reply(wire::reply_text{"250 yes"}, ec); break;
    case 7: session.reply(wire::discard{}, ec); break;
    case 8: session.reply(wire::quarantine{"why"}, ec); break;
    default: session.reply(wire::proceed{}, ec); break;
    }
    if (ec)
        require(session.output().size() == before && session.owed() == owed,
                "misuse changes nothing");
    if (session.awaits_reply()) {
        ec = {};
        session.reply(wire::proceed{}, ec);
        require(!ec && !session.awaits_reply(), "continue is always an answer");
    }
}

outcome run(proto::filter_options const& options, std::string_view stream, std::size_t size,
            unsigned answers) {
    proto::filter_session session(options);
    outcome result;
    unsigned n = 0;
    for (std::size_t at = 0; at < stream.size() && !result.ec; at += size) {
        session.received(support::exact_copy(stream.substr(at, size)).view());
        while (auto const command = session.next(result.ec)) {
            auto const words = describe(*command);
            fuzz::require_harmless(words);
            result.commands += words + '\n';
            if (wire::code_of(*command) != wire::command_code::negotiate)
                answer(session, answers + n++);
        }
    }
    require(!result.ec || session.closed(), "an error ends the session");
    result.output = session.output();
    if (result.ec) fuzz::require_harmless(session.failure());
    return result;
}

/// What the filter sent are packets that the MTA side can read.
void require_replies(std::string_view output) {
    milter::error_code ec;
    while (auto const frame = wire::first_frame(output, wire::default_data_limit, ec)) {
        require(wire::decode_reply(*frame, ec).has_value(), "output is replies");
        output.remove_prefix(frame->raw.size());
    }
    require(!ec && output.empty(), "output is whole packets");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 6) return 0;
    proto::filter_options options;
    options.wants.actions = wire::action::all;
    options.wants.steps =
        static_cast<wire::step>(data[0] << 24 | data[1] << 16 | data[2] << 8 | data[3]) &
        wire::step::all;
    auto const stream = fuzz::view(data + 6, size - 6);
    auto const whole = run(options, stream, stream.size() + 1, data[5]);
    require(whole == run(options, stream, 1 + data[4] % 32, data[5]),
            "the same however the bytes are split");
    require_replies(whole.output);
    return 0;
}
