// SPDX-License-Identifier: BSL-1.0
// manager/core/late_join.cpp - milters that come after CONNECT: who applies, what they are told again, what they say to it
//
// One way for all of them: a milter whose rule came true, and one that was lost and is back on a fresh connection.
// Source: protocol.md 9.8; statements 258-262.
#include "manager/core/session.hpp"

#include <algorithm>

namespace milter::manager {

using wire::command_code;

namespace {

template <class Command> std::optional<Command> read(std::string_view payload) {
    error_code ec;
    auto const command =
        wire::decode_command({static_cast<unsigned char>(Command::code), payload, {}}, ec);
    auto const* found = command ? std::get_if<Command>(&*command) : nullptr;
    return found ? std::optional<Command>(*found) : std::nullopt;
}

/// How long an answer holds that was given when `stage` became known.
holds reach_of(command_code stage, applicability answer) noexcept {
    switch (stage) {
    case command_code::negotiate: return holds::connection;
    case command_code::connect: return holds::client;
    case command_code::helo: // who was started stays
        return answer == applicability::yes ? holds::client : holds::helo;
    default: return holds::message;
    }
}

} // namespace

// ---- who applies

bool session::runs(link const& one) const noexcept {
    if (one.applies != applicability::yes) return false;
    return one.applies_for != holds::message || transaction_.has_value();
}

bool session::somebody_may_join() const noexcept {
    return selects() && std::any_of(links_.begin(), links_.end(),
                                    [](auto const& one) { return one->undecided(); });
}

/// Facts have been replaced: what was said because of them is to be asked again.
void session::forget_answers(holds from) noexcept {
    for (auto const& one : links_)
        if (one->applies_for >= from) one->applies = applicability::undecided;
}

/// `stage` has become known.
void session::select(command_code stage, proto::time_point now) {
    reach(stage);
    if (!selects() || session_verdict_ || (transaction_ && transaction_->verdict)) return;
    for (auto const& one : links_) choose(*one, stage, now);
    ask_lists();
    if (stage == command_code::mail && !somebody_may_join()) transaction_->kept.reset();
}

/// A recipient is a fact for a milter when those before it have let it pass.
void session::select_at_its_turn(link& one, proto::time_point now) {
    if (event_->code != command_code::rcpt || event_->for_rejected_rcpt || !one.undecided()) return;
    if (std::exchange(one.chosen_in, event_->serial) != event_->serial)
        choose(one, command_code::rcpt, now);
}

void session::choose(link& one, command_code stage, proto::time_point now) {
    if (!one.undecided()) return;
    auto const answer = judged(one, stage);
    if (answer != applicability::undecided) settle_choice(one, answer, stage, now);
}

applicability session::judged(link const& one, command_code stage) {
    auto const chosen = config_->selection ? config_->selection->of(one.place, known_facts(stage))
                                           : applicability::yes;
    if (chosen == applicability::no || !rules_) return chosen;
    auto const ruled = rules_->applies(one.place);
    return ruled == applicability::yes ? chosen : ruled;
}

/// No more will be known, and every milter before it has judged the message: who cannot be told that it does not apply
/// does.
void session::choose_at_last(link& one, proto::time_point now) {
    choose(one, command_code::end_of_message, now);
    if (one.undecided()) settle_choice(one, applicability::yes, command_code::end_of_message, now);
}

void session::settle_choice(link& one, applicability answer, command_code stage,
                            proto::time_point now) {
    one.applies = answer;
    one.applies_for = reach_of(stage, answer);
    if (answer == applicability::no) {
        if (rules_) rules_->settled();
        return;
    }
    if (transaction_)
        join(one, now);
    else if (one.state == link_state::idle || one.state == link_state::failed)
        open(one, now);
}

facts session::known_facts(command_code stage) const {
    facts known{stage, listener_, mta_.macros(), {}, {}, {}, {}, {}, nullptr, 0, id_};
    if (has_connect_) known.client = read<wire::connect>(connect_payload_);
    if (helo_serial_ != 0) known.helo = read<wire::helo>(helo_payload_);
    if (!transaction_ || !transaction_->kept) return known;
    auto const& t = *transaction_;
    known.sender = read<wire::mail>(t.kept->mail);
    known.recipients = t.kept->recipients;
    if (stage == command_code::rcpt && event_) known.recipient = read<wire::rcpt>(event_->payload);
    if (t.headers_complete) known.headers = &t.headers;
    if (t.body_complete) known.body_bytes = t.body.size();
    return known;
}

/// For the record, which tells a share from other rules. The copy of an evaluated milter, which knows the same, comes to
/// the same answer in its own time.
void session::note_out_of_share(wire::mail const& sender) {
    if (!config_->selection || overloaded_) return;
    auto known = known_facts(command_code::mail);
    known.sender = sender;
    auto const is_out = [&](milter_config const& milter) {
        return in_sample(milter.sample, milter.name, known) == applicability::no;
    };
    for (auto const& one : links_) one->out_of_share = is_out(*one->config);
    if (grant_) return;
    for (auto const& one : config_->evaluated)
        if (is_in(profile_, one.place) && is_out(config_->milters[one.place]))
            transaction_->evaluated_without.push_back(one.place);
}

// ---- what is kept for them

void session::keep_sender(std::string_view payload) {
    if (!somebody_may_join()) return;
    auto& kept = transaction_->kept.emplace();
    kept.mail.assign(payload);
    kept.bytes = payload.size();
}

/// @return false when there are too many
bool session::keep_recipient(event const& done, proto::time_point now) {
    auto& t = *transaction_;
    if (!t.kept || !somebody_may_join()) return true;
    auto const macros = mta_.macros().at(command_code::rcpt).raw();
    t.kept->bytes += done.payload.size() + macros.size() + sizeof(kept_recipient);
    if (t.kept->bytes > kept_envelope::limit) {
        internal_failure("more than " + std::to_string(kept_envelope::limit) +
                             " bytes of recipients for milters that join late",
                         now);
        return false;
    }
    t.kept->recipients.push_back({done.payload, std::string(macros),
                                  mta_.macros().present(command_code::rcpt),
                                  t.record.recipient_count - 1});
    for (auto const& one : links_)
        if (one->in_message && one->asked_in == done.serial)
            one->told.recipients = t.kept->recipients.size();
    return true;
}

// ---- what they are told

/// The milter takes part in the message, on a fresh connection where it has none.
void session::join(link& one, proto::time_point now) {
    // a verdict of an aborted message is still owed: the next message does not wait for it (protocol.md 9.6)
    if (one.connected() && one.protocol.draining()) close(one, false);
    if (one.state == link_state::failed || one.state == link_state::idle) open(one, now);
    one.in_message = true;
}

/// Tells the milter the next thing it missed, of the session or of the message.
/// @return false when it has missed nothing
bool session::tell_missed(link& one, proto::time_point now) {
    auto const current = event_ ? event_->code : command_code::header;
    if (current == command_code::connect) return false;
    if (has_connect_ && !one.seen_connect)
        return tell_again(one, command_code::connect, connect_payload_, now);
    if (current == command_code::helo) return false;
    if (one.seen_helo != helo_serial_)
        return tell_again(one, command_code::helo, helo_payload_, now);
    bool const of_message = transaction_ && transaction_->kept && one.in_message;
    if (of_message && current != command_code::mail && tell_missed_of_message(one, now))
        return true;
    return tell_unsent_data(one, now);
}

/// DATA, before the content, where the MTA was told not to send it: the macros of it come all the same (statement 57), and
/// a milter that is back on a fresh connection may want the command, too.
bool session::tell_unsent_data(link& one, proto::time_point now) {
    bool const is_unsent = wire::any(mta_.agreed().steps, wire::step::no_data);
    bool const has_content = proto::in_transaction(mta_.at()) && mta_.at() > proto::phase::data;
    if (!is_unsent || !has_content || event_ || !one.in_message || one.told.data) return false;
    return tell_again(one, command_code::data, {}, now);
}

bool session::tell_missed_of_message(link& one, proto::time_point now) {
    auto const& kept = *transaction_->kept;
    if (!one.told.mail) return tell_again(one, command_code::mail, kept.mail, now);
    if (one.told.recipients < kept.recipients.size()) {
        auto const& recipient = kept.recipients[one.told.recipients++];
        return tell_again(one, command_code::rcpt, recipient.payload, now, &recipient);
    }
    if (!kept.data || one.told.data) return false;
    return tell_again(one, command_code::data, {}, now);
}

bool session::tell_again(link& one, command_code code, std::string_view payload,
                         proto::time_point now, kept_recipient const* recipient) {
    ask(one, code, payload, now, recipient);
    one.told_again = true;
    return true;
}

// ---- what they say to it

/// The verdict on a command of the message that the MTA has its answer to.
void session::on_verdict_told_again(link& one, command_code code, verdict const& verdict) {
    if (!transaction_ || !one.in_message) return;
    if (verdict.code == wire::reply_code::accept) one.in_message = false;
    if (!verdict.terminal()) return;
    bool const of_recipient =
        code == command_code::rcpt && verdict.refuses() && !verdict.hangs_up();
    if (of_recipient && message_goes_on(one, verdict)) return;
    one.hold(verdict, extent::message);
}

/// A recipient cannot be refused any more to the client that has it accepted.
bool session::message_goes_on(link& one, verdict const& verdict) {
    switch (one.config->late_rcpt_reject) {
    case late_rcpt_reject::ignore: return true;
    case late_rcpt_reject::message: return false;
    case late_rcpt_reject::delete_recipient: break;
    }
    if (!wire::any(mta_.agreed().actions, wire::action::delete_rcpt)) return false;
    delete_recipient(one, transaction_->kept->recipients[one.told.recipients - 1], verdict);
    return true;
}

void session::delete_recipient(link const& one, kept_recipient& recipient, verdict const& verdict) {
    auto& t = *transaction_;
    auto const command = read<wire::rcpt>(recipient.payload);
    if (!command || std::exchange(recipient.deleted, true)) return;
    t.envelope_edits.push_back(
        {wire::reply_code::delete_rcpt, std::string(command->address), std::nullopt});
    ++t.recipients_deleted;
    t.last_deletion = verdict;
    t.last_deletion_by = one.config->name;
    if (recipient.record < t.record.recipients.size())
        note_refusal(t.record.recipients[recipient.record], verdict, one.config->name);
}

/// All recipients were deleted: the message would be lost although the client was told that it is taken.
bool session::nobody_is_left() const noexcept {
    auto const& t = *transaction_;
    if (t.recipients_deleted == 0 || t.recipients_deleted < t.recipients) return false;
    return std::none_of(t.envelope_edits.begin(), t.envelope_edits.end(), [](auto const& edit) {
        return edit.what == wire::reply_code::add_rcpt ||
               edit.what == wire::reply_code::add_rcpt_with_args;
    });
}

} // namespace milter::manager
