// SPDX-License-Identifier: BSL-1.0
// tests/wire/describe.cpp - packets in words: complete, in one line, harmless to a terminal

#include "milter/wire/describe.hpp"

#include "command_vectors.hpp"
#include "reply_vectors.hpp"

#include <boost/test/unit_test.hpp>

#include <support/exact_copy.hpp>

namespace wire = milter::wire;
using support::bytes;
using support::exact_copy;
using namespace std::string_view_literals;

namespace {

constexpr std::size_t longest_description =
    4096; // what a log line may take, whatever the peer sends

void is_one_harmless_line(std::string const& text) {
    BOOST_TEST(std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; }), text);
    BOOST_TEST(text.size() <= longest_description);
    BOOST_TEST(!text.empty());
}

std::string command_in_words(std::string_view notation) {
    auto const packet = bytes(notation);
    return wire::describe_command(support::only_frame(packet));
}

std::string reply_in_words(std::string_view notation) {
    auto const packet = bytes(notation);
    return wire::describe_reply(support::only_frame(packet));
}

} // namespace

BOOST_AUTO_TEST_SUITE(describe)

BOOST_AUTO_TEST_CASE(text_is_quoted_and_escaped) {
    BOOST_TEST(wire::quoted("") == R"("")");
    BOOST_TEST(wire::quoted("plain ~!") == R"("plain ~!")");
    BOOST_TEST(wire::quoted("a\nb\rc\td") == R"("a\nb\rc\td")");
    BOOST_TEST(wire::quoted(R"(say "\")") == R"("say \"\\\"")");
    BOOST_TEST(wire::quoted("\0\x1b[31m\x7f\x80\xff"sv) == R"("\x00\x1b[31m\x7f\x80\xff")");
}

BOOST_AUTO_TEST_CASE(long_text_is_cut_and_the_rest_counted) {
    BOOST_TEST(wire::quoted("abcdef", 6) == R"("abcdef")");
    BOOST_TEST(wire::quoted("abcdef", 5) == R"("abcde"+1)");
    BOOST_TEST(wire::quoted("abcdef", 0) == R"(""+6)");
    std::string const limit(wire::describe_limit, 'x');
    BOOST_TEST(wire::quoted(limit) == '"' + limit + '"');
    BOOST_TEST(wire::quoted(limit + std::string(100, 'y')) == '"' + limit + "\"+100");
}

BOOST_AUTO_TEST_CASE(commands_are_described_by_name_and_fields) {
    std::pair<std::string_view, std::string_view> const rows[] = {
        {"00 00 00 0d 4f 00 00 00 06 00 00 01 ff 00 00 04 02",
         "negotiate version=6 "
         "actions=add_header|change_body|add_rcpt|delete_rcpt|change_header|quarantine|change_from|"
         "add_rcpt_with_args|set_macro_list steps=no_helo|skip"},
        {"00 00 00 0d 44 43 'j' 00 'mx' 00 'v' 00 '1 2' 00",
         R"(macros connect "j"="mx" "v"="1 2")"},
        {"00 00 00 02 44 45", "macros end_of_message"},
        {"00 00 00 06 44 5a 'i' 00 '7' 00", R"(macros "Z" "i"="7")"},
        {"00 00 00 1d 43 'client.example' 00 34 61a8 '192.0.2.1' 00",
         R"(connect "client.example" 4 "192.0.2.1" port 25000)"},
        {"00 00 00 0c 43 'localhost' 00 55", R"(connect "localhost" U)"},
        {"00 00 00 05 48 'a' 0a 'b' 00", R"(helo "a\nb")"},
        {"00 00 00 10 4d '<a@b>' 00 'SIZE=1' 00 'X' 00", R"(mail "<a@b>" "SIZE=1" "X")"},
        {"00 00 00 07 52 '<a@b>' 00", R"(rcpt "<a@b>")"},
        {"00 00 00 01 54", "data"},
        {"00 00 00 08 4c 'To' 00 ' a' 0a 00", R"(header "To" " a\n")"},
        {"00 00 00 01 4e", "end_of_headers"},
        {"00 00 00 06 42 '12345'", "body 5 bytes"},
        {"00 00 00 01 45", "end_of_message"},
        {"00 00 00 03 45 '12'", "end_of_message 2 bytes"},
        {"00 00 00 05 55 'FOO' 00", R"(unknown "FOO")"},
        {"00 00 00 01 41", "abort"},
        {"00 00 00 01 51", "quit"},
        {"00 00 00 01 4b", "quit_new_connection"},
    };
    for (auto const& [packet, words] : rows) BOOST_TEST(command_in_words(packet) == words);
}

BOOST_AUTO_TEST_CASE(replies_are_described_by_name_and_fields) {
    std::pair<std::string_view, std::string_view> const rows[] = {
        {"00 00 00 14 4f 00 00 00 02 00 00 00 11 00 00 00 00 00000006 'i' 20 00",
         R"(negotiate version=2 actions=add_header|change_header steps=none list6="i ")"},
        {"00 00 00 01 63", "continue"},
        {"00 00 00 01 61", "accept"},
        {"00 00 00 01 72", "reject"},
        {"00 00 00 01 74", "tempfail"},
        {"00 00 00 01 64", "discard"},
        {"00 00 00 01 73", "skip"},
        {"00 00 00 01 34", "shutdown"},
        {"00 00 00 01 66", "connection_failed"},
        {"00 00 00 01 70", "progress"},
        {"00 00 00 0b 79 '550-a' 0d0a '50' 00", R"(reply "550-a\r\n50")"},
        {"00 00 00 05 68 'A' 00 'b' 00", R"(add_header "A" "b")"},
        {"00 00 00 09 69 00000007 'A' 00 'b' 00", R"(insert_header 7 "A" "b")"},
        {"00 00 00 08 6d 00000002 'A' 00 00", R"(change_header 2 "A" "")"},
        {"00 00 00 04 62 'abc'", "replace_body 3 bytes"},
        {"00 00 00 01 62", "replace_body 0 bytes"},
        {"00 00 00 05 2b 'a@b' 00", R"(add_rcpt "a@b")"},
        {"00 00 00 05 32 'a@b' 00", R"(add_rcpt_with_args "a@b")"},
        {"00 00 00 07 32 'a@b' 00 'N' 00", R"(add_rcpt_with_args "a@b" "N")"},
        {"00 00 00 05 2d 'a@b' 00", R"(delete_rcpt "a@b")"},
        {"00 00 00 04 65 '<>' 00", R"(change_from "<>")"},
        {"00 00 00 05 65 '<>' 00 00", R"(change_from "<>" "")"},
        {"00 00 00 06 71 'spam' 00", R"(quarantine "spam")"},
    };
    for (auto const& [packet, words] : rows) BOOST_TEST(reply_in_words(packet) == words);
}

BOOST_AUTO_TEST_CASE(malformed_packets_are_described_with_the_reason) {
    BOOST_TEST(command_in_words("00 00 00 03 48 'a' 1b") ==
               R"(helo (string without terminating NUL, 2 bytes: "a\x1b"))");
    BOOST_TEST(command_in_words("00 00 00 01 5a") ==
               R"(packet "Z" (unknown packet code, 0 bytes: ""))");
    BOOST_TEST(command_in_words("00 00 00 02 07 00") ==
               R"(packet "\x07" (unknown packet code, 1 bytes: "\x00"))");
    BOOST_TEST(reply_in_words("00 00 00 02 63 0a") ==
               R"(continue (surplus bytes at the end of the packet, 1 bytes: "\n"))");
    BOOST_TEST(reply_in_words("00 00 00 02 ff 'x'") ==
               R"(packet "\xff" (unknown packet code, 1 bytes: "x"))");
}

BOOST_AUTO_TEST_CASE(every_vector_is_one_harmless_line_whole_or_cut) {
    auto const check = [](std::string_view packet, auto describe) {
        auto const frame = support::only_frame(packet);
        for (std::size_t size = 0; size <= frame.payload.size(); ++size) {
            exact_copy const cut(frame.payload.substr(0, size));
            is_one_harmless_line(describe({frame.code, cut.view(), {}}));
        }
    };
    for (auto const& row : vectors::commands) check(bytes(row.bytes), wire::describe_command);
    for (auto const& row : vectors::replies) check(bytes(row.bytes), wire::describe_reply);
}

BOOST_AUTO_TEST_CASE(largest_packets_are_short_lines) {
    std::string const payloads[] = {
        std::string(65'535, '\0'),
        std::string(65'535, '\xff'),
        std::string(65'534, '\x1b') + '\0',
        std::string(65'535, 'a'),
        "U" + std::string(65'534, '\0'),
        std::string(30'000, 'n') + '\0' + std::string(30'000, '"') + '\0',
        std::string(12, '\1') + std::string(60'000, '\0'),
    };
    std::string macros = "C";
    std::string envelope("<>\0", 3);
    for (int i = 0; i < 10'000; ++i) {
        macros += std::string("n\0v\0", 4);
        envelope += std::string("\x80\0", 2);
    }
    for (unsigned code = 0; code < 256; ++code) {
        auto const letter = static_cast<unsigned char>(code);
        for (auto const& payload : payloads) {
            is_one_harmless_line(wire::describe_command({letter, payload, {}}));
            is_one_harmless_line(wire::describe_reply({letter, payload, {}}));
        }
    }
    is_one_harmless_line(wire::describe_command({'D', macros, {}}));
    is_one_harmless_line(wire::describe_command({'M', envelope, {}}));
    is_one_harmless_line(wire::describe_command({'R', envelope, {}}));
}

BOOST_AUTO_TEST_CASE(macros_that_are_left_out_are_marked) {
    std::string macros = "C";
    for (int i = 0; i < 1000; ++i) macros += std::string("name\0value\0", 11);
    auto const text = wire::describe_command({'D', macros, {}});
    BOOST_TEST(text.starts_with(R"(macros connect "name"="value" "name"="value")"));
    BOOST_TEST(text.ends_with(" ..."));
}

BOOST_AUTO_TEST_CASE(arguments_that_are_left_out_are_marked) {
    std::string envelope("<>\0", 3);
    for (int i = 0; i < 1000; ++i) envelope += std::string("KEY=value\0", 10);
    for (unsigned char const code : {u8'M', u8'R'}) {
        auto const text = wire::describe_command({code, envelope, {}});
        BOOST_TEST(text.find(R"( "<>" "KEY=value" "KEY=value")") != text.npos);
        BOOST_TEST(text.ends_with(" ..."));
    }
}

BOOST_AUTO_TEST_CASE(refused_frame_is_named_with_its_length_where_that_is_why) {
    auto const refused = [](std::string_view sent) {
        milter::error_code ec;
        wire::first_frame(sent, 100, ec);
        return wire::refused_frame(sent, 100, ec);
    };
    BOOST_TEST(refused("\0\0\0\x66Oxyz"sv) ==
               R"(packet of "\x00\x00\x00fO" (101 bytes, 100 allowed))");
    BOOST_TEST(refused("\0\0\0\0"sv) == R"(packet of "\x00\x00\x00\x00")");
}

BOOST_AUTO_TEST_SUITE_END()
