// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/command_case.cpp - cases about commands as MTAs send them, the usual and the odd ones
#include "test-server/conformance/variation.hpp"
#include <milter/message/envelope.hpp>

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace milter::test_server {

namespace {

using cli::level;
using code = wire::command_code;

/// Whether CONNECT of such a client is answered, and HELO behind it; if not, the case has been decided.
bool takes(trial& one, smtp_client const& client) {
    auto* const talk = one.opened();
    if (!talk || !sends_or_skip(one, *talk, code::connect)) return false;
    if (talk->connect_client(client)) talk->ask(wire::helo{one.subject.helo});
    if (talk->lost()) {
        one.fail(fmt::format("host \"{}\": {}", client.host, talk->trace()));
        return false;
    }
    if (talk->trace().empty() && !goes_on(one, *talk)) return false;
    talk->leave();
    return true;
}

void client_is_taken(trial& one, smtp_client const& client) {
    if (takes(one, client)) one.pass();
}

using wire::family;

void unknown_family(trial& one) { client_is_taken(one, {"localhost", family::unknown, {}, 0}); }
void unix_client(trial& one) {
    client_is_taken(one, {"localhost", family::unix_path, "/run/smtp.sock", 0});
}
void bare_ipv6(trial& one) {
    client_is_taken(one, {"[2001:db8::1]", family::inet6, "2001:db8::1", 4711});
}
void tagged_ipv6(trial& one) {
    client_is_taken(one, {"[IPv6:2001:db8::1]", family::inet6, "IPv6:2001:db8:0:0:0:0:0:1", 4711});
}
void port_zero(trial& one) { client_is_taken(one, {"localhost", family::inet, "127.0.0.1", 0}); }
void host_names(trial& one) {
    for (auto const* host : {"[192.0.2.1]", "localhost", "unknown", ""})
        if (!takes(one, {host, family::inet, "192.0.2.1", 25})) return;
    one.pass();
}

void strange_family(trial& one) {
    auto* const talk = one.opened();
    if (!talk || !sends_or_skip(one, *talk, code::connect) || !stands(one, *talk)) return;
    std::string bytes;
    wire::append_frame(bytes, 'C', std::string_view("host\0X\0\x19somewhere\0", 18));
    talk->raw().send(bytes, one.subject.timeout);
    expect_close(one, *talk);
}

void strange_address(trial& one) {
    auto* const talk = one.opened();
    if (!talk || !sends_or_skip(one, *talk, code::connect)) return;
    talk->connect_client({"host", family::inet, "999.1.2.3.4", 25});
    talk->raw().close();
    if (one.is_alive()) one.pass();
}

void helo_twice(trial& one) {
    auto* const talk = one.greeted();
    if (!talk) return;
    if (!ask_or_skip(one, *talk, wire::helo{"other.example.com"}, "the second HELO")) return;
    expect_usual_message(one, *talk);
}

void mail_without_helo(trial& one) {
    auto* const talk = one.opened();
    if (!talk) return;
    talk->skips_helo();
    if (!talk->greet() && !talk->lost()) return one.skip("the milter lets the client go");
    auto const got = ask_or_skip(one, *talk, wire::mail{one.subject.mail.sender.address}, "MAIL");
    if (got) pass_when_seen(one, *talk, *got);
}

void empty_strings(trial& one) {
    auto* const talk = one.opened();
    if (!talk) return;
    talk->connect_client();
    bool const greets = talk->judge().agreed().sends(code::helo);
    if (greets) {
        auto const got = ask_or_skip(one, *talk, wire::helo{""}, "HELO of an empty name");
        if (!got || (!got->verdict && !goes_on(one, *talk))) return;
    }
    talk->leave();
    auto* const other = up_to(one, code::data);
    if (!other) return;
    if (greets && !other->judge().agreed().sends(code::header)) return one.pass();
    auto const got = ask_or_skip(one, *other, wire::header{"X-Empty", ""}, "an empty header");
    if (got) pass_when_seen(one, *other, *got);
}

void null_sender(trial& one) {
    auto const& usual = one.walked.of(walk_kind::full).first;
    if (usual.find('?') != usual.npos && !has_usual(one)) return;
    if (usual.starts_with("M:") && !usual.starts_with("M:c") && !usual.starts_with("M:a"))
        return one.skip("other senders are refused as well: " + usual);
    for (auto const* address : {"<>", ""}) {
        auto* const talk = one.greeted();
        if (!talk) return;
        auto const args = wire::pack_zstr(std::vector<std::string>{"SIZE=1000", "BODY=8BITMIME"});
        auto const got = ask_or_skip(one, *talk, wire::mail{address, wire::zstr_list(args)},
                                     fmt::format("MAIL of \"{}\"", address));
        if (!got || (!got->verdict && !goes_on(one, *talk))) return;
        talk->leave();
        if (got->verdict && !got->is(wire::reply_code::proceed) &&
            !got->is(wire::reply_code::accept))
            return one.fail("bounces are refused: " + talk->trace());
    }
    one.pass();
}

message_plan with_addresses(message_plan mail, bool brackets) {
    auto const turn = [&](std::string& address) {
        std::string const bare(message::bare_address(address));
        address = brackets ? "<" + bare + ">" : bare;
    };
    turn(mail.sender.address);
    for (auto& one : mail.recipients) turn(one.address);
    return mail;
}

/// Null when the case is decided; with neither MAIL nor RCPT nothing of the envelope is sent that could matter.
dialogue* greeted_with_envelope(trial& one) {
    auto* const talk = one.greeted();
    if (!talk || talk->judge().agreed().sends(code::rcpt)) return talk;
    return sends_or_skip(one, *talk, code::mail) ? talk : nullptr;
}

template <bool Brackets> void brackets(trial& one) {
    if (auto* const talk = greeted_with_envelope(one))
        expect_as_usual(one, *talk, with_addresses(one.subject.mail, Brackets));
}

void arguments(trial& one) {
    if (auto* const talk = greeted_with_envelope(one)) {
        auto mail = one.subject.mail;
        mail.sender.args = {"SIZE=1234", "BODY=8BITMIME", "RET=HDRS", "ENVID=abc+3D"};
        for (auto& to : mail.recipients) to.args = {"NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;a@b"};
        expect_as_usual(one, *talk, mail);
    }
}

void arguments_in_one_string(trial& one) {
    auto* const talk = one.greeted();
    if (talk && sends_or_skip(one, *talk, code::mail)) {
        auto mail = one.subject.mail;
        mail.sender.args = {"SIZE=1234 BODY=8BITMIME"};
        expect_as_usual(one, *talk, mail);
    }
}

void eight_bit(trial& one) {
    auto* const talk = up_to(one, code::data);
    if (!talk) return;
    auto const& agreed = talk->judge().agreed();
    bool const has_headers = agreed.sends(code::header);
    if (has_headers) {
        wire::header const bytes{"X-Bytes", "gr\xc3\xbc\xc3\x9f"
                                            "e \xff\xfe\x80"};
        auto const got = ask_or_skip(one, *talk, bytes, "a header with bytes above 0x7f");
        if (!got) return;
        if (got->verdict && !got->is(wire::reply_code::proceed)) return one.pass();
    }
    auto const end = talk->ask(wire::end_of_headers{});
    if (!expect_answer(one, *talk, end, "end of headers behind it")) return;
    if (has_headers && !agreed.sends(code::body)) return pass_when_seen(one, *talk, end);
    wire::body const bytes{"\xff\xfe\x80 bytes\r\n"};
    auto const got = ask_or_skip(one, *talk, bytes, "a body with bytes above 0x7f");
    if (got) pass_when_seen(one, *talk, *got);
}

/// A chunk of the body, then the next and end of message are answered.
void chunk_is_taken(trial& one, std::vector<std::string> const& chunks) {
    auto* const talk = up_to(one, code::end_of_headers);
    if (!talk) return;
    bool wants_end = true;
    for (auto const& chunk : chunks) {
        auto const got = ask_or_skip(one, *talk, wire::body{chunk}, "BODY");
        if (!got) return;
        wants_end =
            !got->verdict || got->is(wire::reply_code::proceed) || got->is(wire::reply_code::skip);
        if (got->verdict && !got->is(wire::reply_code::proceed)) break;
    }
    if (wants_end)
        if (!expect_answer(one, *talk, talk->ask(wire::end_of_message{}), "end of message")) return;
    talk->leave();
    one.pass();
}

void nul_in_body(trial& one) { chunk_is_taken(one, {{"a\0b\0\0c\r\n", 8}}); }
void line_end_in_two_chunks(trial& one) {
    chunk_is_taken(one, {"a line\r", "\nthe next\r\n", "\r", "\n"});
}
void chunks_of_one_byte(trial& one) { chunk_is_taken(one, {"a", "b", "\r", "\n"}); }

void no_body_at_all(trial& one) {
    auto* const talk = up_to(one, code::end_of_headers);
    if (!talk) return;
    if (!expect_answer(one, *talk, talk->ask(wire::end_of_message{}), "end of message")) return;
    talk->leave();
    one.pass();
}

void no_headers_at_all(trial& one) {
    auto* const talk = up_to(one, code::data);
    if (!talk) return;
    auto const got = ask_or_skip(one, *talk, wire::end_of_headers{}, "end of headers");
    if (got) pass_when_seen(one, *talk, *got);
}

void body_in_end_of_message(trial& one) {
    auto* const talk = up_to(one, code::body);
    if (!talk) return;
    auto const got = talk->ask(wire::end_of_message{"the rest\r\n"});
    if (!expect_answer(one, *talk, got, "end of message with a chunk")) return;
    talk->leave();
    one.pass();
}

void crlf_folds(trial& one) {
    auto* const talk = up_to(one, code::data);
    if (!talk) return;
    wire::header const folded{"X-Folded", "one\r\n two\r\n\tthree"};
    auto const got = ask_or_skip(one, *talk, folded, "a header folded with CRLF");
    if (got) pass_when_seen(one, *talk, *got);
}

void long_header(trial& one) {
    auto* const talk = up_to(one, code::data);
    if (!talk) return;
    std::string value;
    while (value.size() < 59'000) value += " a long line of a long header,\n";
    value.pop_back();
    auto const got =
        ask_or_skip(one, *talk, wire::header{"X-Long", value}, "a header of 59,000 bytes");
    if (got) pass_when_seen(one, *talk, *got);
}

void surplus_is_ignored(trial& one) {
    auto* const talk = up_to(one, code::rcpt);
    if (!talk) return;
    std::string bytes;
    auto const agreed = talk->judge().agreed();
    if (agreed.sends(code::data)) {
        wire::append_frame(bytes, 'T', "surplus");
        if (!expect_answer(one, *talk, talk->ask_raw(code::data, bytes), "DATA with surplus"))
            return;
    }
    bytes.clear();
    wire::append_frame(bytes, 'A', "surplus");
    talk->raw().send(bytes, one.subject.timeout);
    auto const got = ask_or_skip(one, *talk, wire::mail{one.subject.mail.sender.address},
                                 "MAIL behind ABORT with surplus");
    if (got) pass_when_seen(one, *talk, *got);
}

// ---- macros

/// A message goes as ever though MAIL has these macros.
void macros_are_taken(trial& one, std::string_view pairs) {
    auto* const talk = one.greeted();
    if (!talk || !sends_or_skip(one, *talk, code::mail)) return;
    talk->macros_of_mail(std::string(pairs));
    expect_usual_message(one, *talk);
}

void empty_set(trial& one) { macros_are_taken(one, {}); }
void empty_value(trial& one) {
    macros_are_taken(one, std::string_view("i\0A1\0{mail_host}\0\0{auth_type}\0\0", 31));
}
void name_without_value(trial& one) {
    macros_are_taken(one, std::string_view("i\0A1\0{mail_host}\0host\0{lonely}\0", 31));
}
void unknown_macros(trial& one) {
    macros_are_taken(one, std::string_view("i\0A1\0{no_such_macro}\0x\0?\0y\0{}\0z\0", 32));
}
void of_other_commands(trial& one) {
    auto* const talk = one.greeted();
    if (!talk) return;
    for (auto const stage : {code::header, code::body, code::unknown, code::end_of_headers})
        talk->tell(wire::macros{stage, wire::zstr_list(std::string_view("i\0A1\0", 5))});
    expect_usual_message(one, *talk);
}
void of_no_command(trial& one) {
    auto* const talk = one.greeted();
    if (!talk) return;
    talk->tell(wire::macros{static_cast<unsigned char>('Z'),
                            wire::zstr_list(std::string_view("i\0A1\0", 5))});
    expect_usual_message(one, *talk);
}

void without_queue_id(trial& one) {
    auto* const talk = one.greeted();
    if (!talk || !sends_or_skip(one, *talk, code::mail)) return;
    talk->macros(true, false);
    expect_usual_message(one, *talk);
}

void without_macros(trial& one) {
    auto& talk = one.talk();
    talk.macros(false);
    if (!talk.open({})) return one.fail(std::string(words_for(talk.opening())));
    if (!talk.greet() && !talk.lost()) return one.skip("the milter lets the client go");
    auto const got = talk.message(one.subject.mail);
    if (!expect_answer(one, talk, got, "a message without macros")) return;
    talk.leave();
    one.pass();
}

constexpr char const* answered_as_usual = "the replies of an ordinary session";

constexpr conformance_case cases[] = {
    {"12", 12, level::must, "empty strings are taken", "a reply", empty_strings},
    {"13", 13, level::must, "bytes above 0x7f are taken in headers and body", "a reply", eight_bit},
    {"14", 14, level::must, "a body may hold NUL", "a reply", nul_in_body},
    {"20", 20, level::should, "payload of DATA and ABORT is ignored", "a reply",
     surplus_is_ignored},
    {"66", 66, level::must, "a client of no known family is taken", "a reply", unknown_family},
    {"67", 67, level::must, "a client on a unix socket is taken", "a reply", unix_client},
    {"68a", 68, level::must, "an IPv6 address is taken as Postfix writes it", "a reply", bare_ipv6},
    {"68b", 68, level::must, "an IPv6 address is taken as Sendmail writes it", "a reply",
     tagged_ipv6},
    {"69a", 69, level::should, "an address family that does not exist ends the session",
     "the connection is closed, and the next one is served", strange_family},
    {"69b", 69, level::must, "an address that is none does no harm",
     "the next connection is served", strange_address},
    {"70", 70, level::must, "port 0 is taken", "a reply", port_zero},
    {"71", 71, level::must, "host names of unknown clients are taken", "a reply", host_names},
    {"73", 73, level::must, "HELO may come again", answered_as_usual, helo_twice},
    {"74", 74, level::must, "MAIL may come without HELO", "a reply", mail_without_helo},
    {"75", 75, level::must, "ESMTP arguments change nothing", answered_as_usual, arguments},
    {"76", 76, level::must, "the null sender is taken", "a verdict that lets bounces pass",
     null_sender},
    {"77a", 77, level::must, "addresses come in brackets", answered_as_usual, brackets<true>},
    {"77b", 77, level::must, "addresses come without brackets", answered_as_usual, brackets<false>},
    {"78", 78, level::should, "arguments in one string are put up with", answered_as_usual,
     arguments_in_one_string},
    {"83", 83, level::should, "folds with CRLF are put up with", "a reply", crlf_folds},
    {"80", 80, level::must, "a message may have no header", "a reply", no_headers_at_all},
    {"205", 205, level::must, "a header of 59,000 bytes is taken", "a reply", long_header},
    {"90a", 90, level::must, "CR and LF may come in two chunks", "a reply", line_end_in_two_chunks},
    {"90b", 90, level::must, "chunks may be of one byte", "a reply", chunks_of_one_byte},
    {"91", 91, level::must, "a message may have no body", "a verdict", no_body_at_all},
    {"93", 93, level::should, "end of message may carry a last chunk", "a verdict",
     body_in_end_of_message},
    {"183a", 183, level::must, "a set of no macros is taken", answered_as_usual, empty_set},
    {"183b", 183, level::must, "macros of empty value are taken", answered_as_usual, empty_value},
    {"183c", 183, level::must, "a session without any macro is served", "a verdict",
     without_macros},
    {"184a", 184, level::must, "macros of HEADER, EOH, BODY and UNKNOWN change nothing",
     answered_as_usual, of_other_commands},
    {"184b", 184, level::should, "macros of a command that does not exist change nothing",
     answered_as_usual, of_no_command},
    {"184c", 184, level::must, "macros that are not known are ignored", answered_as_usual,
     unknown_macros},
    {"185", 185, level::should, "a macro without value is ignored", answered_as_usual,
     name_without_value},
    {"191", 191, level::must, "the queue id may be missing at MAIL and RCPT", answered_as_usual,
     without_queue_id},
};

} // namespace

std::span<conformance_case const> command_cases() noexcept { return cases; }

} // namespace milter::test_server
