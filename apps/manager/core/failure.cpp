// SPDX-License-Identifier: BSL-1.0
// manager/core/failure.cpp - connections, failures, and what each means for the message
//
// Source: docs/protocol.md 9.9; statements 207-212, 255, 263-268.
#include "manager/core/session.hpp"
#include "manager/core/unit_text.hpp"

#include <chrono>
#include <utility>

namespace milter::manager {

using wire::command_code;

namespace {

/// The finding, said once.
std::string in_words(error_code why, std::string_view where) {
    std::string text(where);
    if (text.find(why.message()) == text.npos)
        text.append(text.empty() ? "" : ": ").append(why.message());
    return text;
}

std::string milliseconds(proto::duration time) {
    auto const whole = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    return std::to_string(whole) + "ms";
}

} // namespace

// ---- endpoints

/// Nobody waits for an endpoint that is known to be down: where all of them are, the milter has failed at once, and
/// the log has it from those who found out.
void session::open(link& one, proto::time_point now) {
    if (!take_seat(one, now)) return;
    one.way.begin(*one.config->endpoints, now + one.config->timeouts.connect);
    if (connect_next(one, now)) return;
    auto const reason = one.way.reason();
    give_up(one, errc::connect_failed,
            "all endpoints are down" + (reason.empty() ? "" : ": " + reason), now);
}

/// Too many sessions are a shortage of ours: on_error may let mail pass.
bool session::take_seat(link& one, proto::time_point now) {
    one.seat = one.config->seats->take(one.config->max_sessions);
    if (one.seat) return true;
    auto const text = "max_sessions = " + std::to_string(one.config->max_sessions) + " reached";
    if (one.failure != text)
        log(severity::warning, one.config->name, text); // each MAIL tries again
    give_up(one, errc::resource, text, now);
    return false;
}

bool session::connect_next(link& one, proto::time_point now) {
    if (!one.way.next(now)) return false;
    one.state = link_state::connecting;
    one.protocol = proto::mta_session(link_options(one));
    one.connect_deadline = one.way.deadline();
    if (one.asked_at == proto::never) one.asks(command_code::negotiate, now);
    one.in_flight = one.held_macros = 0;
    one.write_deadline = proto::never;
    one.seen_connect = false;
    one.seen_helo = 0;
    one.held.reset();
    one.failure_judged = false;
    effects_.push_back({effect::kind::open, one.index, {}, &one.way.where(), one.connect_deadline});
    return true;
}

/// What goes wrong before the milter has negotiated is a failure of its endpoint: the next one is tried, in the same
/// turn, before it is one of the milter.
void session::fail_over(link& one, error_code why, std::string_view where, proto::time_point now) {
    if (!one.pending() || why == errc::resource) return fail(one, why, where, now);
    auto text = in_words(why, where);
    bool const says_where = one.state == link_state::connecting; // to what it connects
    if (!says_where && one.way.has_alternatives())
        text.insert(0, to_string(one.way.where()) + ": ");
    tell_endpoint(one, why, text, now);
    bool const in_message = one.in_message;
    auto seat = std::move(one.seat);
    auto const asked_at = one.asked_at;
    close(one, false);
    one.asked_at = asked_at;
    one.in_message = in_message;
    one.seat = std::move(seat);
    if (connect_next(one, now)) return;
    bool const all = one.way.has_alternatives() && !one.way.is_late(now);
    give_up(one, why, all ? "all endpoints are down: " + text : text, now);
}

/// Tells the other sessions, and the log: of an endpoint that is down already it has heard.
void session::tell_endpoint(link& one, error_code why, std::string const& text,
                            proto::time_point now) {
    // CONNECT and each MAIL try to reach it: once said is enough for the session
    bool const repeated = one.state == link_state::connecting && one.failure == capped(text);
    auto finding = breaker_finding::counted;
    if (blames_endpoint(one, why)) finding = one.way.failed(capped(text), now, chance_of(id_));
    if (finding == breaker_finding::opened)
        log(severity::warning, one.config->name,
            text + "; " + to_string(one.way.where()) + " is not tried for " +
                milliseconds(one.way.pause_left(now)));
    else if (finding == breaker_finding::counted && !repeated)
        log(severity::warning, one.config->name, text);
}

/// A milter may refuse an MTA that offers less than others do: one such MTA must not take it away from them.
bool session::blames_endpoint(link const& one, error_code why) const {
    if (why == errc::resource) return false;
    if (one.state == link_state::connecting || why == errc::timed_out) return true;
    auto const offer = link_options(one).offer;
    return offer.actions == wire::action::all && offer.steps == wire::step::all;
}

// ---- failures

/// Politely: with QUIT, where the connection can still carry it.
void session::close(link& one, bool politely) {
    if (one.connected() || one.state == link_state::connecting) {
        if (politely && one.state == link_state::ready) one.protocol.quit();
        auto rest = politely ? std::exchange(one.protocol.output(), {}) : std::string();
        effects_.push_back({effect::kind::close, one.index, std::move(rest)});
    }
    if (one.state != link_state::excluded) one.state = link_state::idle;
    one.connect_deadline = one.write_deadline = one.asked_at = proto::never;
    one.in_message = false;
    one.way.give_back();
    one.seat.give_back();
}

/// The connection is of no use any more. What that means for the message is judged when the milter's turn comes.
void session::fail(link& one, error_code why, std::string_view where, proto::time_point now) {
    fail_saying(one, why, in_words(why, where), now);
}

/// With a text that needs no more words.
void session::fail_saying(link& one, error_code why, std::string const& text,
                          proto::time_point now) {
    if (one.pending())
        tell_endpoint(one, why, text, now);
    else
        log(severity::warning, one.config->name, text);
    give_up(one, why, text, now);
}

void session::give_up(link& one, error_code why, std::string const& text, proto::time_point now) {
    bool const in_message = one.in_message;
    one.note_wait(now);
    close(one, false);
    one.state = link_state::failed;
    one.in_message = in_message;
    one.failure_judged = false;
    one.is_our_failure = why == errc::resource;
    one.failure = capped(text);
    if (!one.is_our_failure || one.record.verdict != "not asked") one.record.verdict = "error";
    one.record.reason = one.failure;
    // a quarantine stands once it was received (statement 255)
    if (!one.held) one.keep_quarantine_only();
}

/// The turn has come to a milter that failed.
session::turn session::judge_failure(link& one, proto::time_point now) {
    if (std::exchange(one.failure_judged, true)) return turn::done;
    auto const policy = one.config->on_error;
    bool const in_message = std::exchange(one.in_message, false);
    if (in_message && transaction_) take_quarantine(one);
    one.drop_edits();
    if (one.is_our_failure && in_message &&
        transaction_) { // never on_error, which may let mail pass
        transaction_->record.reason = one.config->name + ": " + one.failure;
        refuse(internal_verdict(config_->on_internal_error), "manager", now);
        return turn::concluded;
    }
    if (event_ && policy == on_error::shutdown && !one.is_our_failure) {
        session_verdict_ = failure_verdict(policy);
        session_decided_by_ = one.config->name;
        session_reason_ = one.failure;
        bool const unasked = event_->code == command_code::unknown || event_->for_rejected_rcpt;
        if (unasked && transaction_ && !transaction_->verdict) // else the message would go on
            decide(*session_verdict_, one.config->name, wire::name_of(event_->code), now);
        conclude(*session_verdict_, one.config->name, now);
        return turn::concluded;
    }
    if (!in_message || !transaction_) { // CONNECT, HELO, UNKNOWN: MAIL tries again and decides
        one.failure_judged = false;
        return turn::done;
    }
    if (policy == on_error::accept) return turn::done;
    if (policy == on_error::quarantine &&
        wire::any(mta_.agreed().actions, wire::action::quarantine)) {
        transaction_->quarantine = "milter " + one.config->name + " failed";
        transaction_->quarantined_by = one.config->name;
        return turn::done;
    }
    refuse(failure_verdict(policy), one.config->name, now);
    return turn::concluded;
}

/// A verdict that ends the message, whatever stage it has reached: also at RCPT it is not about the recipient alone.
void session::refuse(verdict const& verdict, std::string_view decided_by, proto::time_point now) {
    if (!event_) { // until the MTA asks, the verdict waits; finish() gives it
        auto const waits = mta_.owed();
        return decide(verdict, decided_by, waits ? wire::name_of(*waits) : "content", now);
    }
    auto const done = std::exchange(event_, std::nullopt);
    decide(verdict, decided_by, wire::name_of(done->code), now);
    bool const unasked = done->code == command_code::unknown || done->for_rejected_rcpt;
    if (!unasked) end_transaction(word(verdict), decided_by, wire::name_of(done->code), now);
    answer(unasked ? manager::verdict{} : verdict);
}

/// The verdict of the whole transaction; all its later commands are answered with it.
void session::decide(verdict const& verdict, std::string_view decided_by, std::string_view stage,
                     proto::time_point now) {
    auto& t = *transaction_;
    t.verdict = verdict;
    t.record.decided_by = decided_by;
    t.record.text = capped(verdict.text);
    t.record.stage = stage;
    abort_milters(now);
}

/// A limit, the spool, memory: the manager's own failure.
void session::internal_failure(std::string_view what, proto::time_point now) {
    log(severity::error, "manager", std::string(what));
    if (!transaction_ || transaction_->verdict)
        return answer(internal_verdict(config_->on_internal_error));
    transaction_->record.reason = capped(what);
    bool const owed = mta_.awaits_reply() && !event_ && !transaction_->body_complete;
    refuse(internal_verdict(config_->on_internal_error), "manager", now);
    if (owed) answer(*transaction_->verdict);
}

/// The time for one upstream command is used up: the milter being asked has failed. Those after it were never asked and
/// have not (statement 267), but the MTA cannot wait for them.
void session::command_budget_over(proto::time_point now) {
    auto& at = event_ ? turn_ : transaction_->turn;
    (event_ ? event_->deadline : transaction_->end_deadline) = proto::never;
    for (auto const first = at; at < links_.size(); ++at)
        if (settle_out_of_time(*links_[at], at == first, now) == turn::concluded) break;
    if (event_)
        conclude({}, {}, now);
    else if (transaction_ && transaction_->body_complete)
        finish(now);
}

session::turn session::settle_out_of_time(link& one, bool its_turn, proto::time_point now) {
    if (!event_ && one.undecided()) choose_at_last(one, now);
    if (!runs(one) && !one.held) return turn::done;
    bool const was_asked = its_turn || one.awaits() || one.write_deadline != proto::never;
    if (!one.held && was_asked && one.owes())
        fail_saying(one, errc::timed_out, late_reply(one), now);
    if (one.held) return event_ ? settle(one, now) : settle_content(one, now);
    if (!is_to_judge(one)) return turn::done;
    if (one.state == link_state::failed) return judge_failure(one, now);
    out_of_time(now);
    return turn::concluded;
}

/// Names the budget that is used up: its length may be raised.
std::string session::late_reply(link const& one) const {
    auto const of_mta = event_ ? event_->code : command_code::end_of_message;
    auto const asked = wire::name_of(one.protocol.awaited().value_or(of_mta));
    auto text =
        one.state == link_state::connecting ? "no connection" : "no reply to " + std::string(asked);
    text += " within [manager] ";
    if (!event_)
        return text + "end_of_message_budget = " + duration_text(config_->end_of_message_budget);
    auto const length = duration_text(command_budget());
    return text + "command_budget = " + (config_->command_budget ? length : R"("auto": )" + length);
}

/// Whether the command that the MTA waits for needs this milter.
bool session::is_to_judge(link const& one) const noexcept {
    if (!event_) return one.in_message;
    return one.state != link_state::excluded && one.state != link_state::idle && takes_part(one);
}

void session::out_of_time(proto::time_point now) {
    if (transaction_) transaction_->record.reason = "no time was left for all milters";
    if (!event_ || event_->code == command_code::mail || event_->code == command_code::data)
        return refuse(out_of_time_verdict(), "manager", now);
    // nothing of a message hangs on the others, and a recipient can be refused alone
    bool const recipient = event_->code == command_code::rcpt;
    conclude(recipient ? out_of_time_verdict() : verdict{}, "manager", now);
}

/// The message is over for every milter that is still in it.
void session::abort_milters(proto::time_point now) {
    for (auto const& one : links_) {
        if (!std::exchange(one->in_message, false) || one->state != link_state::ready) continue;
        error_code ec;
        if (proto::in_transaction(one->protocol.at())) one->protocol.abort(now, ec);
        one->drop_edits();
    }
}

/// For the record, while they are there: the command that breaks a message off brings macros of its own.
void session::note_macros() {
    auto const note = [&](std::string& field, std::string_view name) {
        if (auto const value = mta_.macros().find(name)) field = capped(*value);
    };
    note(transaction_->record.queue_id, "i");
    note(transaction_->record.authenticated, "{auth_authen}");
}

void session::end_transaction(std::string_view verdict, std::string_view decided_by,
                              std::string_view stage, proto::time_point now) {
    auto& t = *transaction_;
    if (std::exchange(t.recorded, true)) return;
    auto& r = t.record;
    r.session = id_;
    r.transaction = t.number;
    r.listener = listener_;
    if (profile_) r.profile = profile_->name;
    r.client_name = client_name_;
    r.client_address = client_address_;
    r.helo = helo_name_;
    r.verdict = t.verdict ? word(*t.verdict) : verdict; // refused, then broken off
    if (!decided_by.empty()) r.decided_by = decided_by;
    if (!stage.empty()) r.stage = stage;
    if (mta_.agreed().sends(command_code::body))
        r.size = t.content_bytes;
    else
        r.size.reset();
    r.time = now - t.since;
    r.milters = records_of_milters();
    note_rules();
    decisions_.push_back(std::move(r));
}

namespace {

/// Why a milter was not asked, in its record: a copy of the message goes to it.
constexpr std::string_view evaluated_instead = "evaluated";

/// A rule has its verdict not count, and nothing else says that it does not run.
bool is_evaluated_by_rule(config const& settings, mail_facts& facts, std::size_t place) {
    auto const& book = *settings.book;
    if (book.milters()[place].evaluate.empty()) return false;
    auto const quiet = facts.only_read(); // nothing is asked for the sake of the record
    rule::memo memo;
    memo.forget(book.memo_size());
    rule::moment const now{book.conditions(), settings.sets, facts, memo};
    return book.applies(place, now) != rule::truth::no &&
           book.evaluates(place, now) == rule::truth::yes;
}

} // namespace

/// Those that count, and evaluated ones only where nothing else would tell that they are not asked.
std::vector<milter_record> session::records_of_milters() const {
    std::vector<milter_record> records;
    records.reserve(links_.size());
    for (auto const& one : links_) {
        auto& added = records.emplace_back(one->record);
        added.applies = one->applies == applicability::yes;
        if (added.verdict != "not asked") continue;
        if (one->out_of_share)
            added.reason = not_in_share;
        else if (rules_ && one->applies == applicability::no)
            added.reason = !grant_ && is_evaluated_by_rule(*config_, rules_->facts(), one->place)
                               ? evaluated_instead
                               : ruled_out;
    }
    for (auto const place : transaction_->evaluated_without)
        records.push_back(
            {config_->milters[place].name, "not asked", {}, std::string(not_in_share), 0, {}});
    return records;
}

void session::log(severity level, std::string peer, std::string text) {
    log_.push_back({level, id_, std::move(peer), std::move(text)});
}

} // namespace milter::manager
