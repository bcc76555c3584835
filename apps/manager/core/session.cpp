// SPDX-License-Identifier: BSL-1.0
// manager/core/session.cpp - what comes in, what goes out, and the end
#include "manager/core/session.hpp"

#include "manager/core/mta_kind.hpp"

#include <algorithm>
#include <utility>

namespace milter::manager {

using wire::command_code;

namespace {

constexpr std::size_t send_ahead =
    1 << 20; // bytes from the MTA while a reply is owed: the largest packet and more

/// Of descriptors or memory of our own, whoever it hits: no milter's fault.
bool is_shortage(error_code ec) noexcept {
    return ec == std::errc::too_many_files_open || ec == std::errc::too_many_files_open_in_system ||
           ec == std::errc::not_enough_memory || ec == std::errc::no_buffer_space;
}

} // namespace

session::session(std::shared_ptr<config const> config, std::uint64_t id, proto::time_point now,
                 std::string listener, std::string_view profile, surroundings const& known)
    : config_(std::move(config)), id_(id), listener_(std::move(listener)),
      profile_(find_profile(*config_, profile)),
      serial_(profile_ ? profile_->serial.value_or(config_->serial) : config_->serial),
      mta_(proto::filter_options{{}, true}), surroundings_(known), idle_deadline_(now + proto::filter_negotiate_timeout) {
    if (config_->book) {
        rules_ = std::make_unique<session_rules>(*config_, mta_.macros(), *this, rules_for::enforced);
        rules_->facts().begins(listener_, profile_ ? std::string_view(profile_->name) : std::string_view(), surroundings_);
    }
    for (auto const index : profile_ ? profile_->order : config_->order)
        add_link(config_->milters[index]);
}

void session::add_link(milter_config const& milter) {
    if (!milter.enabled || milter.mode == milter_mode::evaluate) return;
    auto& added = *links_.emplace_back(std::make_unique<link>());
    added.index = links_.size() - 1;
    added.config = &milter;
    added.place = static_cast<std::size_t>(&milter - config_->milters.data());
    if (selects()) added.applies = applicability::undecided;
}

// ---- inputs

void session::mta_bytes(std::string_view bytes, proto::time_point now) {
    if (over_) return;
    if (mta_.at() != proto::phase::start) idle_deadline_ = now + config_->idle_timeout;
    mta_.received(bytes);
    pull(now);
    // who sends on without waiting for the reply it is owed would fill our memory
    if (!over_ && !grant_ && mta_.buffered() > send_ahead)
        dead(errc::limit_exceeded, "commands sent without waiting for replies", now);
    if (!over_ && mta_.output().size() + mta_in_flight_ > send_ahead)
        dead(errc::limit_exceeded, "replies are not read", now);
}

void session::mta_closed(error_code why, proto::time_point now) {
    if (over_) return;
    bool const health_check = mta_.at() == proto::phase::start && !why;
    bool const was_refused = session_verdict_ && !transaction_ && !why; // Postfix says no QUIT then
    error_code ec;
    mta_.ended(ec);
    bool const is_usual = health_check || was_refused;
    if (!is_usual || ec == errc::frame_truncated)
        log(severity::warning, "mta", why ? "connection failed: " + why.message() : mta_.failure());
    end_session(now);
}

void session::overloaded(std::string why) {
    overloaded_ = true;
    session_reason_ = std::move(why);
    links_.clear();
    session_verdict_ = internal_verdict(config_->on_internal_error);
    session_decided_by_ = "manager";
}

void session::shadow(proto::agreement const& granted, std::string profile) {
    grant_ = std::make_unique<proto::agreement const>(granted);
    if (!rules_) return;
    rules_ = std::make_unique<session_rules>(*config_, mta_.macros(), *this, rules_for::evaluated);
    shadowed_profile_ = std::move(profile);
    rules_->facts().begins(listener_, shadowed_profile_, surroundings_);
}

void session::mta_drained(proto::time_point now) {
    mta_in_flight_ = 0;
    if (!over_ && mta_.at() != proto::phase::start) idle_deadline_ = now + config_->idle_timeout;
    if (transaction_ && transaction_->emitting) {
        emit(now);
        pull(now);
    }
}

void session::filter_connected(std::size_t index, error_code ec, proto::time_point now) {
    auto& one = *links_[index];
    if (over_ || one.state != link_state::connecting) return;
    one.connect_deadline = proto::never;
    if (ec) {
        bool const ours = is_shortage(ec);
        fail_over(one, ours ? errc::resource : errc::connect_failed,
                  "cannot connect to " + to_string(one.way.where()) + ": " + ec.message(), now);
    } else {
        one.state = link_state::negotiating;
        error_code ignored;
        one.protocol.negotiate(now, ignored);
    }
    resume(now);
}

void session::filter_bytes(std::size_t index, std::string_view bytes, proto::time_point now) {
    auto& one = *links_[index];
    if (over_ || !one.connected()) return;
    one.protocol.received(bytes);
    while (one.connected()) {
        error_code ec;
        auto const reply = one.protocol.next(now, ec);
        if (ec) fail_over(one, ec, one.protocol.failure(), now);
        if (!reply) break;
        on_reply(one, *reply, now);
    }
    resume(now);
}

void session::filter_closed(std::size_t index, error_code why, proto::time_point now) {
    auto& one = *links_[index];
    if (over_ || !one.connected()) return;
    error_code ec;
    one.protocol.ended(ec);
    if (why) ec = why;
    fail_over(one, ec, why ? why.message() : one.protocol.failure(), now);
    resume(now);
}

void session::filter_drained(std::size_t index, proto::time_point now) {
    auto& one = *links_[index];
    one.in_flight = 0;
    one.write_deadline = proto::never;
    if (over_ || !one.connected()) return;
    resume(now);
}

void session::cut_off(proto::time_point now) {
    if (transaction_) {
        transaction_->record.decided_by = "manager";
        transaction_->record.reason = "the manager ended";
    }
    end_session(now);
}

void session::expired(proto::time_point now) {
    if (over_) return;
    if (now >= idle_deadline_) {
        bool const waits = grant_ || keeps_mta_waiting(); // a shadow ends with its session
        if (!waits) return dead(errc::timed_out, "the MTA said nothing", now);
        idle_deadline_ = now + config_->idle_timeout;
    }
    for (auto const& one : links_) {
        if (one->state == link_state::connecting && now >= one->connect_deadline)
            fail_over(*one, errc::timed_out, "connecting to " + to_string(one->way.where()), now);
        if (one->connected() && now >= one->protocol.deadline()) {
            error_code ec;
            one->protocol.expire(now, ec);
            fail_over(*one, ec, one->protocol.failure(), now);
        }
        if (now >= one->write_deadline)
            fail(*one, errc::timed_out, "it does not read the message", now);
    }
    if (negotiating_ && now >= negotiation_deadline_) negotiation_progress(now, true);
    if (event_ && now >= event_->deadline) command_budget_over(now);
    if (transaction_ && now >= transaction_->end_deadline) command_budget_over(now);
    if (transaction_ && now >= transaction_->progress_at) {
        transaction_->progress_at = now + proto::progress_interval;
        error_code ec;
        mta_.reply(wire::progress{}, ec);
    }
    if (transaction_ && now >= transaction_->mta_waits_until) read_on();
    resume(now);
}

/// It is silent because it waits for us.
bool session::keeps_mta_waiting() const noexcept {
    return mta_.awaits_reply() || holds_mta_back() || (transaction_ && transaction_->emitting);
}

proto::time_point session::deadline() const noexcept {
    auto when = idle_deadline_;
    auto const at_most = [&](proto::time_point other) { when = std::min(when, other); };
    for (auto const& one : links_) {
        at_most(one->connect_deadline);
        at_most(one->write_deadline);
        if (one->connected()) at_most(one->protocol.deadline());
    }
    if (negotiating_) at_most(negotiation_deadline_);
    if (event_) at_most(event_->deadline);
    if (transaction_) {
        at_most(transaction_->end_deadline);
        at_most(transaction_->progress_at);
        at_most(transaction_->mta_waits_until);
    }
    return when;
}

std::vector<effect> session::take_effects() {
    for (auto const& one : links_) {
        auto& output = one->protocol.output();
        if (!one->connected() || output.empty() || one->output_can_wait()) continue;
        one->held_macros = 0;
        one->in_flight += output.size();
        effects_.push_back({effect::kind::send, one->index, std::exchange(output, {})});
    }
    if (!mta_.output().empty()) {
        mta_in_flight_ += mta_.output().size();
        effects_.push_back({effect::kind::reply, 0, std::exchange(mta_.output(), {})});
    }
    if (over_ && (effects_.empty() || effects_.back().what != effect::kind::hang_up))
        effects_.push_back({effect::kind::hang_up, 0, {}});
    return std::exchange(effects_, {});
}

/// The MTA's side cannot be served any more.
void session::dead(error_code ec, std::string const& where, proto::time_point now) {
    log(severity::warning, "mta", where.empty() ? ec.message() : where);
    end_session(now);
}

void session::end_session(proto::time_point now) {
    if (over_) return;
    tell_left_out();
    if (transaction_) {
        end_transaction(aborted(), {}, {}, now);
        forget_transaction();
    }
    event_.reset();
    negotiating_ = false;
    for (auto const& one : links_) close(*one, true);
    idle_deadline_ = proto::never;
    over_ = true;
}

/// Of what one connection can repeat as fast as it can write.
void session::tell_left_out() {
    if (auto const strays = stray_lines_.take_rest())
        log(severity::warning, "mta", std::to_string(strays) + " more commands out of sequence");
    if (auto const refusals = refusal_records_.take_rest())
        log(severity::warning, "mta", std::to_string(refusals) + " refusals were not recorded");
}

bool session::from_postfix() const noexcept { return is_postfix(mta_.macros()); }

bool session::postfix_rules() const noexcept {
    switch (config_->header_rules) {
    case header_rules_setting::postfix: return true;
    case header_rules_setting::sendmail: return false;
    case header_rules_setting::automatic: break;
    }
    return from_postfix();
}

proto::duration session::command_budget() const noexcept {
    if (config_->command_budget) return *config_->command_budget;
    return from_postfix() ? postfix_command_budget : sendmail_command_budget;
}

} // namespace milter::manager
