// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/packet_case.cpp - cases about how packets arrive, and about those that are none
#include "test-server/conformance/variation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace milter::test_server {

namespace {

using cli::level;
using code = wire::command_code;

void byte_by_byte(trial& one) {
    auto& talk = one.talk();
    talk.cut_into(1);
    if (!talk.open({})) return one.fail(std::string(words_for(talk.opening())));
    if (!talk.greet() && !talk.lost()) return one.skip("the milter lets the client go");
    expect_usual_message(one, talk);
}

void in_odd_pieces(trial& one) {
    auto& talk = one.talk();
    talk.cut_into(7);
    if (!talk.open({})) return one.fail(std::string(words_for(talk.opening())));
    if (!talk.greet() && !talk.lost()) return one.skip("the milter lets the client go");
    expect_usual_message(one, talk);
}

/// ABORT, macros and MAIL in one write, as Postfix sends them.
void several_in_one_write(trial& one) {
    auto* const talk = one.greeted();
    if (!talk) return;
    if (!sends_or_skip(one, *talk, code::mail)) return;
    std::string bytes;
    wire::encode(bytes, wire::abort{});
    auto const pairs = wire::pack_zstr(std::vector<std::string>{"i", "4XyZ1234567"});
    wire::encode(bytes, wire::macros{code::mail, wire::zstr_list(pairs)});
    auto const& mail = one.subject.mail;
    auto const args = wire::pack_zstr(mail.sender.args);
    wire::encode(bytes, wire::mail{mail.sender.address, wire::zstr_list(args)});
    talk->macros(false);
    auto const got = talk->ask_raw(code::mail, bytes);
    if (!expect_answer(one, *talk, got, "MAIL behind ABORT and macros")) return;
    talk->stay_quiet();
    if (!one.is_clean(*talk, {3, 99, 100})) return;
    pass_when_seen(one, *talk, got);
}

/// All of a session behind the negotiation at once; each due reply comes, in order.
void whole_session_in_one_write(trial& one) {
    auto const& usual = one.walked.of(walk_kind::full);
    if (usual.opened && !usual.broke && usual.first.empty())
        return one.skip("the milter lets the client go");
    auto* const talk = one.opened();
    if (!talk) return;
    auto const& agreed = talk->judge().agreed();
    std::string bytes;
    std::size_t due = 0;
    auto const add = [&](auto const& command) {
        auto const stage = std::decay_t<decltype(command)>::code;
        if (!agreed.sends(stage)) return;
        wire::encode(bytes, command);
        if (agreed.answers(stage)) ++due;
    };
    auto const& client = one.subject.client;
    add(wire::connect{client.host, client.family, client.port, client.address});
    add(wire::helo{one.subject.helo});
    add(wire::mail{one.subject.mail.sender.address});
    add(wire::rcpt{one.subject.mail.recipients.front().address});
    wire::encode(bytes, wire::quit{});
    talk->raw().send(bytes, one.subject.timeout);
    if (due == 0) return one.skip("no reply is due");
    std::size_t came_back = 0;
    auto const what = talk->raw().drain(one.subject.patience, came_back);
    if (what != came::closed) return one.fail(std::string(words_for(what)));
    one.pass_if(came_back == due, fmt::format("{} replies, {} were due", came_back, due));
}

dialogue* say_raw(trial& one, code stage, std::string_view bytes) {
    auto* const talk = up_to(one, stage);
    if (!talk || !stands(one, *talk)) return nullptr;
    talk->raw().send(bytes, one.subject.timeout);
    return talk;
}

template <code Stage> void length_zero(trial& one) {
    // a code byte behind it: libmilter reads five bytes before it looks
    if (auto* const talk = say_raw(one, Stage, std::string_view("\0\0\0\0\0", 5)))
        expect_close(one, *talk);
}

template <code Stage> void huge_length(trial& one) {
    if (auto* const talk = say_raw(one, Stage,
                                   std::string_view("\x7f\xff\xff\xff\x4d"
                                                    "data",
                                                    9)))
        expect_close(one, *talk);
}

void length_just_over_the_limit(trial& one) {
    std::string bytes;
    wire::append_frame(bytes, 'B', std::string(wire::default_data_limit + 1, 'x'));
    if (auto* const talk =
            say_raw(one, code::end_of_headers, std::string_view(bytes).substr(0, 4096)))
        expect_close(one, *talk);
}

void largest_chunk(trial& one) {
    auto* const talk = up_to(one, code::end_of_headers);
    if (!talk) return;
    std::string chunk;
    while (chunk.size() < wire::default_data_limit) chunk += "0123456789abcdef\r\n";
    chunk.resize(wire::default_data_limit);
    auto const got = ask_or_skip(one, *talk, wire::body{chunk}, "a chunk of 65,535 bytes");
    if (got) pass_when_seen(one, *talk, *got);
}

void first_bytes(trial& one, std::string_view bytes) {
    auto& talk = one.talk();
    if (!talk.connected()) return one.fail("the milter takes no connection any more");
    talk.raw().send(bytes, one.subject.timeout);
    expect_close(one, talk);
}

void http(trial& one) { first_bytes(one, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); }
void tls(trial& one) {
    first_bytes(one, std::string_view("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", 10));
}
void smtp(trial& one) { first_bytes(one, "EHLO client.example.com\r\n"); }

void mail_before_the_offer(trial& one) {
    std::string bytes;
    wire::encode(bytes, wire::helo{"client.example.com"});
    first_bytes(one, bytes);
}

template <code Stage> void ends_within_a_packet(trial& one) {
    auto* const talk = say_raw(one, Stage, std::string_view("\0\0\0\x40Mhalf", 9));
    if (!talk) return;
    talk->raw().half_close();
    if (is_closed(one, talk->until_closed(one.subject.patience)) && one.is_alive()) one.pass();
}

void unknown_letter(trial& one) {
    if (auto* const talk = say_raw(one, code::helo, std::string_view("\0\0\0\5Zxyz\0", 9)))
        expect_close(one, *talk);
}

template <char Letter, char const* Payload> void malformed(trial& one) {
    std::string bytes;
    wire::append_frame(bytes, static_cast<unsigned char>(Letter), Payload);
    auto const before = Letter == 'L'   ? code::data
                        : Letter == 'H' ? code::connect
                        : Letter == 'R' ? code::mail
                                        : code::helo;
    auto* const talk = up_to(one, before);
    if (!talk) return;
    auto const* row = wire::find_command(static_cast<unsigned char>(Letter));
    if (!sends_or_skip(one, *talk, row->code) || !stands(one, *talk)) return;
    talk->raw().send(bytes, one.subject.timeout);
    expect_close(one, *talk);
}

constexpr char header_text[] = "Subject";
constexpr char text_without_nul[] = "<a@example.com>";

/// The same bytes each time, of all kinds, at several stages; then all is as before.
void random_bytes(trial& one) {
    std::minstd_rand numbers(20'240'229);
    for (int round = 0; round < 24; ++round) {
        auto& talk = one.talk();
        if (!talk.connected()) return one.fail("the milter takes no connection any more");
        if (round % 3 != 0 && !talk.open({})) return one.fail("the offer is not answered any more");
        std::string bytes;
        for (std::size_t i = 0; i < 40 + numbers() % 200; ++i)
            bytes += static_cast<char>(numbers() >> 8);
        if (round % 2 == 0) { // a plausible packet around it
            constexpr std::string_view letters = "CHMRTLNBEUADQK";
            std::string whole;
            wire::append_frame(
                whole, static_cast<unsigned char>(letters[numbers() % letters.size()]), bytes);
            bytes = std::move(whole);
        }
        talk.raw().send(bytes, one.subject.timeout);
        talk.raw().close();
    }
    if (one.is_alive()) one.pass();
}

constexpr char const* closed = "the connection is closed, and the next one is served";

constexpr conformance_case cases[] = {
    {"2a", 2, level::must, "packets that come byte by byte are the same packets",
     "the same replies", byte_by_byte},
    {"2b", 2, level::must, "packets that come in pieces are the same packets", "the same replies",
     in_odd_pieces},
    {"3a", 3, level::must, "ABORT, macros and MAIL in one write are taken one by one",
     "a reply to MAIL alone", several_in_one_write},
    {"3b", 3, level::should, "a session in one write is taken packet by packet",
     "no more replies than are due, then the end", whole_session_in_one_write},
    {"4", 4, level::should, "length 0 ends the connection", closed, length_zero<code::helo>},
    {"5a", 5, level::must, "a length of 2 GiB ends the connection", closed,
     huge_length<code::helo>},
    {"5b", 5, level::should, "a length over the limit ends the connection before it came", closed,
     length_just_over_the_limit},
    {"6", 6, level::must, "a chunk of 65,535 bytes is taken", "a verdict", largest_chunk},
    {"8a", 8, level::should, "HTTP ends the connection at once", closed, http},
    {"8b", 8, level::should, "TLS ends the connection at once", closed, tls},
    {"8c", 8, level::should, "SMTP ends the connection at once", closed, smtp},
    {"9", 9, level::should, "a first packet that is no offer ends the connection", closed,
     mail_before_the_offer},
    {"10a", 10, level::must, "a stream that ends within a packet ends the session", closed,
     ends_within_a_packet<code::helo>},
    {"10b", 10, level::must, "so in a message", closed, ends_within_a_packet<code::rcpt>},
    {"15", 15, level::should, "HEADER without its last NUL ends the session", closed,
     malformed<'L', header_text>},
    {"16", 16, level::should, "HELO without its NUL ends the session", closed,
     malformed<'H', text_without_nul>},
    {"17a", 17, level::should, "MAIL without any NUL ends the session", closed,
     malformed<'M', text_without_nul>},
    {"17b", 17, level::should, "RCPT without any NUL ends the session", closed,
     malformed<'R', text_without_nul>},
    {"96", 96, level::should, "an unknown letter ends the session and is not answered", closed,
     unknown_letter},
    {"215", 215, level::must, "random bytes do no harm", "the next connection is served",
     random_bytes},
};

} // namespace

std::span<conformance_case const> packet_cases() noexcept { return cases; }

} // namespace milter::test_server
