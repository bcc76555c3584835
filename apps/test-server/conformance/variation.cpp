// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/variation.cpp - what many cases have in common: a session with one thing changed
#include "test-server/conformance/variation.hpp"

#include <fmt/format.h>

namespace milter::test_server {

using code = wire::command_code;

bool has_usual(trial& one) {
    auto const& usual = one.walked.of(walk_kind::full).first;
    bool const is_whole = !usual.empty() && usual.find('?') == usual.npos;
    if (!is_whole)
        one.leave_open("the ordinary session breaks by itself" +
                       (usual.empty() ? "" : ": " + usual));
    return is_whole;
}

void expect_as_usual(trial& one, dialogue& talk, message_plan const& mail) {
    if (!has_usual(one)) return;
    auto const& usual = one.walked.of(walk_kind::full);
    talk.forget_trace();
    talk.message(mail);
    auto const trace = talk.trace();
    bool const broke = talk.lost();
    talk.leave();
    one.pass_if(!broke && trace == usual.first,
                fmt::format("{}; in the ordinary session {}", trace, usual.first));
}

void expect_usual_message(trial& one, dialogue& talk) {
    expect_as_usual(one, talk, one.subject.mail);
}

bool stands(trial& one, dialogue& talk) {
    if (!talk.lost()) talk.stay_quiet();
    if (!talk.lost()) return true;
    one.fail("the session broke before: " + talk.trace());
    return false;
}

bool is_closed(trial& one, came what, std::string_view behind) {
    if (what == came::closed) return true;
    auto const place = behind.empty() ? std::string() : fmt::format("behind {} ", behind);
    one.fail(place + (is_open_after(what) ? "the milter keeps its end open"
                                          : std::string(words_for(what))));
    return false;
}

void expect_close(trial& one, dialogue& talk) {
    wire::frame_view frame;
    auto const what = talk.raw().read(frame, one.subject.patience);
    if (what == came::frame) return one.fail("a reply: " + wire::describe_reply(frame));
    if (what == came::silence)
        return one.fail("the milter says nothing and leaves the connection open");
    if (is_closed(one, what) && one.is_alive()) one.pass();
}

bool goes_on(trial& one, dialogue& talk) {
    if (!has_usual(one)) return false;
    talk.tell(wire::abort{});
    talk.forget_trace();
    if (talk.message(one.subject.mail).verdict) return true;
    one.fail("the session does not go on: " + talk.trace());
    return false;
}

void pass_when_seen(trial& one, dialogue& talk, answered const& last) {
    if (!last.verdict && !goes_on(one, talk)) return;
    talk.leave();
    one.pass();
}

bool expect_answer(trial& one, dialogue& talk, answered const& got, std::string_view to) {
    if (!got.missing()) return true;
    one.fail(fmt::format("to {}: {}", to, words_for(got.lost)));
    talk.raw().close();
    return false;
}

bool sends_or_skip(trial& one, dialogue& talk, code stage) {
    if (talk.judge().agreed().sends(stage)) return true;
    one.skip(fmt::format("{} was negotiated away", wire::name_of(stage)));
    return false;
}

std::optional<answered> ask_or_skip(trial& one, dialogue& talk, wire::any_command const& command,
                                    std::string_view to) {
    if (!sends_or_skip(one, talk, wire::code_of(command))) return std::nullopt;
    auto const got = talk.ask(command);
    if (!expect_answer(one, talk, got, to)) return std::nullopt;
    return got;
}

dialogue* up_to(trial& one, code stage) {
    auto* const talk = one.opened();
    if (!talk || stage == code::negotiate) return talk;
    auto const& mail = one.subject.mail;
    bool goes_on = talk->connect_client();
    if (stage == code::connect && !talk->lost()) return talk;
    if (goes_on) {
        auto const got = talk->ask(wire::helo{one.subject.helo});
        goes_on = !got.missing() && (!got.verdict || got.is(wire::reply_code::proceed));
    }
    if (stage == code::helo && !talk->lost()) return talk;
    auto const args = wire::pack_zstr(mail.sender.args);
    auto const step = [&](wire::any_command const& command) {
        auto const got = talk->ask(command);
        goes_on = !got.missing() && (!got.verdict || got.is(wire::reply_code::proceed) ||
                                     got.is(wire::reply_code::skip));
    };
    if (goes_on) step(wire::mail{mail.sender.address, wire::zstr_list(args)});
    if (goes_on && stage != code::mail) step(wire::rcpt{mail.recipients.front().address, {}});
    bool const in_content = stage != code::mail && stage != code::rcpt;
    if (goes_on && in_content) step(wire::data{});
    bool const behind_data = in_content && stage != code::data;
    if (goes_on && behind_data) step(wire::header{"Subject", "conformance"});
    bool const behind_headers = behind_data && stage != code::header;
    if (goes_on && behind_headers) step(wire::end_of_headers{});
    if (goes_on && behind_headers && stage != code::end_of_headers) step(wire::body{"a line\r\n"});
    if (goes_on) return talk;
    if (talk->lost())
        one.fail("the session broke: " + talk->trace());
    else
        one.skip("the milter does not let a message come that far: " + talk->trace());
    return nullptr;
}

} // namespace milter::test_server
