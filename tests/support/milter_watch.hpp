// SPDX-License-Identifier: BSL-1.0
// tests/support/milter_watch.hpp - what a manager says to one milter and what the milter answers, judged from outside
//
// The manager is held to every rule of an MTA side, whatever upstream does. The milter may do anything: what it said is
// kept only as far as it followed the rules, as behind a mistake it has failed.
// Source: protocol.md 3.1-3.5; statements 18-21, 56, 81, 89, 95, 103, 142, 151, 266.
#pragma once

#include <milter/proto/mta_session.hpp>
#include <milter/proto/smtp_reply.hpp>

#include <support/seen_edit.hpp>

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace support {

namespace proto = milter::proto;

class milter_watch {
public:
    using report = std::function<void(std::string const&)>;

    milter_watch(std::string name, bool postfix_rules, report fault)
        : name_(std::move(name)), postfix_rules_(postfix_rules), fault_(std::move(fault)) {}

    // ---- what the manager does

    void opened();
    void heard(std::string_view bytes);
    void closed(std::string_view last_words);

    // ---- what becomes of the connection, what the milter says

    void connected(milter::error_code ec);
    void said(std::string_view bytes);
    void drained() noexcept { undrained_ = 0; }

    // ---- where it stands

    bool connecting() const noexcept { return connecting_; }
    bool up() const noexcept { return up_; }
    bool broken() const noexcept { return broken_; } ///< what it said is against the rules
    std::optional<wire::command_code> owed() const noexcept { return owed_; }
    wire::negotiate const& offer() const noexcept { return offer_; }
    proto::agreement const& agreed() const noexcept { return agreed_; }
    std::size_t undrained() const noexcept { return undrained_; }

    // ---- what it gave to the message that ends now

    /// It accepted the client, the message before its end, or the message.
    bool lets_pass(std::string const& sender) const {
        return lets_client_ || accepts_ ||
               (lets_off_ && (*lets_off_ == sender || lets_off_->empty()));
    }
    bool refuses(std::string const& sender) const { return refused_ && *refused_ == sender; }
    bool failed_for_want_of_ours() const noexcept { return shortage_; }
    edit_log const& accepted_edits() const noexcept { return accepted_; }
    /// Recipients that it refused, or did not want to hear of any more.
    std::set<std::string> const& refused_recipients() const noexcept { return refused_to_; }
    bool quarantines() const noexcept { return quarantines_; }
    /// It failed along with what it said last, so that it cannot be told how much of that counts.
    bool uncertain() const noexcept { return uncertain_; }

    void input_over() noexcept { judged_now_ = false; }
    void never_applies() noexcept { applies_ = false; }
    bool applies() const noexcept { return applies_; }
    void message_over() {
        refused_to_.clear();
        accepts_ = quarantines_ = uncertain_ = false;
        accepted_.clear();
        pending_.clear();
    }
    void client_over() noexcept { lets_client_ = false; }

private:
    void fault(std::string const& what) const { fault_("to milter " + name_ + ": " + what); }
    void judge(wire::any_command const& command, std::string const& line);
    void take(wire::any_reply const& reply);
    void settle(wire::any_reply const& reply);
    void settle_message(wire::command_code asked, wire::any_reply const& reply);
    bool is_due(wire::any_reply const& reply) const noexcept;

    std::string name_;
    bool postfix_rules_;
    report fault_;
    bool applies_ = true;

    bool connecting_ = false, up_ = false, broken_ = false, negotiated_ = false;
    bool shortage_ = false;
    std::string to_milter_, from_milter_;
    std::size_t undrained_ = 0; ///< bytes
    proto::phase at_ = proto::phase::start;
    std::optional<wire::command_code> owed_;
    bool owed_to_aborted_ = false;
    bool skips_body_ = false;
    wire::negotiate offer_;
    proto::agreement agreed_;

    std::string sender_;    ///< of the message that it was told of; empty: it hears no MAIL
    std::string recipient_; ///< told last
    std::set<std::string> refused_to_;
    edit_log pending_, accepted_;
    bool accepts_ = false, lets_client_ = false, quarantines_ = false, uncertain_ = false;
    bool judged_now_ = false; ///< it gave its verdict on a message within the present input
    std::optional<std::string> lets_off_, refused_;
};

inline void milter_watch::opened() {
    if (connecting_ || up_) fault("a second connection");
    if (!applies_) fault("a connection although it does not apply");
    *this = [&] {
        milter_watch fresh(std::move(name_), postfix_rules_, std::move(fault_));
        fresh.accepted_ = std::move(accepted_);
        fresh.accepts_ = accepts_;
        fresh.lets_client_ = lets_client_;
        fresh.quarantines_ = quarantines_;
        fresh.uncertain_ = uncertain_;
        fresh.lets_off_ = std::move(lets_off_);
        fresh.refused_ = std::move(refused_);
        fresh.refused_to_ = std::move(refused_to_);
        return fresh;
    }();
    connecting_ = true;
}

inline void milter_watch::connected(milter::error_code ec) {
    connecting_ = false;
    up_ = !ec;
    shortage_ = ec == std::errc::too_many_files_open || ec == std::errc::not_enough_memory;
}

inline void milter_watch::closed(std::string_view last_words) {
    if (!last_words.empty()) {
        if (up_)
            heard(last_words);
        else
            fault("last words without a connection");
    }
    if (up_ && !to_milter_.empty()) fault("closed in the middle of a packet");
    if (judged_now_ && last_words.empty()) uncertain_ = true;
    connecting_ = up_ = false;
    owed_.reset();
    pending_.clear();
    to_milter_.clear();
    from_milter_.clear();
    undrained_ = 0;
}

inline void milter_watch::heard(std::string_view bytes) {
    if (!up_) return fault("bytes without a connection");
    undrained_ += bytes.size();
    to_milter_ += bytes;
    std::string_view rest = to_milter_;
    milter::error_code ec;
    while (auto const frame = wire::first_frame(rest, agreed_.data_limit, ec)) {
        rest.remove_prefix(frame->raw.size());
        auto const command = wire::decode_command(*frame, ec);
        if (!command) return fault("malformed " + wire::describe_command(*frame));
        judge(*command, std::string(wire::name_of(wire::code_of(*command))));
    }
    if (ec) fault("a packet that cannot be read: " + ec.message());
    to_milter_.erase(0, to_milter_.size() - rest.size());
}

/// Whether an MTA side may send this now.
inline void milter_watch::judge(wire::any_command const& command, std::string const& line) {
    using wire::command_code;
    auto const code = wire::code_of(command);
    bool const ends = code == command_code::abort || code == command_code::quit;
    if (owed_ && !ends)
        fault(line + " while " + std::string(wire::name_of(*owed_)) + " is not answered");
    auto const move = proto::follow(at_, code, agreed_.steps);
    if (move.how == proto::fit::out_of_order) fault(line + " is out of order");
    bool const negotiating = code == command_code::negotiate;
    if (!negotiating && !negotiated_ && !ends) fault(line + " before the negotiation is over");
    if (!negotiating && !agreed_.sends(code)) fault(line + " was negotiated away");
    if (code == command_code::body && skips_body_) fault("body after SKIP");
    if (code == command_code::macros) return;
    if (code != command_code::body) skips_body_ = false;
    if (code == command_code::abort && owed_) owed_to_aborted_ = true;
    at_ = move.next;
    if (auto const* offer = std::get_if<wire::negotiate>(&command)) offer_ = *offer;
    if (!proto::in_transaction(at_)) sender_.clear();
    if (auto const* from = std::get_if<wire::mail>(&command)) {
        sender_ = from->address;
        refused_to_.clear();
        lets_off_.reset();
        refused_.reset();
    }
    if (auto const* to = std::get_if<wire::rcpt>(&command)) recipient_ = to->address;
    if (negotiating || agreed_.answers(code)) owed_ = code;
    if (code == command_code::quit) owed_.reset();
    if (code == command_code::end_of_message) pending_.clear();
}

inline void milter_watch::said(std::string_view bytes) {
    from_milter_ += bytes;
    std::string_view rest = from_milter_;
    milter::error_code ec;
    while (!broken_) {
        auto const frame = wire::first_frame(rest, 1UL << 28, ec);
        if (!frame) break;
        rest.remove_prefix(frame->raw.size());
        if (auto const reply = wire::decode_reply(*frame, ec); reply && is_due(*reply))
            take(*reply);
        else
            broken_ = true;
    }
    broken_ = broken_ || ec;
    from_milter_.erase(0, from_milter_.size() - rest.size());
}

inline bool milter_watch::is_due(wire::any_reply const& reply) const noexcept {
    auto const& row = wire::row_of(wire::code_of(reply));
    bool const negotiating = owed_ == wire::command_code::negotiate;
    if (!owed_ || negotiating != (row.kind == wire::reply_kind::negotiation)) return false;
    if (row.kind != wire::reply_kind::edit) return true;
    return owed_ == wire::command_code::end_of_message && wire::has(agreed_.actions, row.needs);
}

inline void milter_watch::take(wire::any_reply const& reply) {
    if (auto const* answer = std::get_if<wire::negotiate_reply>(&reply)) {
        auto const agreed = proto::check_answer(offer_, *answer, proto::strictness::lenient);
        broken_ = !agreed;
        if (!agreed) return;
        agreed_ = *agreed;
        negotiated_ = true;
        owed_.reset();
        return;
    }
    auto const kind = wire::row_of(wire::code_of(reply)).kind;
    if (kind == wire::reply_kind::verdict) return settle(reply);
    auto edit = to_seen_edit(reply);
    if (!edit || owed_to_aborted_) return;
    quarantines_ = quarantines_ || edit->what == wire::reply_code::quarantine;
    judged_now_ = true;
    pending_.push_back(std::move(*edit));
}

inline void milter_watch::settle(wire::any_reply const& reply) {
    using wire::command_code;
    using wire::reply_code;
    auto const asked = *std::exchange(owed_, std::nullopt);
    auto const code = wire::code_of(reply);
    if (std::exchange(owed_to_aborted_, false)) return;
    at_ = proto::after_verdict(at_, asked, code);
    skips_body_ = asked == command_code::body && code == reply_code::skip;
    auto const* text = std::get_if<wire::reply_text>(&reply);
    bool const no_verdict =
        code == reply_code::connection_failed ||
        (text && proto::check_reply_text(text->text) && !proto::repair_reply_text(text->text));
    if (no_verdict) {
        broken_ = true;
        return;
    }
    bool const of_client = asked == command_code::connect || asked == command_code::helo;
    if (of_client && code == reply_code::accept) lets_client_ = true;
    if (!of_client && asked != command_code::unknown) settle_message(asked, reply);
}

inline void milter_watch::settle_message(wire::command_code asked, wire::any_reply const& reply) {
    using wire::reply_code;
    auto const code = wire::code_of(reply);
    bool const at_end = asked == wire::command_code::end_of_message;
    bool const accepts = code == reply_code::accept || code == reply_code::proceed ||
                         (code == reply_code::skip && postfix_rules_);
    if (at_end) {
        judged_now_ = true;
        if (accepts) {
            accepts_ = true;
            accepted_ = std::move(pending_);
        }
        pending_.clear();
    }
    if (code == reply_code::accept) lets_off_ = sender_;
    bool const goes_on = code == reply_code::proceed || code == reply_code::accept ||
                         code == reply_code::skip || asked == wire::command_code::rcpt;
    if (!goes_on && !sender_.empty()) refused_ = sender_;
    if (asked == wire::command_code::rcpt && code != reply_code::proceed &&
        code != reply_code::accept && code != reply_code::skip)
        refused_to_.insert(recipient_);
}

} // namespace support
