// SPDX-License-Identifier: BSL-1.0
// tests/wire/command.cpp - commands from bytes to structs and back, and what is refused

#include "milter/wire/command.hpp"

#include "command_vectors.hpp"

#include <boost/test/unit_test.hpp>

#include <support/exact_copy.hpp>
#include <support/print_packet.hpp>

namespace wire = milter::wire;
using milter::errc;
using milter::error_code;
using support::bytes;
using support::exact_copy;
using namespace std::string_view_literals;

namespace {

struct decoded {
    exact_copy payload; ///< what the command's views point into
    error_code ec;
    std::optional<wire::any_command> command;

    decoded(unsigned char code, std::string_view bytes) : payload(bytes) {
        command = wire::decode_command({code, payload.view(), {}}, ec);
    }
    explicit decoded(wire::frame_view const& frame) : decoded(frame.code, frame.payload) {}
};

/// The shortest part of the payload that still decodes, found by reading the layouts of protocol 1.6.
std::size_t shortest_payload(wire::frame_view const& frame) {
    switch (frame.code) {
    case 'O': return 12;
    case 'D': return 1;
    case 'C':
    case 'H':
    case 'L': return frame.payload.size();
    case 'M':
    case 'R': return frame.payload.find('\0') + 1;
    default: return 0;
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(command)

BOOST_AUTO_TEST_CASE(every_vector_is_decoded_12_13_14_22) {
    for (auto const& row : vectors::commands) {
        BOOST_TEST_CONTEXT(row.name) {
            auto const packet = bytes(row.bytes);
            decoded const got(support::only_frame(packet));
            BOOST_TEST(!got.ec);
            BOOST_TEST_REQUIRE(got.command.has_value());
            BOOST_TEST(*got.command == row.means);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_vector_is_encoded_11_12_13_14_22) {
    for (auto const& row : vectors::commands) {
        BOOST_TEST_CONTEXT(row.name) {
            std::string out = "before";
            wire::encode(out, row.means);
            BOOST_TEST(support::to_hex(out) == support::to_hex("before" + bytes(row.bytes)));
        }
    }
}

BOOST_AUTO_TEST_CASE(every_command_has_a_vector) {
    for (auto const& row : wire::command_rows) BOOST_TEST_CONTEXT(row.name)
    BOOST_TEST(std::ranges::any_of(vectors::commands, [&](auto const& vector) {
        return wire::code_of(vector.means) == row.code;
    }));
}

BOOST_AUTO_TEST_CASE(one_struct_is_encoded_as_the_variant_of_it) {
    for (auto const& row : vectors::commands) {
        std::string out;
        std::visit([&](auto const& one) { wire::encode(out, one); }, row.means);
        BOOST_TEST_CONTEXT(row.name)
        BOOST_TEST(support::to_hex(out) == support::to_hex(bytes(row.bytes)));
    }
}

BOOST_AUTO_TEST_CASE(views_point_into_the_payload) {
    decoded const got('L', "Subject\0hello\0"sv);
    BOOST_TEST_REQUIRE(got.command.has_value());
    auto const& header = std::get<wire::header>(*got.command);
    BOOST_TEST(static_cast<void const*>(header.name.data()) == got.payload.view().data());
    BOOST_TEST(static_cast<void const*>(header.value.data()) == got.payload.view().data() + 8);
}

BOOST_AUTO_TEST_CASE(every_truncated_payload_is_decoded_or_refused_by_name_15_16_17_25) {
    for (auto const& row : vectors::commands) {
        auto const packet = bytes(row.bytes);
        auto const frame = support::only_frame(packet);
        for (std::size_t size = 0; size < frame.payload.size(); ++size) {
            decoded const got(frame.code, frame.payload.substr(0, size));
            BOOST_TEST_CONTEXT(row.name << ", cut to " << size) {
                BOOST_TEST(got.command.has_value() == !got.ec);
                BOOST_TEST(!got.ec.failed() == (size >= shortest_payload(frame)));
                if (got.ec)
                    BOOST_TEST((got.ec == errc::missing_nul || got.ec == errc::missing_field));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(every_code_byte_without_payload_is_decoded_or_refused_by_name) {
    for (unsigned code = 0; code < 256; ++code) {
        auto const letter = static_cast<unsigned char>(code);
        decoded const got(letter, "");
        BOOST_TEST_CONTEXT("code " << code) {
            BOOST_TEST(got.command.has_value() == !got.ec);
            if (!wire::find_command(letter)) BOOST_TEST(got.ec == errc::unknown_code);
            if (got.command) BOOST_TEST(static_cast<unsigned>(wire::code_of(*got.command)) == code);
        }
    }
}

BOOST_AUTO_TEST_CASE(malformed_commands_are_refused_each_for_its_reason_15_16_17_25_69_96) {
    support::malformed_row const rows[] = {
        {"no such command", "00 00 00 01 5a", errc::unknown_code},
        {"code in lower case", "00 00 00 01 63", errc::unknown_code},
        {"reply code", "00 00 00 01 79", errc::unknown_code},
        {"offer without anything", "00 00 00 01 4f", errc::missing_field},
        {"offer of 11 bytes", "00 00 00 0c 4f 00 00 00 06 00 00 01 ff 00 1f ff",
         errc::missing_field},
        {"macros of no stage", "00 00 00 01 44", errc::missing_field},
        {"connection without anything", "00 00 00 01 43", errc::missing_field},
        {"connection without NUL", "00 00 00 04 43 'abc'", errc::missing_nul},
        {"connection without family", "00 00 00 03 43 'a' 00", errc::missing_field},
        {"connection of family 0", "00 00 00 04 43 'a' 00 00", errc::bad_family},
        {"connection of family 5", "00 00 00 09 43 'a' 00 '5' 0000 '1' 00 00", errc::bad_family},
        {"connection of family l", "00 00 00 07 43 'a' 00 'l' 0000 00", errc::bad_family},
        {"connection without port", "00 00 00 04 43 'a' 00 '4'", errc::missing_field},
        {"connection with half a port", "00 00 00 05 43 'a' 00 '6' 00", errc::missing_field},
        {"connection without address", "00 00 00 06 43 'a' 00 'L' 0000", errc::missing_field},
        {"address without NUL", "00 00 00 0a 43 'a' 00 '4' 0000 '10.0'", errc::missing_nul},
        {"bytes after the address", "00 00 00 09 43 'a' 00 '4' 0000 '1' 00 00", errc::surplus_data},
        {"helo without anything", "00 00 00 01 48", errc::missing_field},
        {"helo without NUL", "00 00 00 03 48 'ab'", errc::missing_nul},
        {"helo of two strings", "00 00 00 05 48 'a' 00 'b' 00", errc::surplus_data},
        {"helo and a NUL", "00 00 00 04 48 'a' 00 00", errc::surplus_data},
        {"sender without anything", "00 00 00 01 4d", errc::missing_field},
        {"sender without NUL", "00 00 00 03 4d '<>'", errc::missing_nul},
        {"recipient without anything", "00 00 00 01 52", errc::missing_field},
        {"recipient without NUL", "00 00 00 03 52 '<>'", errc::missing_nul},
        {"header without anything", "00 00 00 01 4c", errc::missing_field},
        {"header without NUL", "00 00 00 02 4c 'a'", errc::missing_nul},
        {"header without value", "00 00 00 03 4c 'a' 00", errc::missing_field},
        {"header value without NUL", "00 00 00 04 4c 'a' 00 'b'", errc::missing_nul},
        {"header without name", "00 00 00 04 4c 00 'b' 00", errc::empty_name},
        {"header without name and value", "00 00 00 03 4c 00 00", errc::empty_name},
        {"header and a NUL", "00 00 00 06 4c 'a' 00 'b' 00 00", errc::surplus_data},
        {"header of three strings", "00 00 00 07 4c 'a' 00 'b' 00 'c' 00", errc::surplus_data},
    };
    for (auto const& row : rows) {
        BOOST_TEST_CONTEXT(row.name) {
            auto const packet = bytes(row.bytes);
            decoded const got(support::only_frame(packet));
            BOOST_TEST(!got.command.has_value());
            BOOST_TEST(got.ec == row.why);
            BOOST_TEST(got.ec == milter::condition::malformed);
        }
    }
}

BOOST_AUTO_TEST_CASE(unusual_commands_are_accepted_as_what_they_mean_20_26) {
    vectors::command_row const rows[] = {
        {"offer with surplus bytes", "00 00 00 10 4f 00 00 00 06 00 00 00 01 00 00 00 02 'xyz'",
         wire::negotiate{6, wire::action::add_header, wire::step::no_helo}},
        {"unknown family with surplus bytes", "00 00 00 07 43 'a' 00 'U' 0000 00",
         wire::connect{"a", wire::family::unknown, 0, ""}},
        {"data with payload", "00 00 00 03 54 'xy'", wire::data{}},
        {"end of headers with payload", "00 00 00 02 4e 00", wire::end_of_headers{}},
        {"abort with payload", "00 00 00 03 41 'xy'", wire::abort{}},
        {"quit with payload", "00 00 00 02 51 00", wire::quit{}},
        {"quit before a new connection, with payload", "00 00 00 02 4b 'x'",
         wire::quit_new_connection{}},
        {"body of nothing", "00 00 00 01 42", wire::body{""}},
        {"unknown command without NUL", "00 00 00 04 55 'FOO'", wire::unknown{"FOO"}},
        {"unknown command without anything", "00 00 00 01 55", wire::unknown{""}},
        {"unknown command and more", "00 00 00 07 55 'FOO' 00 'x' 00", wire::unknown{"FOO"}},
    };
    for (auto const& row : rows) {
        BOOST_TEST_CONTEXT(row.name) {
            auto const packet = bytes(row.bytes);
            decoded const got(support::only_frame(packet));
            BOOST_TEST(!got.ec);
            BOOST_TEST_REQUIRE(got.command.has_value());
            BOOST_TEST(*got.command == row.means);
        }
    }
}

BOOST_AUTO_TEST_CASE(client_of_each_family_is_laid_out_as_described_65_66_67) {
    auto const laid_out = [](wire::connect const& client) {
        std::string packet;
        wire::encode(packet, client);
        return support::to_hex(packet);
    };
    BOOST_TEST(laid_out({"c", wire::family::inet, 0x1234, "192.0.2.1"}) ==
               support::to_hex(bytes("00 00 00 10 43 'c' 00 34 1234 '192.0.2.1' 00")));
    BOOST_TEST(laid_out({"c", wire::family::unknown, 25, "whatever"}) ==
               "00 00 00 04 43 63 00 55"); // it has neither port nor address
    BOOST_TEST(laid_out({"c", wire::family::unix_path, 0, "/x"}) ==
               "00 00 00 09 43 63 00 4c 00 00 2f 78 00");
    BOOST_TEST(laid_out({"c", wire::family::unix_path, 0, ""}) ==
               "00 00 00 07 43 63 00 4c 00 00 00");
}

BOOST_AUTO_TEST_CASE(host_names_of_all_forms_and_port_0_are_taken_70_71) {
    for (std::string const host : {"[192.0.2.1]", "[2001:db8::1]", "[IPv6:2001:db8::1]",
                                   "localhost", "unknown", "mail.example.com", ""})
        for (std::string const rest : {"34 0000 '192.0.2.1' 00", "36 0000 '2001:db8::1' 00",
                                       "36 0000 'IPv6:2001:db8::1' 00", "4c 0000 00", "55"}) {
            decoded const got('C', host + '\0' + bytes(rest));
            BOOST_TEST_CONTEXT(host << ' ' << rest) {
                BOOST_TEST_REQUIRE(got.command.has_value());
                auto const& client = std::get<wire::connect>(*got.command);
                BOOST_TEST(client.hostname == host);
                BOOST_TEST(client.port == 0);
                bool const v6 = client.family == wire::family::inet6;
                if (v6) BOOST_TEST(wire::without_ipv6_tag(client.address) == "2001:db8::1");
            }
        }
}

BOOST_AUTO_TEST_CASE(folded_values_are_taken_with_lf_and_with_crlf_83) {
    for (auto const value : {"a,\n\tb"sv, "a,\r\n\tb"sv, "a,\r\n b\n c"sv, "\r\n x"sv, "a\r\n"sv}) {
        decoded const got('L', std::string("To\0", 3).append(value) + '\0');
        BOOST_TEST_REQUIRE(got.command.has_value());
        BOOST_TEST(std::get<wire::header>(*got.command).value == value);
    }
}

BOOST_AUTO_TEST_CASE(several_arguments_in_one_string_are_taken_as_they_are_78) {
    for (unsigned char const code : {u8'M', u8'R'}) {
        decoded const got(code, "<a@b>\0SIZE=1 BODY=8BITMIME\0"sv);
        BOOST_TEST_REQUIRE(got.command.has_value());
        auto const args = std::visit(
            [](auto const& one) {
                if constexpr (requires { one.args; }) return one.args;
                return wire::zstr_list();
            },
            *got.command);
        BOOST_TEST_REQUIRE(args.size() == 1u);
        BOOST_TEST(*args.begin() == "SIZE=1 BODY=8BITMIME");
    }
}

BOOST_AUTO_TEST_CASE(argument_without_nul_is_no_argument) {
    for (unsigned char const code : {u8'M', u8'R'}) {
        decoded const got(code, "<a@b>\0SIZE=1\0BODY=8"sv);
        BOOST_TEST_REQUIRE(got.command.has_value());
        std::vector<std::string_view> args;
        if (auto const* sender = std::get_if<wire::mail>(&*got.command))
            args.assign(sender->args.begin(), sender->args.end());
        else
            args.assign(std::get<wire::rcpt>(*got.command).args.begin(),
                        std::get<wire::rcpt>(*got.command).args.end());
        BOOST_TEST(args == std::vector<std::string_view>{"SIZE=1"});
    }
}

BOOST_AUTO_TEST_CASE(ipv6_tag_is_taken_off_in_any_case_68_192) {
    BOOST_TEST(wire::without_ipv6_tag("IPv6:2001:db8::1") == "2001:db8::1");
    BOOST_TEST(wire::without_ipv6_tag("ipv6:::1") == "::1");
    BOOST_TEST(wire::without_ipv6_tag("IPV6:") == "");
    for (auto const* plain :
         {"2001:db8::1", "", "IPv6", "IPv4:1", " IPv6:::1", "IPv6;::1", "IPv\x16:1"})
        BOOST_TEST(wire::without_ipv6_tag(plain) == plain);
}

BOOST_AUTO_TEST_CASE(error_code_of_the_caller_is_left_alone_without_an_error) {
    error_code ec = errc::timed_out;
    BOOST_TEST(wire::decode_command({'A', {}, {}}, ec).has_value());
    BOOST_TEST(ec == errc::timed_out);
}

BOOST_AUTO_TEST_SUITE_END()
