// SPDX-License-Identifier: BSL-1.0
// manager/core/dispatch.cpp - envelope commands through the milters: one after another, or several at once
//
// Source: protocol.md 9.5; statements 229-236, 269, 271.
#include "manager/core/session.hpp"

#include <utility>

namespace milter::manager {

using wire::command_code;

namespace {

bool of_transaction(command_code code) noexcept {
    return code == command_code::mail || code == command_code::rcpt || code == command_code::data;
}

} // namespace

/// Takes the command that mta_ just gave through the milters.
void session::begin(command_code code, proto::time_point now, bool for_rejected_rcpt) {
    event one;
    one.code = code;
    one.payload.assign(mta_.frame().payload);
    one.serial = ++events_;
    one.for_rejected_rcpt = for_rejected_rcpt;
    one.deadline = now + command_budget();
    event_ = std::move(one);
    turn_ = 0;
    for (auto const& other : links_)
        if (!still_counts(*other)) other->held.reset();
    if (transaction_) note_macros();
    if (session_verdict_ && (of_transaction(code) || session_verdict_->hangs_up()))
        return conclude(*session_verdict_, session_decided_by_, now);
    if (transaction_ && transaction_->verdict && of_transaction(code)) // statement 271
        return conclude(*transaction_->verdict, transaction_->record.decided_by, now);
    if (code != command_code::mail && of_transaction(code) && !transaction_)
        return conclude({}, {}, now);
    if (code != command_code::rcpt && code != command_code::unknown) select(code, now);
    if (code == command_code::rcpt && !for_rejected_rcpt) reach(code);
    if (code != command_code::unknown && !for_rejected_rcpt && rule_decides(now)) return;
    advance(now);
}

/// A verdict that waits for the milter's turn, whatever the command.
bool session::still_counts(link const& one) const noexcept {
    if (!one.held || one.held_for == extent::command || session_verdict_) return false;
    return one.held_for == extent::session || (transaction_ && one.in_message);
}

/// Lets the event go on as far as it can without waiting.
void session::advance(proto::time_point now) {
    while (event_) {
        if (turn_ == links_.size()) return conclude({}, {}, now);
        auto& one = *links_[turn_];
        if (drive(one, now) == turn::waits) return drive_those_asked_together(now);
        if (settle(one, now) == turn::concluded) return;
        ++turn_;
    }
}

void session::drive_those_asked_together(proto::time_point now) {
    for (auto i = turn_ + 1; i < links_.size() && asked_together(*links_[i]); ++i)
        drive(*links_[i], now);
}

/// Whether the milter is asked without waiting for the one before it.
bool session::asked_together(link const& one) const noexcept {
    switch (event_->code) {
    case command_code::rcpt: return one.config->parallel_rcpt;
    case command_code::unknown: return false;
    default: return one.config->concurrent;
    }
}

bool session::takes_part(link const& one) const noexcept {
    if (!runs(one)) return false;
    switch (event_->code) {
    case command_code::rcpt:
        if (event_->for_rejected_rcpt &&
            !wire::any(one.protocol.agreed().steps, wire::step::rejected_rcpt))
            return false;
        return one.in_message;
    case command_code::data: return one.in_message;
    case command_code::unknown:
        // libmilter cannot go from DATA to UNKNOWN, nor from there to content without DATA (protocol.md 3.3)
        return !(one.in_message && (!mta_.agreed().sends(command_code::data) ||
                                    !one.protocol.sends(command_code::data) ||
                                    one.protocol.at() == proto::phase::data));
    default: return true;
    }
}

/// Asks the milter as far as it can be without waiting.
/// @return done when it has answered, failed, or needs not be asked
session::turn session::drive(link& one, proto::time_point now) {
    select_at_its_turn(one, now);
    if (one.held || !takes_part(one)) return turn::done;
    if (one.pending()) return turn::waits;
    return one.state == link_state::ready ? ask_missed_or_current(one, now) : turn::done;
}

/// What the milter said, or its failure, counts now.
session::turn session::settle(link& one, proto::time_point now) {
    if (one.held) {
        auto const verdict = *std::exchange(one.held, std::nullopt);
        if (one.held_for == extent::session) return refuse_session(one, verdict, now);
        if (one.held_for == extent::message)
            refuse(verdict, one.config->name, now);
        else
            conclude(verdict, one.config->name, now);
        return turn::concluded;
    }
    bool const failed = one.state == link_state::failed && takes_part(one);
    return failed ? judge_failure(one, now) : turn::done;
}

/// Tells the milter what it missed, then the current command.
session::turn session::ask_missed_or_current(link& one, proto::time_point now) {
    for (;;) {
        if (one.state == link_state::failed || one.held) return turn::done;
        if (one.awaits()) return turn::waits;
        if (one.asked_in != event_->serial && one.unwritten() >= link::send_ahead) {
            // what needs no answer it may leave unread for ever
            if (one.write_deadline == proto::never)
                one.write_deadline = now + one.config->timeouts.command;
            return turn::waits;
        }
        if (one.asked_in == event_->serial) return turn::done;
        if (tell_missed(one, now)) continue;
        one.asked_in = event_->serial;
        ask(one, event_->code, event_->payload, now);
    }
}

/// Sends macros and command; afterwards the milter awaits() when an answer is to come.
void session::ask(link& one, command_code code, std::string_view payload, proto::time_point now,
                  kept_recipient const* recipient) {
    bool const nothing_else = one.protocol.output().size() == one.held_macros;
    append_macros(one, code, now, recipient);
    one.told_again = false;
    if (code == command_code::mail) one.told.mail = true;
    if (code == command_code::data) one.told.data = true;
    if (code == command_code::connect) one.seen_connect = true;
    if (code == command_code::helo) one.seen_helo = helo_serial_;
    if (!one.protocol.sends(code)) {
        if (nothing_else) one.held_macros = one.protocol.output().size();
        return;
    }
    one.asks(code, now);
    if (transaction_ && one.record.verdict == "not asked") one.record.verdict = "no answer";
    std::string frame;
    wire::append_frame(frame, static_cast<unsigned char>(code), payload);
    error_code ec;
    one.protocol.forward({static_cast<unsigned char>(code), payload, frame}, now, ec);
    if (ec) fail(one, ec, "sending " + std::string(wire::name_of(code)), now);
}

/// The event is decided.
void session::conclude(verdict const& given, std::string_view decided_by, proto::time_point now) {
    auto const done = std::exchange(event_, std::nullopt);
    auto const stage = wire::name_of(done->code);
    auto verdict = given;
    if (done->code == command_code::unknown || done->for_rejected_rcpt) {
        // nothing of a message is decided here, and Postfix 3.7 aborts on accept and discard (statement 127)
        if (!verdict.refuses() || done->for_rejected_rcpt) verdict = {};
        note_refusal_of_client(verdict, stage, now);
        return answer(verdict);
    }
    if (!transaction_) {
        note_refusal_of_client(verdict, stage, now);
        return answer(verdict);
    }
    auto& t = *transaction_;
    if (done->code == command_code::rcpt && !t.verdict && !session_verdict_) {
        if (!verdict.terminal()) {
            ++t.recipients;
            if (!keep_recipient(*done, now)) return;
        } else if (verdict.refuses() && !verdict.hangs_up()) {
            auto& recipients = t.record.recipients;
            if (t.record.recipient_count == recipients.size() && !recipients.empty())
                note_refusal(recipients.back(), verdict, decided_by);
            if (rules_) rules_->take_recipient_back();
            return answer(verdict); // this recipient only
        }
    }
    if (done->code == command_code::data && t.kept) t.kept->data = true;
    if (verdict.terminal() && !t.verdict) {
        decide(verdict, decided_by, stage, now);
        end_transaction(word(verdict), decided_by, stage, now);
    }
    answer(verdict);
}

void session::on_reply(link& one, wire::any_reply const& reply, proto::time_point now) {
    if (std::holds_alternative<wire::negotiate_reply>(reply)) return on_negotiated(one, now);
    switch (wire::row_of(wire::code_of(reply)).kind) {
    case wire::reply_kind::edit: return stage_edit(one, reply, now);
    case wire::reply_kind::verdict: return on_verdict(one, reply, now);
    default: return; // a keepalive has restarted the milter's clock
    }
}

void session::on_verdict(link& one, wire::any_reply const& reply, proto::time_point now) {
    auto const code = one.asked;
    one.note_wait(now);
    auto const verdict = to_verdict(reply, postfix_rules());
    if (!verdict) {
        bool const refused = wire::code_of(reply) == wire::reply_code::connection_failed;
        return fail(one, refused ? errc::reply_not_allowed : errc::bad_reply_text,
                    wire::describe(reply) + " to " + std::string(wire::name_of(code)), now);
    }
    bool const shutdown = wire::code_of(reply) == wire::reply_code::shutdown;
    one.record.verdict = shutdown ? "shutdown" : word(*verdict);
    one.record.stage = wire::name_of(code);
    if (!verdict->text.empty()) one.record.reason = capped(verdict->text);
    switch (code) {
    case command_code::header:
    case command_code::end_of_headers:
    case command_code::body:
    case command_code::end_of_message: return on_content_verdict(one, code, *verdict, now);
    default: return on_envelope_verdict(one, code, *verdict, now);
    }
}

void session::on_envelope_verdict(link& one, command_code code, verdict const& verdict,
                                  proto::time_point now) {
    if (code == command_code::connect || code == command_code::helo)
        return on_session_verdict(one, verdict);
    if (one.told_again) return on_verdict_told_again(one, code, verdict);
    // asked together with others, of whom an earlier one has refused meanwhile
    bool const late = !event_ || one.asked_in != event_->serial;
    if (code == command_code::unknown) {
        if (verdict.refuses() && !late) one.hold(verdict, extent::command);
        return;
    }
    bool const ignored = late || event_->for_rejected_rcpt; // statement 269
    if (ignored && verdict.code == wire::reply_code::discard)
        return fail(one, errc::reply_not_allowed, "discard to a recipient that was refused",
                    now); // it is past the message and cannot judge it any more
    // the milter itself is past the message then, and needs no ABORT; a refused recipient ends nothing
    if (proto::settles(code, verdict.code) || (verdict.hangs_up() && !ignored))
        one.in_message = false;
    if (verdict.terminal() && !ignored) one.hold(verdict, extent::command);
}

/// A verdict about the client, given now or to a command told again to a milter that joined late.
void session::on_session_verdict(link& one, verdict const& verdict) {
    if (verdict.code == wire::reply_code::accept) {
        close(one, true);
        one.state = link_state::excluded;
        one.in_message = false;
        return;
    }
    if (!verdict.refuses()) return; // discard means nothing here (statement 123)
    bool const has_turn = event_ && one.index >= turn_ && takes_part(one);
    bool const in_message = transaction_ && one.in_message;
    if (has_turn || in_message) return one.hold(verdict, extent::session);
    refuse_client(one, verdict);
}

void session::refuse_client(link const& one, verdict const& verdict) {
    log(severity::info, one.config->name,
        "refuses the client: " +
            (verdict.text.empty() ? std::string(word(verdict)) : verdict.text));
    session_verdict_ = verdict;
    session_decided_by_ = one.config->name;
    session_reason_.clear();
}

/// Once: an MTA that goes on all the same has a decision for each message. A flood of clients on one connection must not
/// take the place of the records of others.
void session::note_refusal_of_client(verdict const& given, std::string_view stage,
                                     proto::time_point now) {
    bool const is_heard = !grant_ && session_verdict_ && given.refuses();
    if (!is_heard || transaction_ || std::exchange(refusal_is_noted_, true)) return;
    auto const left_out = refusal_records_.say(now);
    if (!left_out) return;
    if (*left_out > 0)
        log(severity::warning, "mta", std::to_string(*left_out) + " refusals were not recorded");
    refusals_.push_back({id_, listener_, profile_ ? profile_->name : std::string(), client_name_,
                         client_address_, helo_name_, std::string(word(given)), capped(given.text),
                         session_reason_, session_decided_by_, std::string(stage)});
}

session::turn session::refuse_session(link const& one, verdict const& verdict,
                                      proto::time_point now) {
    refuse_client(one, verdict);
    bool const is_unknown = event_->code == command_code::unknown;
    bool const unasked = is_unknown || event_->for_rejected_rcpt;
    if (unasked && transaction_ && !transaction_->verdict) // else the message would go on
        decide(verdict, one.config->name, wire::name_of(event_->code), now);
    if (is_unknown && !verdict.hangs_up()) return turn::done;
    leave_milters();
    conclude(verdict, one.config->name, now);
    return turn::concluded;
}

/// Nothing of this client is asked any more.
void session::leave_milters() {
    for (auto const& one : links_) {
        close(*one, true);
        one->state = link_state::idle;
        one->held.reset();
    }
}

/// After any input about a milter: whatever can go on goes on.
void session::resume(proto::time_point now) {
    negotiation_progress(now, false);
    if (event_) advance(now);
    show_all(now);
    pull(now);
}

} // namespace milter::manager
