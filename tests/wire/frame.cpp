// SPDX-License-Identifier: BSL-1.0
// tests/wire/frame.cpp - packets out of a stream: reassembly, limits, traffic that is not milter

#include "milter/wire/frame.hpp"

#include "command_vectors.hpp"
#include "reply_vectors.hpp"
#include <milter/wire/receive_buffer.hpp>

#include <boost/test/unit_test.hpp>

#include <support/every_split.hpp>
#include <support/print_packet.hpp>

namespace wire = milter::wire;
using milter::errc;
using milter::error_code;
using support::bytes;
using support::exact_copy;

namespace {

constexpr std::size_t limit = wire::default_data_limit;

/// All packets of a stream that arrives in pieces, as the bytes of each; the error in words at the end.
std::vector<std::string> packets_of(support::pieces const& stream, std::size_t data_limit = limit) {
    wire::receive_buffer buffer;
    std::vector<std::string> packets;
    for (auto const& piece : stream) {
        buffer.append(piece.view());
        error_code ec;
        while (auto const frame =
                   wire::first_frame(exact_copy(buffer.data()).view(), data_limit, ec)) {
            packets.emplace_back(buffer.data().substr(0, frame->raw.size()));
            buffer.consume(frame->raw.size());
        }
        if (ec) {
            packets.push_back(ec.message());
            return packets;
        }
    }
    if (!buffer.empty()) packets.emplace_back("unfinished");
    return packets;
}

std::string with_length(std::uint32_t length, std::string_view rest = {}) {
    std::string stream;
    wire::append_u32(stream, length);
    return stream.append(rest);
}

} // namespace

BOOST_AUTO_TEST_SUITE(frame)

BOOST_AUTO_TEST_CASE(packet_is_length_code_and_payload) {
    auto const packet = bytes("00 00 00 06 71 'spam' 00");
    error_code ec;
    auto const frame = wire::first_frame(packet, limit, ec);
    BOOST_TEST_REQUIRE(frame.has_value());
    BOOST_TEST(!ec);
    BOOST_TEST(frame->code == 'q');
    BOOST_TEST(frame->payload == std::string_view("spam\0", 5));
    BOOST_TEST(frame->raw == packet);
}

BOOST_AUTO_TEST_CASE(packet_is_views_into_the_bytes_it_was_found_in) {
    auto const stream = bytes("00 00 00 03 42 'ab' 00 00 00 01 45");
    error_code ec;
    auto const frame = wire::first_frame(stream, limit, ec);
    BOOST_TEST_REQUIRE(frame.has_value());
    BOOST_TEST(static_cast<void const*>(frame->raw.data()) == stream.data());
    BOOST_TEST(frame->raw.size() == 7u);
    BOOST_TEST(static_cast<void const*>(frame->payload.data()) == stream.data() + 5);
    BOOST_TEST(frame->payload.size() == 2u);
}

BOOST_AUTO_TEST_CASE(length_is_big_endian_and_counts_the_code_1) {
    std::string packet;
    wire::append_frame(packet, 'B', std::string(0x0102, 'x'));
    BOOST_TEST(packet.substr(0, 5) == bytes("00 00 01 03 42"));
    BOOST_TEST(support::only_frame(packet).payload.size() == 0x0102u);
}

BOOST_AUTO_TEST_CASE(any_code_byte_is_framed) {
    for (unsigned code = 0; code < 256; ++code) {
        std::string packet;
        wire::append_frame(packet, static_cast<unsigned char>(code), "x");
        auto const frame = support::only_frame(packet);
        BOOST_TEST(frame.code == code);
        BOOST_TEST(frame.payload == "x");
    }
}

BOOST_AUTO_TEST_CASE(integers_are_big_endian_22) {
    std::string out;
    wire::append_u32(out, 0x01020380);
    wire::append_u16(out, 0xfe01);
    wire::append_zstr(out, "a");
    wire::append_zstr(out, "");
    BOOST_TEST(support::to_hex(out) == "01 02 03 80 fe 01 61 00 00");
}

BOOST_AUTO_TEST_CASE(frame_writer_fills_in_the_length_of_what_was_written) {
    std::string out = "before";
    {
        wire::frame_writer const packet(out, 'L');
        out += std::string(300, 'a');
    }
    { wire::frame_writer const packet(out, 'N'); }
    BOOST_TEST(out == "before" + bytes("00 00 01 2d 4c") + std::string(300, 'a') +
                          bytes("00 00 00 01 4e"));
}

BOOST_AUTO_TEST_CASE(same_packets_however_the_bytes_are_split_2_3) {
    std::string stream;
    std::vector<std::string> expected;
    for (auto const& row : vectors::commands) expected.push_back(bytes(row.bytes));
    for (auto const& row : vectors::replies) expected.push_back(bytes(row.bytes));
    for (auto const& packet : expected) stream += packet;
    support::for_every_split(stream, [&](support::pieces const& pieces) {
        BOOST_TEST_CONTEXT(pieces.name()) BOOST_TEST(packets_of(pieces) == expected);
    });
}

BOOST_AUTO_TEST_CASE(every_truncation_of_a_packet_needs_more) {
    auto const incomplete = [](std::string_view packet) {
        for (std::size_t size = 0; size < packet.size(); ++size) {
            exact_copy const cut(packet.substr(0, size));
            error_code ec;
            BOOST_TEST(!wire::first_frame(cut.view(), limit, ec).has_value());
            BOOST_TEST(!ec);
        }
    };
    for (auto const& row : vectors::commands) incomplete(bytes(row.bytes));
    for (auto const& row : vectors::replies) incomplete(bytes(row.bytes));
}

BOOST_AUTO_TEST_CASE(stream_ends_with_a_packet_or_within_one) {
    auto const stream = bytes("00 00 00 01 41 00 00 00 03 42 'ab' 00 00 00 01 45");
    for (std::size_t size = 0; size <= stream.size(); ++size) {
        bool const whole = size == 0 || size == 5 || size == 12 || size == 17;
        exact_copy const cut(stream.substr(0, size));
        BOOST_TEST_CONTEXT("cut to " << size)
        BOOST_TEST(wire::ends_with_a_frame(cut.view()) == whole);
    }
    BOOST_TEST(!wire::ends_with_a_frame(bytes("00 00 00 01 41 00 00 00 00")));
    BOOST_TEST(!wire::ends_with_a_frame(bytes("ff ff ff ff 41")));
}

BOOST_AUTO_TEST_CASE(packet_of_length_zero_is_refused_4) {
    for (auto const* stream : {"00 00 00 00", "00 00 00 00 41", "00 00 00 00 00 00 00 01 41"}) {
        error_code ec;
        BOOST_TEST(!wire::first_frame(exact_copy(bytes(stream)).view(), limit, ec).has_value());
        BOOST_TEST(ec == errc::frame_empty);
        BOOST_TEST(ec == milter::condition::malformed);
    }
}

BOOST_AUTO_TEST_CASE(longest_packet_of_the_default_limit_is_admitted_6) {
    std::string packet;
    wire::append_frame(packet, 'B', std::string(65'535, '\x80'));
    BOOST_TEST(packet.substr(0, 5) == bytes("00 01 00 00 42"));
    exact_copy const copy(packet);
    error_code ec;
    auto const frame = wire::first_frame(copy.view(), limit, ec);
    BOOST_TEST_REQUIRE(frame.has_value());
    BOOST_TEST(frame->payload.size() == 65'535u);
    BOOST_TEST(!wire::first_frame(copy.view().substr(0, packet.size() - 1), limit, ec).has_value());
    BOOST_TEST(!ec);
}

BOOST_AUTO_TEST_CASE(hostile_length_is_refused_before_it_is_buffered_5) {
    for (std::uint32_t const length :
         {65'537u, 65'538u, 0x7fff'ffffu, 0x8000'0000u, 0xffff'ffffu}) {
        error_code ec;
        BOOST_TEST(
            !wire::first_frame(exact_copy(with_length(length)).view(), limit, ec).has_value());
        BOOST_TEST(ec == errc::frame_too_large);
        BOOST_TEST(ec == milter::condition::malformed);
    }
}

BOOST_AUTO_TEST_CASE(each_limit_admits_itself_and_refuses_one_more) {
    for (std::size_t const data_limit : {std::size_t{0}, std::size_t{1}, wire::default_data_limit,
                                         wire::data_limit_256k, wire::data_limit_1m}) {
        auto const length = static_cast<std::uint32_t>(data_limit + 1);
        error_code ec;
        BOOST_TEST(!wire::first_frame(with_length(length), data_limit, ec).has_value());
        BOOST_TEST(!ec);
        BOOST_TEST(!wire::first_frame(with_length(length + 1), data_limit, ec).has_value());
        BOOST_TEST(ec == errc::frame_too_large);
    }
    BOOST_TEST(wire::default_data_limit == 65'535u);
    BOOST_TEST(wire::data_limit_256k == 262'143u);
    BOOST_TEST(wire::data_limit_1m == 1'048'575u);
}

BOOST_AUTO_TEST_CASE(packets_before_a_bad_length_are_still_given) {
    for (auto const& [bad, why] : {std::pair{"00 00 00 00", errc::frame_empty},
                                   std::pair{"00 01 00 01", errc::frame_too_large}}) {
        auto const stream = bytes("00 00 00 01 41 00 00 00 02 42 'x'") + bytes(bad);
        std::vector<std::string> const expected{
            bytes("00 00 00 01 41"), bytes("00 00 00 02 42 'x'"), error_code(why).message()};
        support::for_every_split(stream, [&](support::pieces const& pieces) {
            BOOST_TEST_CONTEXT(pieces.name()) BOOST_TEST(packets_of(pieces) == expected);
        });
    }
}

BOOST_AUTO_TEST_CASE(error_code_of_the_caller_is_left_alone_without_an_error) {
    error_code ec = errc::timed_out;
    BOOST_TEST(wire::first_frame(bytes("00 00 00 01 41"), limit, ec).has_value());
    BOOST_TEST(!wire::first_frame(bytes("00 00 00 02 41"), limit, ec).has_value());
    BOOST_TEST(ec == errc::timed_out);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(alien_protocol)

BOOST_AUTO_TEST_CASE(visitors_at_the_wrong_port_are_recognised_8) {
    std::pair<std::string, std::string_view> const visitors[] = {
        {"GET / HTTP/1.1\r\n", "HTTP"},   {"POST /x HTTP/1.0\r\n", "HTTP"},
        {"HEAD / HTTP/1.1\r\n", "HTTP"},  {"PUT /x HTTP/1.1\r\n", "HTTP"},
        {"OPTIONS * HTTP/1.1", "HTTP"},   {"PRI * HTTP/2.0\r\n", "HTTP"},
        {bytes("16 03 01 02 00"), "TLS"}, {bytes("16 03 03"), "TLS"},
        {"EHLO client\r\n", "SMTP"},      {"HELO client\r\n", "SMTP"},
        {"220 mx ESMTP\r\n", "SMTP"},     {"220-mx\r\n", "SMTP"},
    };
    for (auto const& [bytes, name] : visitors)
        BOOST_TEST(wire::alien_protocol(exact_copy(bytes).view()) == name);
}

BOOST_AUTO_TEST_CASE(what_it_recognises_is_no_packet_under_any_limit) {
    for (auto const* text :
         {"GET ", "POST", "HEAD", "PUT ", "OPTI", "PRI ", "\x16\x03\x01\x02", "EHLO", "220 "}) {
        error_code ec;
        BOOST_TEST(!wire::first_frame(text, wire::data_limit_1m, ec).has_value());
        BOOST_TEST(ec == errc::frame_too_large);
    }
}

BOOST_AUTO_TEST_CASE(packets_are_not_taken_for_visitors) {
    for (auto const& row : vectors::commands)
        BOOST_TEST(wire::alien_protocol(bytes(row.bytes)) == "");
    for (auto const& row : vectors::replies)
        BOOST_TEST(wire::alien_protocol(bytes(row.bytes)) == "");
    BOOST_TEST(wire::alien_protocol("\xff\xff\xff\xff") == "");
}

BOOST_AUTO_TEST_CASE(too_few_bytes_are_not_judged) {
    for (std::string_view const text : {"GET ", "POST", "OPTI", "220 ", "EHLO"})
        for (std::size_t size = 0; size < text.size(); ++size)
            BOOST_TEST(wire::alien_protocol(exact_copy(text.substr(0, size)).view()) == "");
    BOOST_TEST(wire::alien_protocol(exact_copy("\x16").view()) == "");
}

BOOST_AUTO_TEST_SUITE_END()
