// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/codec.cpp - any bytes as packets of either side: decoded, described, encoded, decoded again
//
// What decodes must come back as the same struct from its own encoding; nothing may read outside of the packet.

#include "milter/wire/command.hpp"
#include "milter/wire/describe.hpp"
#include "milter/wire/reply.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

template <class Decode> void round_trip(milter::wire::frame_view const& frame, Decode decode) {
    milter::error_code ec;
    auto const first = decode(frame, ec);
    require(first.has_value() != ec.failed());
    if (!first) return;
    std::string bytes;
    milter::wire::encode(bytes, *first);
    auto const again = milter::wire::first_frame(bytes, bytes.size(), ec);
    require(again.has_value() && again->raw.size() == bytes.size());
    auto const second = decode(*again, ec);
    require(second.has_value() && *second == *first);
}

void both_ways(milter::wire::frame_view const& frame) {
    round_trip(frame,
               [](auto const& one, auto& ec) { return milter::wire::decode_command(one, ec); });
    round_trip(frame,
               [](auto const& one, auto& ec) { return milter::wire::decode_reply(one, ec); });
    require(!milter::wire::describe_command(frame).empty());
    require(!milter::wire::describe_reply(frame).empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    // XXX bytes and chars are the same memory; there is no other way to view one as the other
    std::string_view rest(reinterpret_cast<char const*>(data), size);
    milter::error_code ec;
    while (auto const frame =
               milter::wire::first_frame(rest, milter::wire::default_data_limit, ec)) {
        both_ways(*frame);
        rest.remove_prefix(frame->raw.size());
    }
    return 0;
}
