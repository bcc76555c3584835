// SPDX-License-Identifier: BSL-1.0
// manager/core/session.hpp - one MTA connection and the milters behind it, without I/O
//
// Theory of operation. Toward the MTA this is a filter, toward each milter an MTA. Inputs are bytes, connection events
// and times; after each input take_effects() says what to do on sockets.
//
//  * Envelope commands become an `event`, which visits the milters in order (advance, drive). A milter that joins late is
//    told first what it missed. The first terminal verdict ends the event (conclude).
//  * Content is kept in the transaction (headers, body) and shown to the milters in waves (show_all): each sees the message
//    as edited by those before it, so milters that only judge are shown it at once, and one that edits ends the wave.
//    The MTA is not kept waiting for it. The answer is due at end of message (finish).
//  * A milter's last word is held until its turn comes (settle), and so is its failure: the first in order decides,
//    whichever spoke first.
//
// What the MTA sees follows design rules that never depend on a milter's good behaviour: docs/architecture.md.
#pragma once

#include "manager/core/config.hpp"
#include "manager/core/decision.hpp"
#include "manager/core/link.hpp"
#include "manager/core/log_damper.hpp"
#include "manager/core/mail_facts.hpp"
#include "manager/core/session_rules.hpp"
#include "manager/core/surroundings.hpp"
#include "manager/core/transaction.hpp"
#include "manager/core/verdict.hpp"
#include <milter/message/headers.hpp>
#include <milter/proto/filter_session.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

/// One thing to do, in order.
struct effect {
    enum class kind {
        open, ///< connect to `where`, for milter `link`, before `until`; then filter_connected()
        send, ///< write `bytes` to milter `link`; filter_drained() when they are written
        close, ///< write `bytes`, then close the connection to milter `link`; nothing is reported of it any more
        reply, ///< write `bytes` to the MTA; mta_drained() when they are written
        look_up, ///< ask DNS list `link` about the address `bytes`, in network order; then list_answered()
        hang_up, ///< write what is left, then close the MTA's connection; the session is over
    };
    kind what;
    std::size_t link = 0;
    std::string bytes;
    endpoint const* where = nullptr; ///< of open: lives as long as the configuration
    proto::time_point until = proto::never;
};

class session final : public mail_facts::milters {
public:
    /// @param config   from with_endpoints()
    /// @param profile  its milters are asked; where there is none of this name, all milters of the configuration
    session(std::shared_ptr<config const> config, std::uint64_t id, proto::time_point now,
            std::string listener = {}, std::string_view profile = {},
            surroundings const& known = {});
    session(session const&) = delete;
    session& operator=(session const&) = delete;
    ~session() = default;

    /// There is no room for this session: it asks no milter and refuses its mail by on_internal_error. Call it first.
    /// @param why  for the records
    void overloaded(std::string why = {});
    /// Nobody hears what is answered: the MTA was granted this by another session. Call it first.
    void shadow(proto::agreement const& granted, std::string profile = {});

    // ---- inputs

    void mta_bytes(std::string_view bytes, proto::time_point now);
    /// The MTA's connection ended, or failed with `why`.
    void mta_closed(error_code why, proto::time_point now);
    void mta_drained(proto::time_point now);
    void filter_connected(std::size_t index, error_code ec, proto::time_point now);
    void filter_bytes(std::size_t index, std::string_view bytes, proto::time_point now);
    /// The milter's connection ended (no `why`), or failed.
    void filter_closed(std::size_t index, error_code why, proto::time_point now);
    void filter_drained(std::size_t index, proto::time_point now);
    /// @param list     as the configuration counts them, the allow lists behind the block lists
    /// @param address  that it was asked about; of a client that has gone it says nothing of the present one
    void list_answered(std::size_t list, std::string_view address, listing what,
                       proto::time_point now);
    /// The manager ends and waits no longer.
    void cut_off(proto::time_point now);
    /// At or after deadline().
    void expired(proto::time_point now);

    // ---- outputs

    std::vector<effect> take_effects();
    std::vector<decision> take_decisions() { return std::exchange(decisions_, {}); }
    std::vector<client_refusal> take_refusals() { return std::exchange(refusals_, {}); }
    std::vector<log_event> take_log() { return std::exchange(log_, {}); }
    /// When to call expired(), unless something else happens before.
    proto::time_point deadline() const noexcept;
    /// The MTA is not to be read for now: milters have enough to do with what it said. Not for long, see deadline().
    bool holds_mta_back() const noexcept {
        return transaction_ && transaction_->mta_waits_until != proto::never;
    }
    /// hang_up was among the effects; nothing follows.
    bool over() const noexcept { return over_; }
    bool in_transaction() const noexcept { return transaction_.has_value(); }
    /// It is over because the MTA said QUIT.
    bool parted() const noexcept { return parted_; }
    std::size_t milters() const noexcept { return links_.size(); }
    /// What the MTA said and was not looked at yet, as its last command is not answered.
    std::size_t backlog() const noexcept { return mta_.buffered(); } // bytes
    /// What the MTA was granted; null: nothing yet.
    proto::agreement const* granted() const noexcept {
        bool const answered = mta_.at() != proto::phase::start && !negotiating_;
        return answered ? &mta_.agreed() : nullptr;
    }

private:
    enum class turn { waits, done, concluded };

    void add_link(milter_config const& milter);

    // upstream.cpp: what the MTA says
    void pull(proto::time_point now);
    void handle(wire::any_command const& command, proto::time_point now);
    void stray(wire::any_command const& command, proto::time_point now);
    void on_negotiate(wire::negotiate const& offer, proto::time_point now);
    void on_connect(wire::connect const& who, proto::time_point now);
    void on_helo(wire::helo const& who, proto::time_point now);
    void on_mail(wire::mail const& sender, proto::time_point now);
    void on_rcpt(wire::rcpt const& recipient, proto::time_point now);
    void leave_without_recipients(proto::time_point now);
    std::string_view aborted() const noexcept;
    bool every_recipient_was_refused() const noexcept;
    void on_abort(proto::time_point now);
    void on_quit(proto::time_point now);
    void forget_client(proto::time_point now);
    void answer(verdict const& verdict);

    // session.cpp
    bool keeps_mta_waiting() const noexcept;
    void dead(error_code ec, std::string const& where, proto::time_point now);
    void end_session(proto::time_point now);
    void tell_left_out();

    // negotiation.cpp
    void negotiation_progress(proto::time_point now, bool waited_enough);
    std::string pending() const;
    proto::agreement merged_agreement();
    wire::step unneeded_commands() const;
    std::string lacking_for(link const& one) const;
    void on_negotiated(link& one, proto::time_point now);
    using wish_lists = std::vector<proto::macro_lists const*>;
    wish_lists wishes_to_come() const;
    wish_lists wishes_of_evaluated() const;
    std::string merged_list(std::size_t stage, wish_lists const& to_come);
    std::vector<milter_config const*> evaluated() const;
    void append_macros(link& one, wire::command_code code, proto::time_point now,
                       kept_recipient const* recipient = nullptr);
    bool rules_want_list(std::size_t stage) const noexcept;
    std::string_view administrators_list(std::size_t stage) const noexcept;

    // late_join.cpp: who applies, and what it missed
    bool runs(link const& one) const noexcept;
    bool somebody_may_join() const noexcept;
    bool selects() const noexcept { return config_->selection || rules_; }
    applicability judged(link const& one, wire::command_code stage);
    void forget_answers(holds from) noexcept;
    void select(wire::command_code stage, proto::time_point now);
    void select_at_its_turn(link& one, proto::time_point now);
    void choose(link& one, wire::command_code stage, proto::time_point now);
    void choose_at_last(link& one, proto::time_point now);
    void settle_choice(link& one, applicability answer, wire::command_code stage,
                       proto::time_point now);
    facts known_facts(wire::command_code stage) const;
    void note_out_of_share(wire::mail const& sender);
    void keep_sender(std::string_view payload);
    bool keep_recipient(event const& done, proto::time_point now);
    void join(link& one, proto::time_point now);
    bool tell_missed(link& one, proto::time_point now);
    bool tell_missed_of_message(link& one, proto::time_point now);
    bool tell_unsent_data(link& one, proto::time_point now);
    bool tell_again(link& one, wire::command_code code, std::string_view payload,
                    proto::time_point now, kept_recipient const* recipient = nullptr);
    void on_verdict_told_again(link& one, wire::command_code code, verdict const& verdict);
    bool message_goes_on(link& one, verdict const& verdict);
    void delete_recipient(link const& one, kept_recipient& recipient, verdict const& verdict);
    bool nobody_is_left() const noexcept;

    // ruling.cpp: what rules say besides
    milter_outcome outcome_of(std::size_t place) const noexcept override;
    link const* link_of(std::size_t place) const noexcept;
    void reach(wire::command_code stage);
    bool rule_decides(proto::time_point now);
    bool rules_have_spoken(proto::time_point now);
    void ask_lists();
    bool waits_for_lists(link& one);
    void apply_timeouts();
    void add_rule_macros(std::string& pairs, link const& one, wire::command_code code);
    void note_rules();
    void forget_transaction();

    // dispatch.cpp: envelope commands through the milters
    void begin(wire::command_code code, proto::time_point now, bool for_rejected_rcpt = false);
    void advance(proto::time_point now);
    void drive_those_asked_together(proto::time_point now);
    bool asked_together(link const& one) const noexcept;
    turn drive(link& one, proto::time_point now);
    turn settle(link& one, proto::time_point now);
    bool takes_part(link const& one) const noexcept;
    turn ask_missed_or_current(link& one, proto::time_point now);
    void ask(link& one, wire::command_code code, std::string_view payload, proto::time_point now,
             kept_recipient const* recipient = nullptr);
    void conclude(verdict const& given, std::string_view decided_by, proto::time_point now);
    void on_reply(link& one, wire::any_reply const& reply, proto::time_point now);
    void on_verdict(link& one, wire::any_reply const& reply, proto::time_point now);
    void on_envelope_verdict(link& one, wire::command_code code, verdict const& verdict,
                             proto::time_point now);
    void on_session_verdict(link& one, verdict const& verdict);
    turn refuse_session(link const& one, verdict const& verdict, proto::time_point now);
    void refuse_client(link const& one, verdict const& verdict);
    void note_refusal_of_client(verdict const& given, std::string_view stage,
                                proto::time_point now);
    void leave_milters();
    bool still_counts(link const& one) const noexcept;
    void resume(proto::time_point now);

    // content.cpp: the message through the milters
    void on_header(wire::header const& field, proto::time_point now);
    bool is_watched() const noexcept;
    bool hold_headers(proto::time_point now);
    void on_body(std::string_view bytes, proto::time_point now);
    void end_headers(proto::time_point now);
    void store_body(std::string_view bytes, proto::time_point now);
    void on_end_of_message(proto::time_point now);
    void show_all(proto::time_point now);
    turn show(link& one, bool its_turn, proto::time_point now);
    bool feed(link& one, proto::time_point now);
    turn settle_content(link& one, proto::time_point now);
    bool feed_headers(link& one, proto::time_point now);
    bool feed_end_of_headers(link& one, proto::time_point now);
    bool feed_body(link& one, proto::time_point now);
    bool feed_end(link& one, proto::time_point now);
    bool may_send(link const& one) const noexcept;
    void on_content_verdict(link& one, wire::command_code code, verdict const& verdict,
                            proto::time_point now);
    void stage_edit(link& one, wire::any_reply const& reply, proto::time_point now);
    error_code keep_new_body(link& one, std::string_view piece) const;
    void fail_edit(link& one, wire::any_reply const& reply, std::string_view limit,
                   proto::time_point now);
    std::string spool_finding(error_code ec) const;
    void commit(link& one, proto::time_point now);
    void take_quarantine(link& one);
    void end_lines_of_body(proto::time_point now);

    // body_flow.cpp
    void let_body_flow(std::size_t shown, proto::time_point now);
    std::size_t enough_for(link const& one) const noexcept;
    void read_on() noexcept;

    // emission.cpp: the outcome, to the MTA
    void finish(proto::time_point now);
    void emit(proto::time_point now);
    bool emit_body();
    void emit_headers();
    void emit_envelope();
    void emit_reply(auto const& reply);
    void drop_edit(link& one, wire::any_reply const& reply);

    // failure.cpp
    void open(link& one, proto::time_point now);
    bool take_seat(link& one, proto::time_point now);
    bool connect_next(link& one, proto::time_point now);
    void close(link& one, bool politely);
    void fail_over(link& one, error_code why, std::string_view where, proto::time_point now);
    void tell_endpoint(link& one, error_code why, std::string const& text, proto::time_point now);
    bool blames_endpoint(link const& one, error_code why) const;
    void give_up(link& one, error_code why, std::string const& text, proto::time_point now);
    void fail(link& one, error_code why, std::string_view where, proto::time_point now);
    void fail_saying(link& one, error_code why, std::string const& text, proto::time_point now);
    turn judge_failure(link& one, proto::time_point now);
    void refuse(verdict const& verdict, std::string_view decided_by, proto::time_point now);
    void decide(verdict const& verdict, std::string_view decided_by, std::string_view stage,
                proto::time_point now);
    void internal_failure(std::string_view what, proto::time_point now);
    void abort_milters(proto::time_point now);
    void command_budget_over(proto::time_point now);
    turn settle_out_of_time(link& one, bool its_turn, proto::time_point now);
    bool is_to_judge(link const& one) const noexcept;
    void out_of_time(proto::time_point now);
    void end_transaction(std::string_view verdict, std::string_view decided_by,
                         std::string_view stage, proto::time_point now);
    void note_macros();
    std::vector<milter_record> records_of_milters() const;
    void log(severity level, std::string peer, std::string text);

    bool from_postfix() const noexcept;
    bool postfix_rules() const noexcept;
    proto::duration command_budget() const noexcept;
    std::string late_reply(link const& one) const;
    proto::mta_options link_options(link const& one) const;

    std::shared_ptr<config const> config_;
    std::uint64_t id_;
    std::string listener_;
    profile_config const* profile_; ///< null: all milters
    std::string shadowed_profile_;  ///< of the session whose shadow this is
    bool serial_;
    proto::filter_session mta_;
    std::vector<std::unique_ptr<link>> links_;

    wire::negotiate offer_;
    bool negotiating_ = false;
    proto::time_point negotiation_deadline_ = proto::never;

    std::string connect_payload_; ///< for milters that join late
    std::string helo_payload_;
    bool has_connect_ = false;
    std::uint32_t helo_serial_ = 0;
    std::string client_name_, client_address_, helo_name_;

    std::unique_ptr<session_rules> rules_; ///< null: there are none
    surroundings surroundings_;
    wire::command_code newest_{}; ///< the latest stage that has become known

    std::optional<event> event_;
    std::uint32_t events_ = 0;
    std::size_t turn_ = 0; ///< first milter whose answer to the event does not count yet
    std::optional<transaction> transaction_;
    std::uint32_t transactions_ = 0;
    std::optional<verdict>
        session_verdict_; ///< refusal at CONNECT or HELO: answers MAIL, RCPT, DATA and content
    std::string session_decided_by_;
    std::string session_reason_;    ///< of that refusal, where no milter gave it
    bool refusal_is_noted_ = false; ///< of this client
    log_damper stray_lines_{std::chrono::seconds(1), 10};
    log_damper refusal_records_{std::chrono::seconds(1), 100};

    std::unique_ptr<proto::agreement const>
        grant_; ///< of the session whose shadow this is; null: none
    bool overloaded_ = false;
    bool parted_ = false;

    proto::time_point idle_deadline_ = proto::never;
    std::size_t mta_in_flight_ = 0;
    bool over_ = false;
    std::vector<effect> effects_;
    std::vector<decision> decisions_;
    std::vector<client_refusal> refusals_;
    std::vector<log_event> log_;
    std::string scratch_;
};

} // namespace milter::manager
