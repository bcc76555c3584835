// SPDX-License-Identifier: BSL-1.0
// load/conversation.cpp - one session of the load driver, without sockets
#include "load/conversation.hpp"

#include <milter/proto/mta_session.hpp>
#include <milter/proto/smtp_reply.hpp>
#include <milter/wire/reply.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

namespace milter::load {

namespace {

constexpr auto replace_body = static_cast<unsigned char>(wire::reply_code::replace_body);
constexpr auto proceed = static_cast<unsigned char>(wire::reply_code::proceed);

constexpr int longest_wait =
    2; // times the timeout of the command, however often the milter says that it is alive

/// Postfix and Sendmail end the SMTP session on a reply that says so.
bool ends_session(wire::reply_code verdict, std::string_view text) noexcept {
    return verdict == wire::reply_code::shutdown ||
           verdict == wire::reply_code::connection_failed || text.substr(0, 3) == "421";
}

proto::duration patience(stage one, proto::mta_timeouts const& times) noexcept {
    switch (one) {
    case stage::negotiate: return times.negotiate;
    case stage::header:
    case stage::end_of_headers:
    case stage::body: return times.content;
    case stage::end_of_message: return times.end_of_message;
    default: return times.command;
    }
}

} // namespace

// ---- sending

void conversation::begin(ticket const& leave, proto::time_point now) {
    ticket_ = leave;
    left_ = leave.messages;
    late_ = std::max(now - leave.due, proto::duration::zero());
    began_ = message_began_ = asked_ = now;
    over_ = false;
    script_.reset();
    message_ = nullptr;
    partial_.clear();
    body_left_ = 0;
    pending_ = {};
    unwritten_ = 0;
    push(shared_->settings.offer);
    expect(stage::negotiate);
    deadline_ = now + shared_->settings.timeouts.connect;
    ++count().sessions;
}

void conversation::push(std::string_view bytes) noexcept {
    if (bytes.empty()) return;
    auto const place = std::find_if(pending_.begin(), pending_.end(),
                                    [](std::string_view one) { return one.empty(); });
    *place = bytes;
    unwritten_ += bytes.size();
    count().bytes_sent += bytes.size();
}

void conversation::wrote(std::size_t size) noexcept {
    unwritten_ -= size;
    if (unwritten_ == 0) {
        pending_ = {};
        return;
    }
    for (auto& one : pending_) {
        auto const here = std::min(size, one.size());
        one.remove_prefix(here);
        size -= here;
    }
    std::stable_partition(pending_.begin(), pending_.end(),
                          [](std::string_view one) { return !one.empty(); });
}

void conversation::expect(stage next) noexcept {
    awaited_ = next;
    deadline_ = asked_ + patience(next, shared_->settings.timeouts);
}

void conversation::send(leg const& part, std::size_t index) noexcept {
    at_ = index;
    push(part.piece(index));
    expect(part.exchanges[index].awaited);
}

// ---- hearing

void conversation::received(std::string_view bytes, proto::time_point now) {
    if (partial_.empty()) {
        auto const used = take(bytes, now);
        if (!over_ && used < bytes.size()) partial_.assign(bytes.substr(used));
        return;
    }
    partial_.append(bytes);
    auto const used = take(partial_, now);
    partial_.erase(0, over_ ? partial_.size() : used);
}

/// @return how much of `bytes` was used up
std::size_t conversation::take(std::string_view bytes, proto::time_point now) {
    auto rest = bytes;
    while (!over_ && !rest.empty()) {
        if (body_left_ > 0) {
            auto const passed = std::min(body_left_, rest.size());
            rest.remove_prefix(passed);
            body_left_ -= passed;
            continue;
        }
        error_code ec;
        bool const is_body = rest.size() >= wire::frame_header_size &&
                             static_cast<unsigned char>(rest[4]) == replace_body;
        auto const limit = is_body ? std::size_t{UINT32_MAX} : shared_->settings.max_reply_bytes;
        auto const frame = wire::first_frame(rest, limit, ec);
        if (ec) {
            fail(ec, now);
        } else if (frame) {
            rest.remove_prefix(frame->raw.size());
            hear(*frame, now);
        } else if (is_body && begin_body(rest, now)) {
            rest.remove_prefix(wire::frame_header_size);
        } else {
            break;
        }
    }
    return bytes.size() - rest.size();
}

/// A replacement body that is not complete is passed over as it comes.
bool conversation::begin_body(std::string_view rest, proto::time_point now) {
    auto const size = std::size_t{wire::frame_length(rest)} - 1;
    hear({replace_body, {}, {}}, now);
    if (over_) return false;
    body_left_ = size;
    return true;
}

void conversation::hear(wire::frame_view const& frame, proto::time_point now) {
    bool const plain = frame.code == proceed && frame.payload.empty();
    if (plain && awaited_ != stage::negotiate) return settle(wire::reply_code::proceed, {}, now);
    auto const* const row = wire::find_reply(frame.code);
    if (!row) return fail(errc::unknown_code, now);
    static proto::agreement const nothing_yet;
    auto const& agreed = script_ ? script_->agreed : nothing_yet;
    auto const wrong = proto::judge_reply(*row, awaited(), agreed, proto::strictness::strict);
    if (wrong != errc{}) return fail(wrong, now);
    if (awaited_ == stage::negotiate) return greet(frame, now);
    error_code ec;
    auto const reply = wire::decode_reply(frame, ec);
    if (!reply) return fail(ec, now);
    if (row->kind == wire::reply_kind::verdict) {
        auto const* const text = std::get_if<wire::reply_text>(&*reply);
        return settle(row->code, text ? text->text : std::string_view{}, now);
    }
    // a milter that is alive for ever must not keep the load from ending
    auto const wait = patience(awaited_, shared_->settings.timeouts);
    deadline_ = std::min(now + wait, asked_ + longest_wait * wait);
    if (row->kind == wire::reply_kind::edit)
        note_edit(row->code);
    else
        ++count().keepalives;
}

void conversation::note_edit(wire::reply_code edit) {
    ++count().edits[edit];
    quarantined_ = quarantined_ || edit == wire::reply_code::quarantine;
}

void conversation::note_time(proto::time_point now) {
    auto& all = count();
    all.stages[index_of(awaited_)].record(now - asked_, late_, shared_->settings.is_open_loop);
    ++all.answers;
    asked_ = now;
}

void conversation::greet(wire::frame_view const& answer, proto::time_point now) {
    if (has_pending()) return fail(errc::reply_not_due, now); // before it had the offer
    error_code ec;
    script_ = shared_->scripts.find(answer, ec);
    if (!script_) return fail(ec, now);
    note_time(now);
    auto const& opening = script_->opening;
    if (opening.exchanges.empty()) return begin_message(opening.unanswered());
    send(opening, 0);
}

void conversation::settle(wire::reply_code verdict, std::string_view text, proto::time_point now) {
    if (has_pending()) return fail(errc::reply_not_due, now); // before it had the command
    note_time(now);
    auto const what = outcome_of(verdict, text);
    bool const refused = refuses(what);
    if (refused) count().note_refusal(awaited_, text.empty() ? wire::name_of(verdict) : text);
    if (!message_) {
        if (what == outcome::accept || refused) return end_early(what, now);
        return next_exchange();
    }
    if (ends_session(verdict, text)) {
        finish(what, now);
        return leave(script_->goodbye, now);
    }
    if (awaited_ == stage::end_of_message) return end_message(what, now);
    if (awaited_ == stage::rcpt && recipient_is_left(what)) return next_exchange();
    if (what != outcome::pass) return end_message(what, now);
    if (verdict == wire::reply_code::skip) skip_to_other();
    next_exchange();
}

/// Whether the message goes on after an answer about one recipient.
bool conversation::recipient_is_left(outcome what) {
    if (what == outcome::pass) ++accepted_;
    if (refuses(what)) ++count().refused_recipients;
    bool const decided = what != outcome::pass && !refuses(what);
    if (decided) return false;
    auto const& all = message_->content.exchanges;
    bool const is_last = at_ + 1 == all.size() || all[at_ + 1].awaited != stage::rcpt;
    return !is_last || accepted_ != 0;
}

/// Before the first exchange for another stage, so that next_exchange() goes there.
void conversation::skip_to_other() {
    bool const over_headers = awaited_ == stage::header && shared_->settings.skip_ends_headers;
    if (awaited_ != stage::body && !over_headers) return;
    auto const& all = message_->content.exchanges;
    while (at_ + 1 < all.size() && all[at_ + 1].awaited == awaited_) ++at_;
}

void conversation::next_exchange() {
    auto const& part = message_ ? message_->content : script_->opening;
    if (at_ + 1 < part.exchanges.size()) return send(part, at_ + 1);
    begin_message(part.unanswered()); // of the opening: a message ends with an answer
}

// ---- messages

/// @param with  what goes before it
void conversation::begin_message(std::string_view with) {
    push(with);
    message_ = &script_->messages[shared_->order.next() % script_->messages.size()];
    accepted_ = 0;
    quarantined_ = false;
    send(message_->content, 0);
}

void conversation::end_message(outcome what, proto::time_point now) {
    bool const at_end = awaited_ == stage::end_of_message;
    if (at_end && quarantined_ && !refuses(what) && what != outcome::discard)
        what = outcome::quarantine;
    bool const open = awaited_ == stage::rcpt && refuses(what);
    finish(what, now);
    if (left_ == 0) return leave(script_->goodbye, now);
    message_began_ = now;
    begin_message(open ? script_->between_open : script_->between);
}

/// At CONNECT or HELO: it is the verdict on what the client would have sent.
void conversation::end_early(outcome what, proto::time_point now) {
    finish(what, now);
    leave(script_->early_goodbye, now);
}

void conversation::leave(std::string_view goodbye, proto::time_point now) {
    count().session.record(now - began_, late_, shared_->settings.is_open_loop);
    push(goodbye);
    over_ = true;
    deadline_ = proto::never;
}

void conversation::finish(outcome what, proto::time_point now) {
    auto& all = count();
    all.note(what);
    if (left_ > 0) --left_;
    auto const bytes = message_ ? message_->bytes : 0;
    if (what != outcome::error) {
        all.message.record(now - message_began_, late_, shared_->settings.is_open_loop);
        all.message_bytes += bytes;
    }
    auto* const watched_by = shared_->settings.watched_by;
    if (watched_by && ticket_.counts)
        watched_by->finished({now, now - message_began_ + late_, bytes, what});
}

// ---- failures

void conversation::fail(error_code why, proto::time_point now, bool connected) {
    if (over_) return;
    ++count().errors[{why, awaited_, connected}];
    finish(outcome::error, now);
    pending_ = {};
    unwritten_ = 0;
    over_ = true;
}

void conversation::connected(proto::time_point now) noexcept {
    deadline_ = now + shared_->settings.timeouts.negotiate;
}

void conversation::lost(error_code why, bool connected, proto::time_point now) {
    fail(why, now, connected);
}

void conversation::expire(proto::time_point now) { fail(errc::timed_out, now); }

void conversation::ended(proto::time_point now) {
    fail(partial_.empty() && body_left_ == 0 ? errc::connection_closed : errc::frame_truncated,
         now);
}

} // namespace milter::load
