// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/dialogue.cpp - a session with the milter under test that goes on whatever it says, and judges it
#include "test-server/conformance/dialogue.hpp"

#include "cli/packet_line.hpp"
#include "test-server/played_mta.hpp"
#include <milter/message/envelope.hpp>
#include <milter/proto/state.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace milter::test_server {

using code = wire::command_code;
using steady = std::chrono::steady_clock;

namespace {

// A milter that does not stop is given up: a new body of 64 MiB comes in fewer packets, and no MTA waits that often.
constexpr std::size_t most_frames = 100'000; // in one wait
constexpr int most_extensions = 10;          // of the time for a verdict, by PROGRESS
constexpr std::size_t most_shown = 64;       // bytes of what is no packet

bool is_settled(code stage, answered const& one) {
    return one.missing() || (one.verdict && proto::settles(stage, *one.verdict));
}

} // namespace

std::string_view words_for(came what) noexcept {
    switch (what) {
    case came::frame: return "a packet";
    case came::closed: return "the milter closes the connection";
    case came::cut: return "the milter closes the connection within a packet";
    case came::rubbish: return "bytes that are no packet";
    case came::silence: return "no reply in time";
    case came::flood: return "packets without end";
    case came::interrupted: return "interrupted";
    }
    return {};
}

dialogue::dialogue(conformance_subject const& subject, transcript_lines& log)
    : subject_(subject), timeout_(subject.timeout),
      peer_(subject.address, subject.timeout, log, subject.stop) {}

bool dialogue::put(std::string_view bytes) {
    return piece_ == 0 ? peer_.send(bytes, subject_.timeout)
                       : peer_.send_in_pieces(bytes, piece_, subject_.timeout);
}

bool dialogue::open(wire::negotiate const& offer) {
    std::string bytes;
    wire::encode(bytes, offer);
    put(bytes);
    wire::frame_view frame;
    opening_ = peer_.read(frame, subject_.timeout);
    if (opening_ != came::frame) {
        lose(opening_);
        return false;
    }
    judge_.negotiated(offer, frame);
    answer_frame_ = frame.raw;
    error_code ec;
    if (auto const whole = wire::first_frame(answer_frame_, answer_frame_.size(), ec))
        if (auto const reply = wire::decode_reply(*whole, ec))
            if (auto const* said = std::get_if<wire::negotiate_reply>(&*reply)) answer_ = *said;
    judge_.sent(code::negotiate);
    if (!answer_) why_lost_ = came::closed;
    return answer_.has_value();
}

/// What of an end breaks the rules whatever was asked.
void dialogue::find_broken(came what) {
    if (what == came::rubbish || what == came::cut)
        judge_.find(1, fmt::format("{}: {}", words_for(what),
                                   cli::hex(peer_.rest().substr(0, most_shown))));
}

void dialogue::lose(came what) {
    why_lost_ = what;
    find_broken(what);
}

answered dialogue::broken() const {
    answered one;
    one.lost = why_lost_.value_or(came::closed);
    return one;
}

std::string dialogue::macros_for(code stage) const {
    if (!macros_) return {};
    std::string pairs;
    auto const add = [&](std::string_view name, std::string_view value) {
        wire::append_zstr(pairs, name);
        wire::append_zstr(pairs, value);
    };
    auto const address = [](smtp_path const& one) { return message::bare_address(one.address); };
    switch (stage) {
    case code::connect:
        add("j", "mail.example.com");
        add("{daemon_name}", "mail.example.com");
        add("v", "Postfix 3.7.11");
        add("{client_addr}", subject_.client.address);
        break;
    case code::mail:
        if (mail_pairs_) {
            pairs = *mail_pairs_;
            break;
        }
        if (queue_id_) add("i", "4XyZ1234567");
        add("{mail_mailer}", "smtp");
        add("{mail_addr}", address(subject_.mail.sender));
        break;
    case code::rcpt:
        add("{rcpt_mailer}", "local");
        if (!subject_.mail.recipients.empty())
            add("{rcpt_addr}", address(subject_.mail.recipients[0]));
        break;
    case code::data:
    case code::end_of_headers:
    case code::end_of_message: add("i", "4XyZ1234567"); break;
    case code::helo:
    case code::header:
    case code::body:
    case code::unknown: break; // Postfix sends an empty set
    default: return {};
    }
    std::string out;
    wire::encode(out, wire::macros{stage, wire::zstr_list(pairs)});
    return out;
}

answered dialogue::ask(wire::any_command const& command) {
    if (lost()) return broken();
    if (!judge_.agreed().sends(wire::code_of(command))) return {};
    std::string bytes;
    wire::encode(bytes, command);
    return ask_raw(wire::code_of(command), bytes);
}

/// Another frame of a wait that ends at `last` whatever comes.
came dialogue::next(wire::frame_view& frame, milliseconds patience, steady::time_point last,
                    std::size_t& frames) {
    auto const now = steady::now();
    if (frames == most_frames) return came::flood;
    if (frames++ != 0 && now >= last) return came::silence;
    return peer_.read_until(frame, std::min(last, now + patience));
}

/// What is there before anything was asked would be taken for the answer.
void dialogue::take_early() {
    auto const last = steady::now() + timeout_;
    wire::frame_view frame;
    std::size_t frames = 0;
    auto what = came::frame;
    while (!lost() && (what = next(frame, milliseconds(0), last, frames)) == came::frame)
        judge_.received(frame, std::nullopt);
    if (!lost() && what != came::silence) lose(what);
}

answered dialogue::ask_raw(code stage, std::string_view bytes) {
    if (lost()) return broken();
    take_early();
    if (lost()) { // behind a command that is not answered, or behind a verdict
        judge_.find(99, fmt::format("before {}: {}", wire::name_of(stage), words_for(*why_lost_)));
        note(stage, broken());
        if (!overdue_ && stage != code::end_of_message && judge_.agreed().answers(stage))
            overdue_ = stage;
        return broken();
    }
    auto const macros = macros_for(stage);
    put(macros + std::string(bytes));
    bool const is_new = listens_ && !judge_.seen().unanswered.contains(stage);
    judge_.sent(stage);
    if (!judge_.agreed().answers(stage)) {
        if (is_new) stay_quiet();
        return lost() ? broken() : answered{};
    }
    auto one = wait_for(stage);
    note(stage, one);
    return one;
}

answered dialogue::wait_for(code stage) {
    auto const begin = steady::now();
    auto const last = begin + timeout_ * (stage == code::end_of_message ? most_extensions : 1);
    answered one;
    std::size_t frames = 0;
    for (;;) {
        wire::frame_view frame;
        auto const what = next(frame, timeout_, last, frames);
        if (what != came::frame) {
            lose(what);
            judge_.missing(stage, words_for(what));
            one.lost = what;
            break;
        }
        one.verdict = judge_.received(frame, stage);
        if (one.verdict) break;
    }
    if (stage == code::end_of_message)
        one.edits = judge_.edits();
    else if (one.verdict)
        slowest_ = std::max(slowest_.value_or(milliseconds(0)),
                            std::chrono::duration_cast<milliseconds>(steady::now() - begin));
    else if (!overdue_)
        overdue_ = stage;
    return one;
}

void dialogue::note(code stage, answered const& one) {
    auto text = fmt::format("{}:{}{}", static_cast<char>(stage), one.edits,
                            one.verdict ? static_cast<char>(*one.verdict) : '?');
    bool const again = (stage == code::header || stage == code::body) && trace_.ends_with(text);
    if (!again) trace_ += (trace_.empty() ? "" : " ") + text;
}

void dialogue::tell(wire::any_command const& command) {
    if (lost()) return;
    take_early();
    std::string bytes;
    wire::encode(bytes, command);
    put(bytes);
    judge_.sent(wire::code_of(command));
}

bool dialogue::connect_client(smtp_client const& client) {
    auto const one = ask(wire::connect{client.host, client.family, client.port, client.address});
    return !lost() && (!one.verdict || one.is(wire::reply_code::proceed));
}

bool dialogue::greet() {
    if (!connect_client()) return false;
    if (!helo_) return true;
    auto const one = ask(wire::helo{subject_.helo});
    return !lost() && (!one.verdict || one.is(wire::reply_code::proceed));
}

bool dialogue::envelope(message_plan const& mail, answered& last) {
    auto const args = wire::pack_zstr(mail.sender.args);
    last = ask(wire::mail{mail.sender.address, wire::zstr_list(args)});
    if (is_settled(code::mail, last)) return false;
    bool accepted = false;
    for (auto const& one : mail.recipients) {
        auto const its = wire::pack_zstr(one.args);
        last = ask(wire::rcpt{one.address, wire::zstr_list(its)});
        if (is_settled(code::rcpt, last)) return false;
        accepted = accepted || !last.verdict || last.is(wire::reply_code::proceed);
    }
    return accepted;
}

bool dialogue::content(message_plan const& mail, answered& last) {
    last = ask(wire::data{});
    if (is_settled(code::data, last)) return false;
    bool const raw = wire::any(judge_.agreed().steps, wire::step::leading_space);
    for (auto const& one : mail.headers) {
        last = ask(wire::header{one.name, shown_of(subject_.mta, one, raw)});
        if (is_settled(code::header, last)) return false;
    }
    last = ask(wire::end_of_headers{});
    return !is_settled(code::end_of_headers, last) && body(mail, last);
}

bool dialogue::body(message_plan const& mail, answered& last) {
    std::size_t const limit = judge_.agreed().data_limit;
    for (auto const& chunk : mail.chunks)
        for (std::size_t at = 0; at < chunk.size(); at += limit) {
            last = ask(wire::body{std::string_view(chunk).substr(at, limit)});
            if (is_settled(code::body, last)) return false;
            if (last.is(wire::reply_code::skip)) return true;
        }
    return true;
}

answered dialogue::message(message_plan const& mail) {
    answered last;
    if (lost()) return broken();
    if (!envelope(mail, last) || !content(mail, last)) return last;
    return ask(wire::end_of_message{});
}

came dialogue::until_closed(milliseconds patience) {
    auto const last = steady::now() + patience;
    std::size_t frames = 0;
    for (;;) {
        wire::frame_view frame;
        auto const what = next(frame, patience, last, frames);
        if (what == came::frame) {
            judge_.received(frame, std::nullopt);
            continue;
        }
        if (!lost()) find_broken(what);
        return what;
    }
}

came dialogue::leave() {
    if (!peer_.connected()) return came::closed;
    if (!lost()) tell(wire::quit{});
    return until_closed(subject_.timeout);
}

void dialogue::stay_quiet() {
    auto const last = steady::now() + subject_.quiet;
    wire::frame_view frame;
    std::size_t frames = 0;
    while (!lost()) {
        auto const what = next(frame, subject_.quiet, last, frames);
        if (what == came::silence) return;
        if (what == came::frame) {
            judge_.received(frame, std::nullopt);
            continue;
        }
        lose(what);
        if (what != came::rubbish) judge_.find(99, std::string(words_for(what)));
    }
}

} // namespace milter::test_server
