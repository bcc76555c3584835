// SPDX-License-Identifier: BSL-1.0
// tests/wire/command_vectors.hpp - commands as bytes and as structs; every row holds in both directions
//
// Those marked "(description)" are the examples of the protocol description, 1.5 to 2.1.
#pragma once

#include <milter/wire/command.hpp>

#include <support/packet_row.hpp>

namespace vectors {

using milter::wire::action;
using milter::wire::any_command;
using milter::wire::family;
using milter::wire::step;
using milter::wire::zstr_list;
using namespace std::string_view_literals;
namespace wire = milter::wire;

using command_row = support::packet_row<any_command>;

inline constexpr auto ipv6_tagged = "IPv6:2001:db8::1"sv;

inline command_row const commands[] = {
    // negotiate
    {"offer of all in version 6 (description)",
     "00 00 00 0d 4f 00 00 00 06 00 00 01 ff 00 1f ff ff",
     wire::negotiate{6, action::all, step::all}},
    {"offer of nothing in version 2", "00 00 00 0d 4f 00 00 00 02 00 00 00 00 00 00 00 00",
     wire::negotiate{2, action::none, step::none}},
    {"offer with every bit set", "00 00 00 0d 4f ff ff ff ff ff ff ff ff ff ff ff ff",
     wire::negotiate{0xffff'ffff, static_cast<action>(0xffff'ffff),
                     static_cast<step>(0xffff'ffff)}},
    {"offer whose octets all differ: big-endian",
     "00 00 00 0d 4f 01 02 03 04 05 06 07 08 09 0a 0b 0c",
     wire::negotiate{0x01020304, static_cast<action>(0x05060708), static_cast<step>(0x090a0b0c)}},
    // macros
    {"macros of CONNECT (description)",
     "00 00 00 25 44 43 6a 00 6d782e6578616d706c652e6f7267 00"
     "7b6461656d6f6e5f6e616d657d 00 4d5441 00",
     wire::macros{'C', zstr_list("j\0mx.example.org\0{daemon_name}\0MTA\0"sv)}},
    {"no macros at all", "00 00 00 02 44 45", wire::macros{'E', {}}},
    {"macro with an empty value", "00 00 00 0f 44 4d '{mail_addr}' 00 00",
     wire::macros{'M', zstr_list("{mail_addr}\0\0"sv)}},
    {"macro with an empty name", "00 00 00 05 44 52 00 'x' 00",
     wire::macros{'R', zstr_list("\0x\0"sv)}},
    {"macros of a header, as Postfix sends them", "00 00 00 06 44 4c 'i' 00 '7' 00",
     wire::macros{'L', zstr_list("i\0007\0"sv)}},
    {"8-bit macro of a stage that does not exist", "00 00 00 07 44 ff c3a9 00 80 00",
     wire::macros{0xff, zstr_list("\xc3\xa9\0\x80\0"sv)}},
    {"macro without a value", "00 00 00 08 44 48 'i' 00 '1' 00 'j' 00",
     wire::macros{'H', zstr_list("i\0001\0j\0"sv)}},
    // connect
    {"connection over IPv4 (description)",
     "00 00 00 1d 43 636c69656e742e6578616d706c65 00 34 61a8 3139322e302e322e31 00",
     wire::connect{"client.example", family::inet, 25000, "192.0.2.1"}},
    {"connection of unknown family (description)", "00 00 00 0c 43 6c6f63616c686f7374 00 55",
     wire::connect{"localhost", family::unknown, 0, ""}},
    {"connection over IPv6, as Postfix tells it",
     "00 00 00 1e 43 '[2001:db8::1]' 00 36 0019 '2001:db8::1' 00",
     wire::connect{"[2001:db8::1]", family::inet6, 25, "2001:db8::1"}},
    {"connection over IPv6, as Sendmail tells it",
     "00 00 00 28 43 '[IPv6:2001:db8::1]' 00 36 ffff 'IPv6:2001:db8::1' 00",
     wire::connect{"[IPv6:2001:db8::1]", family::inet6, 65535, ipv6_tagged}},
    {"connection over a socket file", "00 00 00 1c 43 'localhost' 00 4c 0000 '/run/mta.sock' 00",
     wire::connect{"localhost", family::unix_path, 0, "/run/mta.sock"}},
    {"connection with everything empty", "00 00 00 06 43 00 4c 0000 00",
     wire::connect{"", family::unix_path, 0, ""}},
    {"connection from an 8-bit name", "00 00 00 11 43 'm' fc 'x' 00 34 0000 '10.0.0.1' 00",
     wire::connect{"m\xfcx", family::inet, 0, "10.0.0.1"}},
    // helo
    {"helo", "00 00 00 12 48 'mail.example.com' 00", wire::helo{"mail.example.com"}},
    {"empty helo", "00 00 00 02 48 00", wire::helo{""}},
    {"8-bit helo", "00 00 00 05 48 e5 80 ff 00", wire::helo{"\xe5\x80\xff"}},
    // mail
    {"sender with two arguments",
     "00 00 00 29 4d 3c61406578616d706c652e636f6d3e 00 53495a453d31303030 00"
     "424f44593d384249544d494d45 00",
     wire::mail{"<a@example.com>", zstr_list("SIZE=1000\0BODY=8BITMIME\0"sv)}},
    {"null sender", "00 00 00 04 4d '<>' 00", wire::mail{"<>", {}}},
    {"null sender of local mail: an empty string", "00 00 00 02 4d 00", wire::mail{"", {}}},
    {"sender without brackets", "00 00 00 06 4d 'a@b.' 00", wire::mail{"a@b.", {}}},
    {"sender with an empty argument", "00 00 00 05 4d '<>' 00 00",
     wire::mail{"<>", zstr_list("\0"sv)}},
    {"several arguments in one string", "00 00 00 0c 4d '<>' 00 'A=1 B=2' 00",
     wire::mail{"<>", zstr_list("A=1 B=2\0"sv)}},
    {"8-bit sender", "00 00 00 12 4d '<j' c3b6 '@x.y>' 00 'SMTP8' ff 00",
     wire::mail{"<j\xc3\xb6@x.y>", zstr_list("SMTP8\xff\0"sv)}},
    // rcpt
    {"recipient with an argument", "00 00 00 16 52 '<b@x.y>' 00 'NOTIFY=NEVER' 00",
     wire::rcpt{"<b@x.y>", zstr_list("NOTIFY=NEVER\0"sv)}},
    {"recipient", "00 00 00 08 52 'b@x.yz' 00", wire::rcpt{"b@x.yz", {}}},
    {"empty recipient", "00 00 00 02 52 00", wire::rcpt{"", {}}},
    {"8-bit recipient", "00 00 00 05 52 80 c0 ff 00", wire::rcpt{"\x80\xc0\xff", {}}},
    // data
    {"data", "00 00 00 01 54", wire::data{}},
    // header
    {"header", "00 00 00 0f 4c 'Subject' 00 'hello' 00", wire::header{"Subject", "hello"}},
    {"header with its leading space", "00 00 00 10 4c 'Subject' 00 ' hello' 00",
     wire::header{"Subject", " hello"}},
    {"empty header (description)", "00 00 00 0a 4c 582d456d707479 00 00",
     wire::header{"X-Empty", ""}},
    {"header folded by LF", "00 00 00 0f 4c 'To' 00 'a,' 0a 09 'b,' 0a '  c' 00",
     wire::header{"To", "a,\n\tb,\n  c"}},
    {"header folded by CRLF", "00 00 00 0b 4c 'To' 00 'a,' 0d0a 09 'b' 00",
     wire::header{"To", "a,\r\n\tb"}},
    {"8-bit header", "00 00 00 08 4c 'X' ff 00 e282ac 00", wire::header{"X\xff", "\xe2\x82\xac"}},
    // end of headers
    {"end of headers", "00 00 00 01 4e", wire::end_of_headers{}},
    // body
    {"body", "00 00 00 0b 42 'line' 0d0a 'two.'", wire::body{"line\r\ntwo."}},
    {"body of one byte that is a NUL", "00 00 00 02 42 00", wire::body{"\0"sv}},
    {"body that begins in the middle of a line end", "00 00 00 04 42 0a 0d 0a",
     wire::body{"\n\r\n"}},
    {"8-bit body with a NUL", "00 00 00 06 42 80 00 ff 00 fe", wire::body{"\x80\0\xff\0\xfe"sv}},
    // end of message
    {"end of message", "00 00 00 01 45", wire::end_of_message{""}},
    {"end of message with a last chunk, as once was", "00 00 00 06 45 'b' fc 00 0d 0a",
     wire::end_of_message{"b\xfc\0\r\n"sv}},
    // unknown
    {"unknown command", "00 00 00 09 55 'FOO bar' 00", wire::unknown{"FOO bar"}},
    {"empty unknown command", "00 00 00 02 55 00", wire::unknown{""}},
    {"8-bit unknown command", "00 00 00 04 55 16 80 00", wire::unknown{"\x16\x80"}},
    // the rest
    {"abort", "00 00 00 01 41", wire::abort{}},
    {"quit", "00 00 00 01 51", wire::quit{}},
    {"quit, and a new connection follows", "00 00 00 01 4b", wire::quit_new_connection{}},
};

} // namespace vectors
