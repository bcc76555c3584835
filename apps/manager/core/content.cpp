// SPDX-License-Identifier: BSL-1.0
// manager/core/content.cpp - the message through the milters, and what each edits
//
// Source: protocol.md 9.7; statements 237, 243-248, 255.
#include "manager/core/message_size.hpp"
#include "manager/core/session.hpp"
#include "manager/core/unit_text.hpp"
#include <milter/message/line_ends.hpp>

#include <algorithm>
#include <utility>

namespace milter::manager {

using wire::command_code;

namespace {

constexpr auto send_ahead = link::send_ahead;

bool edits_content(wire::reply_code code) noexcept {
    return code == wire::reply_code::add_header || code == wire::reply_code::insert_header ||
           code == wire::reply_code::change_header || code == wire::reply_code::replace_body;
}

} // namespace

// ---- from the MTA

void session::on_header(wire::header const& field, proto::time_point now) {
    answer({}); // only where the MTA did not offer to go on by itself (statement 272)
    if (!transaction_ || transaction_->verdict || !is_watched()) return;
    auto& t = *transaction_;
    auto const& limits = config_->limits;
    if (t.headers.size() >= limits.headers)
        return internal_failure("[limits] headers = " + std::to_string(limits.headers) + " reached",
                                now);
    if (t.headers.bytes() + field.name.size() + field.value.size() > limits.header_bytes)
        return internal_failure(
            "[limits] header_bytes = " + size_text(limits.header_bytes) + " reached", now);
    bool const raw = wire::any(mta_.agreed().steps, wire::step::leading_space);
    auto const behind_colon = message::raw_value(field.value, raw);
    t.content_bytes += field_size(field.name, behind_colon);
    t.headers.append_original(field.name, behind_colon);
    if (t.record.message_id.empty() && message::same_name(field.name, "Message-Id")) {
        auto value = field.value;
        value.remove_prefix(std::min(value.find_first_not_of(" \t\n"), value.size()));
        t.record.message_id = capped(value);
    }
    if (hold_headers(now)) show_all(now);
}

/// A shadow whose milter has nothing to do with the message, or no more, keeps nothing of it.
bool session::is_watched() const noexcept {
    return !grant_ || std::any_of(links_.begin(), links_.end(), [](auto const& one) {
        return one->in_message || one->undecided();
    });
}

/// Counts what the headers have grown by. @return false: it is not to be had, and the message is refused
bool session::hold_headers(proto::time_point now) {
    auto& t = *transaction_;
    auto const needed = t.headers.bytes() + t.headers.size() * sizeof(message::header_field);
    auto const held = t.header_memory.size();
    if (needed <= held || t.header_memory.grow(config_->spool.budget.get(), needed - held))
        return true;
    internal_failure("no memory for more headers: [limits] " +
                         std::string(grant_ ? "evaluation_memory" : "memory") + " is used up",
                     now);
    return false;
}

void session::on_body(std::string_view bytes, proto::time_point now) {
    answer({});
    store_body(bytes, now);
}

void session::store_body(std::string_view bytes, proto::time_point now) {
    if (!transaction_ || transaction_->verdict || !is_watched()) return;
    auto& t = *transaction_;
    end_headers(now);
    if (t.body.size() == 0) t.body_since = now;
    t.body_at = now;
    error_code ec;
    t.body.append(bytes, ec);
    t.content_bytes += bytes.size();
    if (ec) return internal_failure("message body: " + spool_finding(ec), now);
    show_all(now);
}

std::string session::spool_finding(error_code ec) const {
    if (ec != errc::limit_exceeded) return ec.message();
    return "[spool] max = " + size_text(config_->spool.max_bytes) + " reached";
}

void session::end_headers(proto::time_point now) {
    if (!transaction_ || std::exchange(transaction_->headers_complete, true)) return;
    transaction_->content_bytes += empty_line_size;
    if (rules_) rules_->facts().content(&transaction_->headers, 0, 0);
    select(command_code::end_of_headers, now);
    rule_decides(now);
}

void session::on_end_of_message(proto::time_point now) {
    if (!transaction_) return answer({});
    auto& t = *transaction_;
    if (session_verdict_ && !t.verdict)
        decide(*session_verdict_, session_decided_by_, "end_of_message", now);
    end_headers(now);
    t.body_complete = true;
    note_macros();
    if (rules_) rules_->facts().content(&t.headers, t.body.size(), t.content_bytes);
    select(command_code::end_of_message, now);
    rule_decides(now);
    t.end_deadline = now + config_->end_of_message_budget;
    t.progress_at = now + proto::progress_interval;
    show_all(now);
}

// ---- to the milters

/// Shows the content to the milter whose turn it is and to those after it, up to the first that may edit it.
void session::show_all(proto::time_point now) {
    if (!transaction_ || event_ || transaction_->emitting) return;
    auto& t = *transaction_;
    auto i = t.turn;
    for (; i < links_.size() && !t.verdict; ++i) {
        auto& one = *links_[i];
        bool const its_turn = i == t.turn;
        if (one.undecided()) {
            if (!its_turn || !t.body_complete || waits_for_lists(one)) break;
            choose_at_last(one, now);
        }
        auto const how = one.in_message ? show(one, its_turn, now) : turn::done;
        if (its_turn && how == turn::done) ++t.turn;
        bool const may_edit = one.pending() || one.may_edit_content();
        if (how == turn::waits && (serial_ || may_edit)) break;
    }
    let_body_flow(i + 1, now);
    if (t.body_complete && (t.verdict || t.turn == links_.size()) && rules_have_spoken(now))
        finish(now);
}

session::turn session::show(link& one, bool its_turn, proto::time_point now) {
    if (!one.held && one.state == link_state::ready && !feed(one, now) && !transaction_->verdict) {
        bool const stalled = !one.awaits() && one.unwritten() >= send_ahead;
        if (stalled && one.write_deadline == proto::never)
            one.write_deadline = now + one.config->timeouts.content;
    }
    if (transaction_->verdict) return turn::concluded;
    bool const is_decided = one.held || one.state == link_state::failed;
    bool const is_due = one.state == link_state::ready || one.pending();
    if (!is_decided) return one.in_message && is_due ? turn::waits : turn::done;
    if (!its_turn) return turn::waits;
    return one.held ? settle_content(one, now) : judge_failure(one, now);
}

/// @return false while more is to be sent, or a reply awaited
bool session::feed(link& one, proto::time_point now) {
    while (may_send(one) && tell_missed(one, now)) {
    }
    return feed_headers(one, now) && feed_end_of_headers(one, now) && feed_body(one, now) &&
           feed_end(one, now);
}

/// The milter's last word on the message counts now.
session::turn session::settle_content(link& one, proto::time_point now) {
    auto const verdict = *std::exchange(one.held, std::nullopt);
    bool const of_client = one.held_for == extent::session;
    if (verdict
            .terminal()) { // a milter that refused a recipient told again is still in the message
        if (of_client) refuse_client(one, verdict);
        refuse(verdict, one.config->name, now);
        if (of_client) leave_milters();
    } else {
        one.in_message = false;
        commit(one, now);
        transaction_->last_verdict = verdict.code;
    }
    return transaction_->verdict ? turn::concluded : turn::done;
}

bool session::may_send(link const& one) const noexcept {
    return one.state == link_state::ready && !one.awaits() && one.unwritten() < send_ahead;
}

/// @return true when all headers were shown
bool session::feed_headers(link& one, proto::time_point now) {
    auto& t = *transaction_;
    auto& c = one.content;
    if (c.headers_done) return true;
    while (may_send(one)) {
        auto const* field = c.skips_headers ? nullptr : t.headers.next_visible(c.header_position);
        if (!field) return c.headers_done = t.headers_complete;
        if (!one.protocol.sends(command_code::header)) continue;
        wire::header const shown{field->now_name(),
                                 message::shown_value(field->now_value(), one.leading_space())};
        one.asks(command_code::header, now);
        error_code ec;
        one.protocol.send(shown, now, ec);
        if (ec == errc::too_large_to_send) { // an earlier milter's work, not a fault of this one
            internal_failure("header " + wire::quoted(field->now_name()) + ": " + ec.message(),
                             now);
            return false;
        }
        if (ec) fail(one, ec, "sending header " + wire::quoted(field->now_name()), now);
    }
    return false;
}

bool session::feed_end_of_headers(link& one, proto::time_point now) {
    if (one.content.end_of_headers_done) return true;
    if (!may_send(one)) return false;
    one.content.end_of_headers_done = true;
    if (!one.protocol.sends(command_code::end_of_headers)) return true;
    append_macros(one, command_code::end_of_headers, now);
    one.asks(command_code::end_of_headers, now);
    error_code ec;
    one.protocol.send(wire::end_of_headers{}, now, ec);
    return true;
}

/// @return true when the whole body was shown, or needs not be
bool session::feed_body(link& one, proto::time_point now) {
    auto& t = *transaction_;
    auto& c = one.content;
    while (may_send(one)) {
        bool const wanted = one.protocol.sends(command_code::body) && !c.skips_body;
        if (!wanted || c.body_offset == t.body.size()) return t.body_complete;
        // whole chunks, as the MTAs cut them, but for the last
        auto const limit = one.protocol.agreed().data_limit;
        if (!t.body_complete && t.body.size() - c.body_offset < limit) return false;
        error_code ec;
        auto const chunk = t.body.read(c.body_offset, limit, scratch_, ec);
        if (ec) {
            internal_failure("reading the stored body: " + ec.message(), now);
            return false;
        }
        c.body_offset += chunk.size();
        c.body_at = now;
        one.asks(command_code::body, now);
        one.protocol.send(wire::body{chunk}, now, ec);
    }
    return false;
}

/// @return true when the milter has given its verdict on the message
bool session::feed_end(link& one, proto::time_point now) {
    if (one.content.end_sent) return !one.awaits();
    if (!may_send(one)) return false;
    one.content.end_sent = true;
    append_macros(one, command_code::end_of_message, now);
    one.asks(command_code::end_of_message, now);
    error_code ec;
    one.protocol.send(wire::end_of_message{}, now, ec);
    return false;
}

void session::on_content_verdict(link& one, command_code code, verdict const& verdict,
                                 proto::time_point now) {
    if (!transaction_ || !one.in_message) return;
    auto& t = *transaction_;
    bool const over = code == command_code::end_of_message;
    // nothing is left to skip: Postfix goes on, for Sendmail the milter has failed
    if (over && verdict.code == wire::reply_code::skip && !postfix_rules())
        return fail(one, errc::reply_not_allowed, "skip to end_of_message", now);
    if (!over && verdict.code == wire::reply_code::skip) {
        if (code == command_code::body) one.content.skips_body = true;
        if (code == command_code::header) one.content.skips_headers = true; // as Postfix takes it
        return;
    }
    if (over || verdict.terminal()) {
        one.hold(verdict, extent::command);
    } else if (verdict.code == wire::reply_code::accept) {
        one.in_message = false;
        t.last_verdict = verdict.code;
    }
}

// ---- edits

void session::stage_edit(link& one, wire::any_reply const& reply, proto::time_point now) {
    if (!transaction_ || !one.in_message) return;
    auto const* piece = std::get_if<wire::replace_body>(&reply);
    if (one.config->read_only && edits_content(wire::code_of(reply)))
        return fail_saying(
            one, errc::reply_not_allowed,
            "asks for " + wire::describe(reply) + " although it has read_only = true", now);
    if (one.protocol.unagreed()) return drop_edit(one, reply);
    // with a blank before its value it must still fit a packet to the MTA
    if (!piece && one.protocol.frame().payload.size() >= wire::default_data_limit)
        return fail_saying(one, errc::limit_exceeded,
                           wire::describe(reply) + ": too long for a packet to the MTA", now);
    auto const& limits = config_->limits.edits;
    if (message::stage(one.edits, reply, one.leading_space(), limits))
        return fail_edit(one, reply,
                         one.edits.count > limits.count
                             ? "[limits] edits = " + std::to_string(limits.count)
                             : "[limits] edit_bytes = " + size_text(limits.bytes),
                         now);
    if (!piece) return;
    if (one.new_body_size + piece->bytes.size() > limits.body_bytes)
        return fail_edit(one, reply, "[limits] replacement_body = " + size_text(limits.body_bytes),
                         now);
    auto const ec = keep_new_body(one, piece->bytes);
    if (ec == errc::limit_exceeded)
        return fail_edit(one, reply, "[spool] max = " + size_text(config_->spool.max_bytes), now);
    if (ec) fail(one, ec, wire::describe(reply), now);
}

/// That of a shadow goes nowhere: only its size is told.
error_code session::keep_new_body(link& one, std::string_view piece) const {
    error_code ec;
    auto const size = one.new_body_size + piece.size();
    if (!grant_)
        one.new_body.append(piece, ec);
    else if (size > config_->spool.max_bytes)
        ec = errc::limit_exceeded;
    if (!ec) one.new_body_size = size;
    return ec;
}

/// It asks for more than the administrator lets it.
void session::fail_edit(link& one, wire::any_reply const& reply, std::string_view limit,
                        proto::time_point now) {
    auto const text = wire::describe(reply) + ": more than " + std::string(limit);
    fail_saying(one, errc::limit_exceeded, text, now);
}

/// Said once a message for each kind, as a new body comes in any number of pieces.
void session::drop_edit(link& one, wire::any_reply const& reply) {
    auto const code = static_cast<char>(wire::code_of(reply));
    if (one.dropped.find(code) != one.dropped.npos) return;
    one.dropped += code;
    log(severity::warning, one.config->name,
        "left out: " + wire::describe(reply) + ": " + error_code(errc::not_negotiated).message());
}

/// The milter accepted: its edits become part of the message.
void session::commit(link& one, proto::time_point now) {
    auto& t = *transaction_;
    one.record.edits = one.edits.count;
    if (!one.edits.headers.empty()) {
        ++t.header_editors;
        for (auto const& edit : one.edits.headers)
            t.headers.apply(edit, static_cast<std::uint32_t>(one.index + 1));
        t.headers.end_turn();
        if (!hold_headers(now)) return one.drop_edits();
        t.single_header_edits = std::move(one.edits.headers);
    }
    std::move(one.edits.envelope.begin(), one.edits.envelope.end(),
              std::back_inserter(t.envelope_edits));
    if (one.edits.replaces_body) {
        t.body = std::move(one.new_body);
        one.changed_body = t.body_replaced = true;
        t.new_body_size = one.new_body_size;
        bool const shown_again =
            std::any_of(links_.begin() + static_cast<std::ptrdiff_t>(one.index) + 1, links_.end(),
                        [](auto const& other) { return other->in_message || other->undecided(); });
        if (shown_again) end_lines_of_body(now);
    }
    take_quarantine(one);
    one.drop_edits();
}

void session::take_quarantine(link& one) {
    if (!one.edits.quarantine) return;
    transaction_->quarantine = std::move(one.edits.quarantine);
    transaction_->quarantined_by = one.config->name;
    one.quarantined = true;
}

/// The next milter is shown the body as the MTA would show it.
void session::end_lines_of_body(proto::time_point now) {
    auto& t = *transaction_;
    message::body_store ended(&config_->spool);
    message::line_ends lines;
    std::string piece;
    error_code ec;
    for (std::size_t done = 0; done < t.body.size() && !ec;) {
        auto const bytes = t.body.read(done, wire::default_data_limit, scratch_, ec);
        done += bytes.size();
        piece.clear();
        lines.append(piece, bytes);
        if (done == t.body.size() && postfix_rules())
            lines.finish(piece); // Sendmail ends it at delivery
        if (!ec) ended.append(piece, ec);
    }
    if (ec) return internal_failure("replaced body: " + spool_finding(ec), now);
    t.body = std::move(ended);
    t.new_body_size = t.body.size();
}

} // namespace milter::manager
