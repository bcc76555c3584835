// SPDX-License-Identifier: BSL-1.0
// tests/support/print_packet.hpp - what a failed BOOST_TEST shows of packets, commands and replies
#pragma once

#include <milter/wire/describe.hpp>

#include <support/hex.hpp>
#include <support/print_error.hpp>

#include <optional>
#include <ostream>
#include <type_traits>

namespace milter::wire {

inline std::ostream& boost_test_print_type(std::ostream& out, frame_view const& frame) {
    return out << "packet " << support::to_hex(frame.raw);
}

inline std::ostream& boost_test_print_type(std::ostream& out, any_command const& command) {
    std::string packet;
    encode(packet, command);
    return out << describe(command) << " [" << support::to_hex(packet) << ']';
}

inline std::ostream& boost_test_print_type(std::ostream& out, any_reply const& reply) {
    std::string packet;
    encode(packet, reply);
    return out << describe(reply) << " [" << support::to_hex(packet) << ']';
}

template <class Packet>
std::ostream& boost_test_print_type(std::ostream& out, std::optional<Packet> const& packet) {
    if (!packet) return out << "nothing";
    return boost_test_print_type(out, *packet);
}

/// A single struct, such as `connect` or `add_header`.
template <class Packet>
requires requires { Packet::code; }
std::ostream& boost_test_print_type(std::ostream& out, Packet const& packet) {
    if constexpr (std::is_same_v<decltype(Packet::code), command_code const>)
        return boost_test_print_type(out, any_command(packet));
    else
        return boost_test_print_type(out, any_reply(packet));
}

inline std::ostream& boost_test_print_type(std::ostream& out, step bits) {
    return out << to_string(bits);
}
inline std::ostream& boost_test_print_type(std::ostream& out, action bits) {
    return out << to_string(bits);
}
inline std::ostream& boost_test_print_type(std::ostream& out, command_code code) {
    return out << name_of(code);
}
inline std::ostream& boost_test_print_type(std::ostream& out, reply_code code) {
    return out << name_of(code);
}

} // namespace milter::wire
