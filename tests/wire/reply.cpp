// SPDX-License-Identifier: BSL-1.0
// tests/wire/reply.cpp - replies from bytes to structs and back, and what is refused

#include "milter/wire/reply.hpp"

#include "reply_vectors.hpp"

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
    exact_copy payload; ///< what the reply's views point into
    error_code ec;
    std::optional<wire::any_reply> reply;

    decoded(unsigned char code, std::string_view bytes) : payload(bytes) {
        reply = wire::decode_reply({code, payload.view(), {}}, ec);
    }
    explicit decoded(wire::frame_view const& frame) : decoded(frame.code, frame.payload) {}
};

/// Whether the first `size` bytes of this good payload are a good payload too, after the layouts of
/// protocol 1.7 and 2.5.
bool may_be_cut_to(std::size_t size, wire::frame_view const& frame) {
    switch (frame.code) {
    case 'b':
    case 'y':
    case 'q': return true;
    case 'e':
    case '2': return size == frame.payload.find('\0') + 1;
    case 'O': {
        std::size_t end = 12;
        while (end < size) end = frame.payload.find('\0', end + 4) + 1;
        return size == end;
    }
    default: return false;
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(reply)

BOOST_AUTO_TEST_CASE(every_vector_is_decoded_12_13_14_22) {
    for (auto const& row : vectors::replies) {
        BOOST_TEST_CONTEXT(row.name) {
            auto const packet = bytes(row.bytes);
            decoded const got(support::only_frame(packet));
            BOOST_TEST(!got.ec);
            BOOST_TEST_REQUIRE(got.reply.has_value());
            BOOST_TEST(*got.reply == row.means);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_vector_is_encoded_11_12_13_14_22) {
    for (auto const& row : vectors::replies) {
        BOOST_TEST_CONTEXT(row.name) {
            std::string out = "before";
            wire::encode(out, row.means);
            BOOST_TEST(support::to_hex(out) == support::to_hex("before" + bytes(row.bytes)));
        }
    }
}

BOOST_AUTO_TEST_CASE(parts_that_may_be_empty_or_absent_are_so_in_both_directions_23_154_174_175) {
    vectors::reply_row const rows[] = {
        {"", "00 00 00 01 62", wire::replace_body{""}},
        {"", "00 00 00 04 68 'X' 00 00", wire::add_header{"X", ""}},
        {"", "00 00 00 03 65 'a' 00", wire::change_from{"a", std::nullopt}},
        {"", "00 00 00 04 65 'a' 00 00", wire::change_from{"a", ""}},
        {"", "00 00 00 10 65 'a' 00 'RET=FULL A=1' 00", wire::change_from{"a", "RET=FULL A=1"}},
        {"", "00 00 00 03 32 'a' 00", wire::add_rcpt_with_args{"a", std::nullopt}},
        {"", "00 00 00 04 32 'a' 00 00", wire::add_rcpt_with_args{"a", ""}},
        {"", "00 00 00 0b 32 'a' 00 'B=2 C=3' 00", wire::add_rcpt_with_args{"a", "B=2 C=3"}},
    };
    for (auto const& row : rows) {
        BOOST_TEST_CONTEXT(row.bytes) {
            std::string out;
            wire::encode(out, row.means);
            BOOST_TEST(support::to_hex(out) == support::to_hex(bytes(row.bytes)));
            decoded const got(support::only_frame(out));
            BOOST_TEST_REQUIRE(got.reply.has_value());
            BOOST_TEST(*got.reply == row.means);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_reply_has_a_vector) {
    for (auto const& row : wire::reply_rows) BOOST_TEST_CONTEXT(row.name)
    BOOST_TEST(std::ranges::any_of(vectors::replies, [&](auto const& vector) {
        return wire::code_of(vector.means) == row.code;
    }));
}

BOOST_AUTO_TEST_CASE(one_struct_is_encoded_as_the_variant_of_it) {
    for (auto const& row : vectors::replies) {
        std::string out;
        std::visit([&](auto const& one) { wire::encode(out, one); }, row.means);
        BOOST_TEST_CONTEXT(row.name)
        BOOST_TEST(support::to_hex(out) == support::to_hex(bytes(row.bytes)));
    }
}

BOOST_AUTO_TEST_CASE(every_truncated_payload_is_decoded_or_refused_by_name_19_49) {
    for (auto const& row : vectors::replies) {
        auto const packet = bytes(row.bytes);
        auto const frame = support::only_frame(packet);
        for (std::size_t size = 0; size < frame.payload.size(); ++size) {
            decoded const got(frame.code, frame.payload.substr(0, size));
            BOOST_TEST_CONTEXT(row.name << ", cut to " << size) {
                BOOST_TEST(got.reply.has_value() == !got.ec);
                BOOST_TEST(!got.ec.failed() == may_be_cut_to(size, frame));
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
            BOOST_TEST(got.reply.has_value() == !got.ec);
            if (!wire::find_reply(letter)) BOOST_TEST(got.ec == errc::unknown_code);
            if (got.reply) BOOST_TEST(static_cast<unsigned>(wire::code_of(*got.reply)) == code);
        }
    }
}

BOOST_AUTO_TEST_CASE(replies_without_data_refuse_data_18) {
    for (unsigned char const code : u8"cartds4fp"sv)
        for (auto const surplus : {"\0"sv, "x"sv, "text\0"sv}) {
            decoded const got(code, surplus);
            BOOST_TEST_CONTEXT("code " << code) BOOST_TEST(got.ec == errc::surplus_data);
            BOOST_TEST(!got.reply.has_value());
        }
}

BOOST_AUTO_TEST_CASE(malformed_replies_are_refused_each_for_its_reason_19_49_130_180) {
    support::malformed_row const rows[] = {
        {"no such reply", "00 00 00 01 7a", errc::unknown_code},
        {"command code", "00 00 00 01 51", errc::unknown_code},
        {"reserved code of macro lists", "00 00 00 06 6c 00 00 00 00 00", errc::unknown_code},
        {"answer of 11 bytes", "00 00 00 0c 4f 00 00 00 06 00 00 01 ff 00 1f ff",
         errc::missing_field},
        {"answer and a partial stage",
         "00 00 00 10 4f 00 00 00 06 00 00 00 00 00 00 00 00 00 00 00", errc::missing_field},
        {"answer and a stage without list",
         "00 00 00 11 4f 00 00 00 06 00 00 00 00 00 00 00 00 00 00 00 02", errc::missing_field},
        {"answer and a list without NUL",
         "00 00 00 12 4f 00 00 00 06 00 00 00 00 00 00 00 00 00 00 00 02 'i'", errc::missing_nul},
        {"list of an unknown stage without NUL",
         "00 00 00 12 4f 00 00 00 06 00 00 00 00 00 00 00 00 00 00 00 09 'i'", errc::missing_nul},
        {"NUL inside a reply text", "00 00 00 0a 79 '550 ' 00 'no' 00 00", errc::embedded_nul},
        {"two NULs after a reply text", "00 00 00 06 79 '550' 00 00", errc::embedded_nul},
        {"NUL inside a reason", "00 00 00 05 71 'a' 00 'b' 00", errc::embedded_nul},
        {"header without anything", "00 00 00 01 68", errc::missing_field},
        {"header without name", "00 00 00 04 68 00 'b' 00", errc::empty_name},
        {"header without value", "00 00 00 03 68 'a' 00", errc::missing_field},
        {"header without NUL", "00 00 00 04 68 'a' 00 'b'", errc::missing_nul},
        {"header and a NUL", "00 00 00 06 68 'a' 00 'b' 00 00", errc::surplus_data},
        {"inserted header without index", "00 00 00 04 69 000000", errc::missing_field},
        {"inserted header without name", "00 00 00 08 69 00000001 00 'b' 00", errc::empty_name},
        {"inserted header without value", "00 00 00 07 69 00000001 'a' 00", errc::missing_field},
        {"inserted header at -1", "00 00 00 09 69 ffffffff 'a' 00 'b' 00", errc::bad_index},
        {"inserted header one too far", "00 00 00 09 69 80000000 'a' 00 'b' 00", errc::bad_index},
        {"inserted header and more", "00 00 00 0a 69 00000001 'a' 00 'b' 00 'c'",
         errc::surplus_data},
        {"changed header without index", "00 00 00 01 6d", errc::missing_field},
        {"changed header without name", "00 00 00 07 6d 00000001 00 00", errc::empty_name},
        {"changed header without value", "00 00 00 07 6d 00000001 'a' 00", errc::missing_field},
        {"changed header at -1", "00 00 00 08 6d ffffffff 'a' 00 00", errc::bad_index},
        {"changed header and more", "00 00 00 09 6d 00000001 'a' 00 00 00", errc::surplus_data},
        {"recipient without anything", "00 00 00 01 2b", errc::missing_field},
        {"recipient without NUL", "00 00 00 03 2b 'ab'", errc::missing_nul},
        {"recipient and arguments", "00 00 00 05 2b 'a' 00 'b' 00", errc::surplus_data},
        {"deleted recipient without NUL", "00 00 00 03 2d 'ab'", errc::missing_nul},
        {"two deleted recipients", "00 00 00 05 2d 'a' 00 'b' 00", errc::surplus_data},
        {"recipient with arguments, without anything", "00 00 00 01 32", errc::missing_field},
        {"arguments without NUL", "00 00 00 04 32 'a' 00 'b'", errc::missing_nul},
        {"arguments in two strings", "00 00 00 07 32 'a' 00 'b' 00 'c' 00", errc::surplus_data},
        {"sender without anything", "00 00 00 01 65", errc::missing_field},
        {"sender without NUL", "00 00 00 03 65 '<>'", errc::missing_nul},
        {"sender's arguments without NUL", "00 00 00 05 65 '<>' 00 'b'", errc::missing_nul},
        {"sender's arguments in two strings", "00 00 00 06 65 00 'b' 00 'c' 00",
         errc::surplus_data},
    };
    for (auto const& row : rows) {
        BOOST_TEST_CONTEXT(row.name) {
            auto const packet = bytes(row.bytes);
            decoded const got(support::only_frame(packet));
            BOOST_TEST(!got.reply.has_value());
            BOOST_TEST(got.ec == row.why);
            BOOST_TEST(got.ec == milter::condition::malformed);
        }
    }
}

BOOST_AUTO_TEST_CASE(unusual_replies_are_accepted_as_what_they_mean_48) {
    wire::macro_list_view const none;
    vectors::reply_row const rows[] = {
        {"reply text without NUL", "00 00 00 07 79 '550 no'", wire::reply_text{"550 no"}},
        {"reply text without anything", "00 00 00 01 79", wire::reply_text{""}},
        {"reason without NUL", "00 00 00 05 71 'spam'", wire::quarantine{"spam"}},
        {"reason without anything", "00 00 00 01 71", wire::quarantine{""}},
        {"list of an unknown stage is skipped, the next one counts",
         "00 00 00 20 4f 00 00 00 06 00 00 01 00 00 00 00 00 00000007 'a b' 00 ffffffff 00"
         "00000003 'r' 00", // the stages 7 and 2^32-1 do not exist
         wire::negotiate_reply{
             6, wire::action::set_macro_list, wire::step::none, {none, none, none, {true, "r"}}}},
        {"second list of a stage replaces the first",
         "00 00 00 19 4f 00 00 00 06 00 00 01 00 00 00 00 00 00000005 'a' 00 00000005 'b' 00",
         wire::negotiate_reply{6,
                               wire::action::set_macro_list,
                               wire::step::none,
                               {none, none, none, none, none, {true, "b"}}}},
    };
    for (auto const& row : rows) {
        BOOST_TEST_CONTEXT(row.name) {
            auto const packet = bytes(row.bytes);
            decoded const got(support::only_frame(packet));
            BOOST_TEST(!got.ec);
            BOOST_TEST_REQUIRE(got.reply.has_value());
            BOOST_TEST(*got.reply == row.means);
        }
    }
}

BOOST_AUTO_TEST_CASE(macro_lists_are_numbered_with_end_of_message_before_end_of_headers_46_47) {
    std::string packet;
    wire::negotiate_reply answer;
    answer.macro_lists[static_cast<std::size_t>(wire::macro_stage::end_of_message)] = {true, "m"};
    answer.macro_lists[static_cast<std::size_t>(wire::macro_stage::end_of_headers)] = {true, "h"};
    wire::encode(packet, answer);
    BOOST_TEST(support::to_hex(packet.substr(17)) == "00 00 00 05 6d 00 00 00 00 06 68 00");
}

BOOST_AUTO_TEST_CASE(empty_macro_list_is_not_an_absent_one) {
    decoded const got('O', bytes("00 00 00 06 00 00 01 00 00 00 00 00 00000001 00"));
    BOOST_TEST_REQUIRE(got.reply.has_value());
    auto const& lists = std::get<wire::negotiate_reply>(*got.reply).macro_lists;
    BOOST_TEST(!lists[0].present);
    BOOST_TEST(lists[1].present);
    BOOST_TEST(lists[1].names == "");
}

BOOST_AUTO_TEST_CASE(reply_texts_pass_whatever_they_say) {
    // Whether an MTA would like the text is judged above this layer; the bytes go through unchanged.
    for (auto const text :
         {"550"sv, "200 ok"sv, "550 50% off"sv, "550 1.2.3.4 is blocked"sv, "450-a\n450 b"sv,
          "450-a\r\n450 b\r\n"sv, "450-a\r\n550 b"sv, "x"sv, "\r\n"sv, "\x80"sv}) {
        std::string packet;
        wire::encode(packet, wire::reply_text{text});
        decoded const got(support::only_frame(packet));
        BOOST_TEST_REQUIRE(got.reply.has_value());
        BOOST_TEST(std::get<wire::reply_text>(*got.reply).text == text);
    }
}

BOOST_AUTO_TEST_CASE(error_code_of_the_caller_is_left_alone_without_an_error) {
    error_code ec = errc::timed_out;
    BOOST_TEST(wire::decode_reply({'c', {}, {}}, ec).has_value());
    BOOST_TEST(ec == errc::timed_out);
}

BOOST_AUTO_TEST_SUITE_END()
