// SPDX-License-Identifier: BSL-1.0
// tests/support/mta_watch.hpp - what an MTA says to a manager and what it is answered, judged from outside
//
// The MTA may do anything. Whatever it does: each command that needs an answer gets one verdict, in order, in time, that
// may be given to it, and nothing else. A message in which the MTA itself kept the rules is `clean`.
// Source: protocol.md 3.1-3.5; statements 62, 63, 101, 127, 141, 170.
#pragma once

#include <milter/proto/mta_session.hpp>
#include <milter/proto/smtp_reply.hpp>

#include <support/seen_edit.hpp>

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace support {

namespace proto = milter::proto;

/// How the MTA was answered at the end of a message.
struct message_end {
    bool clean = false; ///< it was a message, and the MTA kept the rules
    std::string sender;
    bool sender_is_new = true;        ///< within the session: it tells the message from others
    std::set<std::string> recipients; ///< that it was told are taken; those named once only
    edit_log edits;
    wire::reply_code verdict{};
    bool accepted() const noexcept {
        return verdict == wire::reply_code::proceed || verdict == wire::reply_code::accept;
    }
};

class mta_watch {
public:
    using report = std::function<void(std::string const&)>;

    explicit mta_watch(report fault) : fault_(std::move(fault)) {}

    std::function<void(message_end const&)> on_message_end = [](auto&) {};
    std::function<void(wire::command_code)> on_next_client = [](auto) {
    }; ///< QUIT_NC was read, or CONNECT where it may not come
    std::function<void(wire::reply_code)> on_mail = [](auto) {
    }; ///< the verdict on MAIL, rules kept

    void said(std::string_view bytes, proto::time_point now);
    void heard(std::string_view bytes, proto::time_point now);
    void drained() noexcept { undrained_ = 0; }

    // ---- where it stands, as far as it was answered

    bool waits() const noexcept { return !asked_.empty(); }
    std::optional<wire::command_code> owed() const {
        return waits() ? std::optional(asked_.front().code) : std::nullopt;
    }
    proto::time_point owed_since() const noexcept { return owed_since_; }
    bool negotiated() const noexcept { return negotiated_; }
    proto::agreement const& agreed() const noexcept { return agreed_; }
    proto::phase at() const noexcept { return at_; }
    bool greeted() const noexcept { return greeted_; } ///< it has sent HELO
    bool parted() const noexcept { return parted_; }   ///< its QUIT was read
    std::size_t undrained() const noexcept { return undrained_; }

private:
    struct question {
        wire::command_code code{};
        std::string sender;
        std::string recipient;
        bool refused_by_mta = false;
    };

    void fault(std::string const& what) const { fault_("to the MTA: " + what); }
    void pass_over_unanswered(proto::time_point now);
    void process(question const& one);
    void take(wire::any_reply const& reply, std::string const& line, proto::time_point now);
    void take_agreement(wire::negotiate_reply const& answer, std::string const& line);
    void take_within(wire::any_reply const& reply, std::string const& line);
    void judge_verdict(wire::any_reply const& reply, std::string const& line);
    void settle(wire::reply_code code);
    void settle_recipient(question const& one, wire::reply_code code);

    report fault_;
    std::string out_, in_;
    bool unreadable_ = false; ///< what it said is no packet
    std::size_t undrained_ = 0;
    std::deque<question> asked_; ///< said and not known to be read
    proto::time_point owed_since_{};
    wire::negotiate offer_;
    bool offered_ = false, negotiated_ = false, greeted_ = false, parted_ = false;
    proto::agreement agreed_;
    proto::phase at_ = proto::phase::start;
    bool clean_ = false;
    std::string sender_;
    std::set<std::string> senders_; ///< of all messages
    bool sender_is_new_ = true;
    bool refuses_recipient_ = false;           ///< itself, as its macros say
    std::set<std::string> recipients_, named_; ///< of this message
    edit_log edits_;
    bool body_over_ = false;
};

inline void mta_watch::said(std::string_view bytes, proto::time_point now) {
    out_ += bytes;
    std::string_view rest = out_;
    milter::error_code ec;
    while (!unreadable_) {
        auto const frame = wire::first_frame(rest, wire::default_data_limit, ec);
        if (!frame) break;
        rest.remove_prefix(frame->raw.size());
        auto const command = wire::decode_command(*frame, ec);
        if (!command) break;
        auto const code = wire::code_of(*command);
        if (auto const* set = std::get_if<wire::macros>(&*command)) {
            if (set->stage == static_cast<unsigned char>(wire::command_code::rcpt))
                refuses_recipient_ =
                    proto::find_macro(set->pairs, "{rcpt_mailer}") == std::string_view("error");
            continue;
        }
        if (auto const* offer = std::get_if<wire::negotiate>(&*command)) {
            if (std::exchange(offered_, true)) continue; // statement 63
            offer_ = *offer;
        }
        if (asked_.empty()) owed_since_ = now;
        auto const* from = std::get_if<wire::mail>(&*command);
        auto const* to = std::get_if<wire::rcpt>(&*command);
        asked_.push_back({code, from ? std::string(from->address) : std::string(),
                          to ? std::string(to->address) : std::string(), to && refuses_recipient_});
    }
    unreadable_ = unreadable_ || ec;
    out_.erase(0, out_.size() - rest.size());
    pass_over_unanswered(now);
}

/// What needs no answer is read as soon as all before it was answered.
inline void mta_watch::pass_over_unanswered(proto::time_point now) {
    while (negotiated_ && waits() && !agreed_.answers(asked_.front().code)) {
        process(asked_.front());
        asked_.pop_front();
        owed_since_ = now;
    }
}

inline void mta_watch::process(question const& one) {
    using wire::command_code;
    auto const move = proto::follow(at_, one.code, agreed_.steps);
    bool const fits = move.how != proto::fit::out_of_order;
    if (one.code == command_code::mail) {
        clean_ = fits;
        sender_ = one.sender;
        recipients_.clear();
        named_.clear();
        sender_is_new_ = senders_.insert(one.sender).second;
    }
    clean_ = clean_ && fits;
    if (fits) at_ = move.next;
    if (one.code == command_code::helo) greeted_ = true;
    if (one.code == command_code::quit) parted_ = true;
    bool const next = one.code == command_code::quit_new_connection ||
                      (one.code == command_code::connect && !fits);
    if (!next) return;
    greeted_ = false;
    on_next_client(one.code);
}

inline void mta_watch::heard(std::string_view bytes, proto::time_point now) {
    undrained_ += bytes.size();
    in_ += bytes;
    std::string_view rest = in_;
    milter::error_code ec;
    while (auto const frame = wire::first_frame(rest, wire::default_data_limit, ec)) {
        rest.remove_prefix(frame->raw.size());
        auto const reply = wire::decode_reply(*frame, ec);
        if (!reply) return fault("malformed " + wire::describe_reply(*frame));
        take(*reply, std::string(wire::name_of(wire::code_of(*reply))), now);
    }
    if (ec) fault("a reply that cannot be read: " + ec.message());
    if (!rest.empty()) fault("half a reply");
    in_.clear();
}

inline void mta_watch::take(wire::any_reply const& reply, std::string const& line,
                            proto::time_point now) {
    if (!waits()) return fault(line + " although no reply is due");
    if (auto const* answer = std::get_if<wire::negotiate_reply>(&reply))
        take_agreement(*answer, line);
    else if (asked_.front().code == wire::command_code::negotiate)
        return fault(line + " instead of an answer to the offer");
    else if (wire::row_of(wire::code_of(reply)).kind != wire::reply_kind::verdict)
        return take_within(reply, line);
    else {
        process(asked_.front());
        judge_verdict(reply, line);
        settle(wire::code_of(reply));
    }
    asked_.pop_front();
    owed_since_ = now;
    pass_over_unanswered(now);
}

inline void mta_watch::take_agreement(wire::negotiate_reply const& answer,
                                      std::string const& line) {
    if (asked_.front().code != wire::command_code::negotiate) return fault("second " + line);
    auto const agreed = proto::check_answer(offer_, answer, proto::strictness::strict);
    if (!agreed) return fault(line + ": " + agreed.error().message());
    agreed_ = *agreed;
    negotiated_ = true;
    at_ = proto::phase::negotiated;
}

/// Edits and PROGRESS.
inline void mta_watch::take_within(wire::any_reply const& reply, std::string const& line) {
    if (asked_.front().code != wire::command_code::end_of_message)
        return fault(line + " in answer to " + std::string(wire::name_of(asked_.front().code)));
    if (!wire::has(agreed_.actions, wire::row_of(wire::code_of(reply)).needs))
        fault(line + " was not agreed");
    auto edit = to_seen_edit(reply);
    bool const in_body = !edits_.empty() && edits_.back().what == wire::reply_code::replace_body;
    bool const of_body = edit && edit->what == wire::reply_code::replace_body;
    if (in_body && !of_body) body_over_ = true;
    if (!edit) return;
    if (of_body && body_over_) fault("a second run of replacement body");
    if (!edits_.empty() && edits_.back().what == wire::reply_code::quarantine)
        fault(line + " after quarantine");
    edits_.push_back(std::move(*edit));
}

inline void mta_watch::judge_verdict(wire::any_reply const& reply, std::string const& line) {
    using wire::command_code;
    using wire::reply_code;
    auto const code = wire::code_of(reply);
    auto const command = asked_.front().code;
    auto const never = [&](bool wrong) {
        if (wrong) fault(line + " in answer to " + std::string(wire::name_of(command)));
    };
    never(code == reply_code::shutdown || code == reply_code::connection_failed);
    never(code == reply_code::skip); // it is told to the milter's own content only
    never(command == command_code::unknown &&
          (code == reply_code::accept || code == reply_code::discard));
    never((command == command_code::connect || command == command_code::helo) &&
          (code == reply_code::discard || code == reply_code::accept));
    if (auto const* text = std::get_if<wire::reply_text>(&reply))
        never(bool(proto::check_reply_text(text->text)));
}

inline void mta_watch::settle(wire::reply_code code) {
    auto const command = asked_.front().code;
    at_ = proto::after_verdict(at_, command, code);
    if (command == wire::command_code::mail && clean_) on_mail(code);
    if (command == wire::command_code::rcpt) settle_recipient(asked_.front(), code);
    if (command != wire::command_code::end_of_message) return;
    on_message_end({clean_, sender_, sender_is_new_, std::exchange(recipients_, {}),
                    std::exchange(edits_, {}), code});
    clean_ = body_over_ = false;
}

inline void mta_watch::settle_recipient(question const& one, wire::reply_code code) {
    bool const taken = code == wire::reply_code::proceed || code == wire::reply_code::accept;
    bool const again = !named_.insert(one.recipient).second;
    if (again) recipients_.erase(one.recipient);
    if (taken && !again && !one.refused_by_mta) recipients_.insert(one.recipient);
}

} // namespace support
