// SPDX-License-Identifier: BSL-1.0
// manager/core/upstream.cpp - what the MTA says, and how it is answered
#include "manager/core/session.hpp"
#include "rule/ip.hpp"

#include <optional>
#include <string>

namespace milter::manager {

using wire::command_code;

namespace {

bool follows_recipients(command_code code) noexcept {
    return code == command_code::data || code == command_code::header ||
           code == command_code::end_of_headers || code == command_code::body ||
           code == command_code::end_of_message;
}

/// Of IPv6 in the one spelling of RFC 5952, for those who search the log: Sendmail's is another.
std::string address_for_people(wire::connect const& who) {
    auto const text = wire::without_ipv6_tag(who.address);
    auto const address =
        who.family == wire::family::inet6 ? rule::parse_ip(text) : std::optional<rule::ip>();
    return address ? to_string(*address) : capped(text);
}

} // namespace

void session::pull(proto::time_point now) {
    while (!over_) {
        error_code ec;
        auto const command = mta_.next(ec);
        if (ec) return dead(ec, mta_.failure(), now);
        if (!command) return;
        bool const decided =
            transaction_ && transaction_->verdict; // content of a refused message is no surprise
        if (mta_.out_of_order() && !decided)
            stray(*command, now);
        else
            handle(*command, now);
    }
}

void session::handle(wire::any_command const& command, proto::time_point now) {
    struct {
        session& self;
        proto::time_point now;
        void operator()(wire::negotiate const& c) { self.on_negotiate(c, now); }
        void operator()(wire::macros const&) {} // kept by the filter session
        void operator()(wire::connect const& c) { self.on_connect(c, now); }
        void operator()(wire::helo const& c) { self.on_helo(c, now); }
        void operator()(wire::mail const& c) { self.on_mail(c, now); }
        void operator()(wire::rcpt const& c) { self.on_rcpt(c, now); }
        void operator()(wire::data const&) { self.begin(command_code::data, now); }
        void operator()(wire::unknown const&) { self.begin(command_code::unknown, now); }
        void operator()(wire::header const& c) { self.on_header(c, now); }
        void operator()(wire::end_of_headers const&) {
            self.end_headers(now);
            self.answer({});
            self.show_all(now);
        }
        void operator()(wire::body const& c) { self.on_body(c.bytes, now); }
        void operator()(wire::end_of_message const& c) {
            if (!c.bytes.empty()) self.store_body(c.bytes, now);
            self.on_end_of_message(now);
        }
        void operator()(wire::abort const&) { self.on_abort(now); }
        void operator()(wire::quit const&) { self.on_quit(now); }
        void operator()(wire::quit_new_connection const&) { self.on_quit(now); }
    } visitor{*this, now};
    if (grant_ && follows_recipients(wire::code_of(command))) leave_without_recipients(now);
    std::visit(visitor, command);
}

/// A command that may not come here: no milter could take it.
void session::stray(wire::any_command const& command, proto::time_point now) {
    auto const code = wire::code_of(command);
    auto const words = wire::describe(command) + ": " + error_code(errc::out_of_sequence).message();
    // what the milters judge would not be what is delivered
    if (transaction_ && code != command_code::unknown) return internal_failure(words, now);
    if (auto const left_out = stray_lines_.say(now))
        log(severity::warning, "mta", with_count(words, *left_out));
    if (auto const* client = std::get_if<wire::connect>(&command)) {
        forget_client(now); // never judge the mail of one client as another's
        return on_connect(*client, now);
    }
    bool const of_message = code != command_code::helo && code != command_code::unknown;
    answer(session_verdict_ && of_message ? *session_verdict_
           : of_message                   ? internal_verdict(config_->on_internal_error)
                                          : verdict{});
}

void session::on_negotiate(wire::negotiate const& offer, proto::time_point now) {
    if (offer.version < wire::oldest_version)
        return dead(errc::version_refused, wire::describe(wire::any_command{offer}), now);
    idle_deadline_ = now + config_->idle_timeout;
    offer_ = offer;
    negotiating_ = true;
    negotiation_deadline_ = now + config_->negotiation_wait;
    select(command_code::negotiate, now);
    for (auto const& one : links_)
        if (runs(*one) && one->state == link_state::idle) open(*one, now);
    negotiation_progress(now, false);
}

void session::on_connect(wire::connect const& who, proto::time_point now) {
    connect_payload_.assign(mta_.frame().payload);
    has_connect_ = true;
    client_name_ = capped(who.hostname);
    client_address_ = address_for_people(who);
    if (rules_) rules_->replaced().client(who);
    for (auto const& one : links_) // after QUIT_NC
        if (runs(*one) && one->state == link_state::idle) open(*one, now);
    begin(command_code::connect, now);
}

void session::on_helo(wire::helo const& who, proto::time_point now) {
    on_abort(now); // HELO within a transaction breaks it off (statement 264)
    forget_answers(holds::helo);
    helo_payload_.assign(mta_.frame().payload);
    ++helo_serial_;
    helo_name_ = capped(who.name);
    if (rules_) rules_->replaced().helo(who.name);
    begin(command_code::helo, now);
}

void session::on_mail(wire::mail const& sender, proto::time_point now) {
    on_abort(now); // statement 133
    transaction_.emplace();
    auto& t = *transaction_;
    t.number = ++transactions_;
    t.since = now;
    t.headers.rules(postfix_rules() ? message::header_rules::postfix
                                    : message::header_rules::sendmail);
    t.body = message::body_store(&config_->spool);
    t.record.sender = capped(sender.address);
    if (session_verdict_) t.record.reason = session_reason_;
    forget_answers(holds::message);
    if (rules_) rules_->replaced().sender(sender, now);
    keep_sender(mta_.frame().payload);
    note_out_of_share(sender);
    for (auto const& one : links_) {
        one->begin_transaction();
        one->new_body = message::body_store(&config_->spool);
        bool const asked = runs(*one) && one->state != link_state::excluded && !session_verdict_;
        if (asked) join(*one, now);
    }
    begin(command_code::mail, now);
}

void session::on_rcpt(wire::rcpt const& recipient, proto::time_point now) {
    if (!transaction_) return answer({});
    auto& t = *transaction_;
    bool const refused_by_mta = proto::find_macro(mta_.macros().at(command_code::rcpt),
                                                  "{rcpt_mailer}") == std::string_view("error");
    if (t.recipients >= config_->limits.recipients)
        return internal_failure(
            "[limits] recipients = " + std::to_string(config_->limits.recipients) + " reached",
            now);
    if (!refused_by_mta && t.record.recipients.size() < record_list_limit)
        t.record.recipients.push_back({capped(recipient.address), "continue", {}});
    t.record.recipient_count += refused_by_mta ? 0 : 1;
    if (rules_ && !refused_by_mta) rules_->facts().add_recipient(recipient);
    begin(command_code::rcpt, now, refused_by_mta);
}

/// An MTA that hears us would not have come to the content.
void session::leave_without_recipients(proto::time_point now) {
    if (!transaction_ || transaction_->verdict || !every_recipient_was_refused()) return;
    abort_milters(now);
    end_transaction(aborted(), {}, {}, now);
    transaction_->verdict.emplace(internal_verdict(config_->on_internal_error));
}

/// Why the MTA gave the message up, as far as it can be seen.
std::string_view session::aborted() const noexcept {
    return every_recipient_was_refused() ? "no_recipients" : "aborted";
}

bool session::every_recipient_was_refused() const noexcept {
    return transaction_->recipients == 0 && transaction_->record.recipient_count > 0;
}

void session::on_abort(proto::time_point now) {
    if (!transaction_) return;
    abort_milters(now);
    end_transaction(aborted(), {}, {}, now);
    forget_transaction();
}

void session::on_quit(proto::time_point now) {
    bool const again = mta_.at() != proto::phase::closed;
    if (!again) {
        parted_ = true;
        return end_session(now);
    }
    forget_client(now); // QUIT_NC: a new client on the same connection and options
}

void session::forget_client(proto::time_point now) {
    on_abort(now);
    leave_milters();
    forget_answers(holds::client);
    has_connect_ = false;
    helo_serial_ = 0;
    helo_payload_.clear();
    client_name_.clear();
    client_address_.clear();
    helo_name_.clear();
    if (rules_) rules_->replaced().forget_client();
    if (overloaded_) return; // whoever comes: it is the connection that there is no room for
    refusal_is_noted_ = false;
    session_verdict_.reset();
}

void session::answer(verdict const& verdict) {
    if (!mta_.awaits_reply()) return;
    error_code ec;
    switch (verdict.code) {
    case wire::reply_code::accept: mta_.reply(wire::accept{}, ec); break;
    case wire::reply_code::reject: mta_.reply(wire::reject{}, ec); break;
    case wire::reply_code::tempfail: mta_.reply(wire::tempfail{}, ec); break;
    case wire::reply_code::discard: mta_.reply(wire::discard{}, ec); break;
    case wire::reply_code::reply_text: mta_.reply(wire::reply_text{verdict.text}, ec); break;
    default: mta_.reply(wire::proceed{}, ec); break;
    }
    if (ec) { // a verdict that may not be given here: never leave the MTA waiting
        log(severity::error, "mta", "verdict not possible here: " + ec.message());
        error_code second;
        mta_.reply(wire::tempfail{}, second);
    }
}

} // namespace milter::manager
