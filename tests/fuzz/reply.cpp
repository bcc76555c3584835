// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/reply.cpp - one packet of a filter: the input is its code byte and its payload

#include "invariant.hpp"
#include <milter/wire/describe.hpp>

#include <support/exact_copy.hpp>

#include <string>

namespace wire = milter::wire;
using fuzz::require;
using support::exact_copy;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size == 0) return 0;
    exact_copy const payload(fuzz::view(data + 1, size - 1));
    wire::frame_view const frame{data[0], payload.view(), {}};
    fuzz::require_harmless(wire::describe_reply(frame));

    milter::error_code ec;
    auto const reply = wire::decode_reply(frame, ec);
    require(reply.has_value() == !ec.failed(), "a reply or an error, never both");
    if (!reply) {
        require(ec == milter::condition::malformed, "the error is about the bytes");
        return 0;
    }
    require(static_cast<unsigned char>(wire::code_of(*reply)) == frame.code, "reply has its code");

    std::string packet;
    wire::encode(packet, *reply);
    exact_copy const again(packet);
    auto const second = wire::first_frame(again.view(), packet.size(), ec);
    require(second && second->raw.size() == packet.size(), "encoded reply is one packet");
    auto const decoded = wire::decode_reply(*second, ec);
    require(decoded && *decoded == *reply, "encoded reply is decoded to the same");
    std::string twice;
    wire::encode(twice, *decoded);
    require(twice == packet, "reply encoded again is the same packet");
    return 0;
}
