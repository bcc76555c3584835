// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/frame.cpp - a stream cut into packets
//
// The first byte of the input says how the rest is cut on arrival.

#include "invariant.hpp"
#include <milter/wire/describe.hpp>
#include <milter/wire/receive_buffer.hpp>

#include <support/exact_copy.hpp>

#include <string>
#include <vector>

namespace wire = milter::wire;
using fuzz::require;
using support::exact_copy;

namespace {

constexpr std::size_t limit = 300; // small, so that inputs reach it

struct outcome {
    std::vector<std::string> packets;
    std::string rest; ///< unfinished, or what the error is about
    milter::error_code ec;
};

void check(wire::frame_view const& frame, std::string_view bytes) {
    require(frame.raw.data() == bytes.data(), "packet begins where the bytes begin");
    require(frame.raw.size() <= bytes.size(), "packet ends within the bytes");
    require(frame.payload.size() <= limit, "payload is within the limit");
    require(frame.payload.size() + wire::frame_header_size == frame.raw.size(),
            "packet is header and payload");
    require(frame.payload.data() == frame.raw.data() + wire::frame_header_size,
            "payload follows the header");
    std::string again;
    wire::append_frame(again, frame.code, frame.payload);
    require(again == frame.raw, "packet written again is the same");
    milter::error_code ec;
    auto const cut = exact_copy(frame.raw.substr(0, frame.raw.size() - 1));
    require(!wire::first_frame(cut.view(), limit, ec) && !ec,
            "packet without its last byte needs more");
    fuzz::require_harmless(wire::describe_command(frame));
    fuzz::require_harmless(wire::describe_reply(frame));
}

outcome in_pieces_of(std::size_t size, std::string_view stream) {
    outcome result;
    wire::receive_buffer buffer;
    while (!stream.empty() && !result.ec) {
        buffer.append(stream.substr(0, size));
        stream.remove_prefix(std::min(size, stream.size()));
        while (auto const frame = wire::first_frame(buffer.data(), limit, result.ec)) {
            check(*frame, buffer.data());
            result.packets.emplace_back(frame->raw);
            buffer.consume(frame->raw.size());
        }
    }
    // After an error the rest is not read, so how much of it came depends on the pieces.
    if (!result.ec) result.rest = buffer.data();
    return result;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view const stream = fuzz::view(data + 1, size - 1);
    auto const whole = in_pieces_of(stream.size() + 1, stream);
    auto const cut = in_pieces_of(1 + data[0] % 16, stream);
    require(whole.packets == cut.packets, "same packets however the bytes are split");
    require(whole.ec == cut.ec, "same end however the bytes are split");
    require(whole.rest == cut.rest, "same rest however the bytes are split");
    exact_copy const copy(stream);
    (void)wire::alien_protocol(copy.view());
    return 0;
}
