// SPDX-License-Identifier: BSL-1.0
// tests/wire/reply_vectors.hpp - replies as bytes and as structs; every row holds in both directions
//
// Those marked "(description)" are the examples of the protocol description, 1.7 and 2.5.
#pragma once

#include <milter/wire/reply.hpp>

#include <support/packet_row.hpp>

namespace vectors {

using milter::wire::action;
using milter::wire::any_reply;
using milter::wire::macro_list_view;
using milter::wire::step;
using namespace std::string_view_literals;
namespace wire = milter::wire;

using reply_row = support::packet_row<any_reply>;

inline constexpr macro_list_view no_list{};

inline reply_row const replies[] = {
    // negotiate
    {"answer with macro lists (description)",
     "00 00 00 26 4f 00 00 00 06 00 00 00 11 00 10 02 42 00 00 00 02"
     "69207b617574685f61757468656e7d 00 00 00 00 04 00",
     wire::negotiate_reply{6,
                           action::add_header | action::change_header,
                           step::leading_space | step::no_data | step::no_end_of_headers |
                               step::no_helo,
                           {no_list, no_list, {true, "i {auth_authen}"}, no_list, {true, ""}}}},
    {"answer that wants nothing", "00 00 00 0d 4f 00 00 00 02 00 00 00 00 00 00 00 00",
     wire::negotiate_reply{2, action::none, step::none, {}}},
    {"answer with every bit set", "00 00 00 0d 4f ff ff ff ff ff ff ff ff ff ff ff ff",
     wire::negotiate_reply{
         0xffff'ffff, static_cast<action>(0xffff'ffff), static_cast<step>(0xffff'ffff), {}}},
    {"answer with a list for each stage",
     "00 00 00 38 4f 01 02 03 04 05 06 07 08 09 0a 0b 0c 00000000 'C' 00 00000001 'H' 00"
     "00000002 'M' 00 00000003 'R' 00 00000004 'T' 00 00000005 'E' 00 00000006 'N' ff 00",
     wire::negotiate_reply{0x01020304,
                           static_cast<action>(0x05060708),
                           static_cast<step>(0x090a0b0c),
                           {{{true, "C"},
                             {true, "H"},
                             {true, "M"},
                             {true, "R"},
                             {true, "T"},
                             {true, "E"},
                             {true, "N\xff"}}}}},
    // verdicts and keepalive
    {"continue", "00 00 00 01 63", wire::proceed{}},
    {"accept", "00 00 00 01 61", wire::accept{}},
    {"reject", "00 00 00 01 72", wire::reject{}},
    {"tempfail", "00 00 00 01 74", wire::tempfail{}},
    {"discard", "00 00 00 01 64", wire::discard{}},
    {"skip", "00 00 00 01 73", wire::skip{}},
    {"shutdown", "00 00 00 01 34", wire::shutdown{}},
    {"connection failed", "00 00 00 01 66", wire::connection_failed{}},
    {"progress", "00 00 00 01 70", wire::progress{}},
    // reply text
    {"reply text (description)", "00 00 00 0e 79 35353020352e372e31206e6f 00",
     wire::reply_text{"550 5.7.1 no"}},
    {"reply text of two lines", "00 00 00 27 79 '550-5.7.1 not' 0d0a '550 5.7.1 welcome 50%%' 00",
     wire::reply_text{"550-5.7.1 not\r\n550 5.7.1 welcome 50%%"}},
    {"empty reply text", "00 00 00 02 79 00", wire::reply_text{""}},
    {"8-bit reply text", "00 00 00 08 79 '450 ' c3a4 00", wire::reply_text{"450 \xc3\xa4"}},
    // headers
    {"add a header", "00 00 00 0a 68 'X-A' 00 'b c' 0a 00", wire::add_header{"X-A", "b c\n"}},
    {"add an empty header", "00 00 00 06 68 'X-A' 00 00", wire::add_header{"X-A", ""}},
    {"add an 8-bit header", "00 00 00 07 68 'X' 80 00 ff fe 00",
     wire::add_header{"X\x80", "\xff\xfe"}},
    {"insert a header (description)", "00 00 00 0b 69 00 00 00 01 58 2d 41 00 62 00",
     wire::insert_header{1, "X-A", "b"}},
    {"insert an empty header at the top", "00 00 00 08 69 00 00 00 00 'X' 00 00",
     wire::insert_header{0, "X", ""}},
    {"insert an 8-bit header as far down as can be", "00 00 00 0a 69 7f ff ff ff 'X' 00 c3a9 00",
     wire::insert_header{0x7fff'ffff, "X", "\xc3\xa9"}},
    {"delete a header (description)", "00 00 00 0a 6d 00 00 00 02 58 2d 41 00 00",
     wire::change_header{2, "X-A", ""}},
    {"change a header", "00 00 00 10 6d 01 02 03 04 'To' 00 'a,' 0a ' b@c' 00",
     wire::change_header{0x01020304, "To", "a,\n b@c"}},
    {"change the 0th header to 8-bit", "00 00 00 09 6d 00 00 00 00 'X' 00 9f 00",
     wire::change_header{0, "X", "\x9f"}},
    // body
    {"replace the body", "00 00 00 07 62 'line' 0d0a", wire::replace_body{"line\r\n"}},
    {"replace the body by nothing", "00 00 00 01 62", wire::replace_body{""}},
    {"replace the body by 8-bit with a NUL", "00 00 00 05 62 00 ff 00 80",
     wire::replace_body{"\0\xff\0\x80"sv}},
    // envelope
    {"add a recipient", "00 00 00 09 2b '<b@x.y>' 00", wire::add_rcpt{"<b@x.y>"}},
    {"add an empty recipient", "00 00 00 02 2b 00", wire::add_rcpt{""}},
    {"add an 8-bit recipient", "00 00 00 05 2b ff '@x' 00", wire::add_rcpt{"\xff@x"}},
    {"add a recipient with arguments", "00 00 00 16 32 '<b@x.y>' 00 'NOTIFY=NEVER' 00",
     wire::add_rcpt_with_args{"<b@x.y>", "NOTIFY=NEVER"}},
    {"add a recipient with empty arguments", "00 00 00 0a 32 '<b@x.y>' 00 00",
     wire::add_rcpt_with_args{"<b@x.y>", ""}},
    {"add a recipient without arguments", "00 00 00 09 32 '<b@x.y>' 00",
     wire::add_rcpt_with_args{"<b@x.y>", std::nullopt}},
    {"add an 8-bit recipient with arguments", "00 00 00 06 32 80 '@' 00 ff 00",
     wire::add_rcpt_with_args{"\x80@", "\xff"}},
    {"delete a recipient", "00 00 00 08 2d 'b@x.yz' 00", wire::delete_rcpt{"b@x.yz"}},
    {"delete an empty recipient", "00 00 00 02 2d 00", wire::delete_rcpt{""}},
    {"delete an 8-bit recipient", "00 00 00 03 2d e9 00", wire::delete_rcpt{"\xe9"}},
    {"change the sender (description)",
     "00 00 00 1a 65 3c62406578616d706c652e636f6d3e 00 5245543d48445253 00",
     wire::change_from{"<b@example.com>", "RET=HDRS"}},
    {"change the sender to null", "00 00 00 04 65 '<>' 00", wire::change_from{"<>", std::nullopt}},
    {"change the sender to nothing, twice", "00 00 00 03 65 00 00", wire::change_from{"", ""}},
    {"change the sender to 8-bit", "00 00 00 04 65 fc fe 00",
     wire::change_from{"\xfc\xfe", std::nullopt}},
    // quarantine
    {"quarantine (description)", "00 00 00 06 71 73 70 61 6d 00", wire::quarantine{"spam"}},
    {"quarantine without a reason", "00 00 00 02 71 00", wire::quarantine{""}},
    {"quarantine for an 8-bit reason", "00 00 00 03 71 ff 00", wire::quarantine{"\xff"}},
};

} // namespace vectors
