// SPDX-License-Identifier: BSL-1.0
// tests/support/packet_row.hpp - a packet and what it means, as one row of a table
#pragma once

#include <milter/wire/frame.hpp>

#include <support/hex.hpp>

#include <cstddef>
#include <stdexcept>
#include <string_view>

namespace support {

/// `Struct` is any_command or any_reply; its views point to string literals.
template <class Struct> struct packet_row {
    std::string_view name;  ///< what is special about it
    std::string_view bytes; ///< in the notation of hex.hpp
    Struct means;
};

/// A packet that must be refused.
struct malformed_row {
    std::string_view name;
    std::string_view bytes;
    milter::errc why;
};

/// The one frame that `packet` is. @throws std::invalid_argument when it is not exactly one
inline milter::wire::frame_view only_frame(std::string_view packet, std::size_t limit = 1 << 20) {
    milter::error_code ec;
    auto const frame = milter::wire::first_frame(packet, limit, ec);
    if (ec || !frame || frame->raw.size() != packet.size())
        throw std::invalid_argument("not exactly one frame: " + to_hex(packet));
    return *frame;
}

} // namespace support
