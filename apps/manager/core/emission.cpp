// SPDX-License-Identifier: BSL-1.0
// manager/core/emission.cpp - what became of the message, back to the MTA: edits, a new body, the verdict
//
// Source: protocol.md 9.7; statements 249-257, 272-274.
#include "manager/core/session.hpp"
#include <milter/message/merge.hpp>

#include <utility>

namespace milter::manager {

namespace {

constexpr auto send_ahead = link::send_ahead; // of the MTA, too

} // namespace

/// All content arrived and every milter has judged it, or somebody decided for all.
void session::finish(proto::time_point now) {
    auto& t = *transaction_;
    if (!t.verdict && nobody_is_left())
        decide(t.last_deletion, t.last_deletion_by, "end_of_message", now);
    t.emitting = true;
    t.progress_at = t.end_deadline = proto::never;
    if (t.verdict) {
        answer(*t.verdict);
        end_transaction(word(*t.verdict), t.record.decided_by, t.record.stage, now);
        forget_transaction();
        return;
    }
    emit_headers();
    emit_envelope();
    if (t.body_replaced) {
        t.body_sent = 0;
        ++t.record.edit_count;
        if (t.record.edits.size() < record_list_limit)
            t.record.edits.push_back("replace_body " + std::to_string(t.new_body_size) + " bytes");
    }
    emit(now);
}

/// Requests of a single milter go out as they came; those of several, merged.
void session::emit_headers() {
    auto& t = *transaction_;
    auto const edits =
        t.header_editors > 1 ? message::merge(t.headers) : std::move(t.single_header_edits);
    bool const raw = wire::any(mta_.agreed().steps, wire::step::leading_space);
    for (auto const& edit : edits) {
        auto value = raw ? std::string_view(edit.value) : message::shown_value(edit.value, false);
        bool const change = edit.what == message::header_edit::kind::change;
        if (change && value.empty()) value = edit.value; // a blank must not become a deletion
        switch (edit.what) {
        case message::header_edit::kind::add: emit_reply(wire::add_header{edit.name, value}); break;
        case message::header_edit::kind::insert:
            emit_reply(wire::insert_header{edit.index, edit.name, value});
            break;
        case message::header_edit::kind::change:
            emit_reply(wire::change_header{edit.index, edit.name, value});
            break;
        }
    }
}

void session::emit_envelope() {
    for (auto const& edit : transaction_->envelope_edits) {
        auto const args = edit.args ? std::optional<std::string_view>(*edit.args) : std::nullopt;
        switch (edit.what) {
        case wire::reply_code::add_rcpt: emit_reply(wire::add_rcpt{edit.address}); break;
        case wire::reply_code::delete_rcpt: emit_reply(wire::delete_rcpt{edit.address}); break;
        case wire::reply_code::change_from:
            emit_reply(wire::change_from{edit.address, args});
            break;
        default: emit_reply(wire::add_rcpt_with_args{edit.address, args}); break;
        }
    }
}

void session::emit_reply(auto const& reply) {
    auto& t = *transaction_;
    auto const words = wire::describe(wire::any_reply{reply});
    error_code ec;
    mta_.reply(reply, ec);
    if (ec) {
        t.edits_failed = true;
        log(severity::error, "mta", "edit cannot be passed on: " + words + ": " + ec.message());
    }
    ++t.record.edit_count;
    if (t.record.edits.size() < record_list_limit) t.record.edits.push_back(capped(words));
}

/// The replaced body in one run, as fast as the MTA reads it; then quarantine and verdict.
void session::emit(proto::time_point now) {
    auto& t = *transaction_;
    if (t.body_sent && !t.edits_failed && !emit_body()) return;
    if (t.quarantine && !t.edits_failed) {
        t.record.quarantine = capped(*t.quarantine);
        emit_reply(wire::quarantine{*t.quarantine});
    }
    if (t.edits_failed) { // half of the edits are out: only a refusal takes them back (statement 153)
        auto const verdict = internal_verdict(config_->on_internal_error);
        t.record.text = verdict.text;
        answer(verdict);
        end_transaction(word(verdict), "manager", "end_of_message", now);
    } else {
        // with a single milter even the letter of the accepting verdict is its own (statement 273)
        bool const own = links_.size() == 1 && t.last_verdict == wire::reply_code::accept;
        answer({own ? wire::reply_code::accept : wire::reply_code::proceed, {}});
        end_transaction(t.quarantine ? "quarantine" : "accept", t.quarantined_by, "end_of_message",
                        now);
    }
    forget_transaction();
}

/// @return true when all of it is on its way, or it failed
bool session::emit_body() {
    auto& t = *transaction_;
    do {
        if (mta_.output().size() + mta_in_flight_ >= send_ahead) return false;
        error_code ec;
        auto const chunk = t.body.read(*t.body_sent, wire::default_data_limit, scratch_, ec);
        if (!ec) mta_.reply(wire::replace_body{chunk}, ec);
        if (ec) {
            log(severity::error, "mta", "replaced body cannot be passed on: " + ec.message());
            t.edits_failed = true;
            return true;
        }
        *t.body_sent += chunk.size();
    } while (*t.body_sent < t.body.size());
    t.body_sent.reset();
    return true;
}

} // namespace milter::manager
