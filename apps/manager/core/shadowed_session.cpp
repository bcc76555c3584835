// SPDX-License-Identifier: BSL-1.0
// manager/core/shadowed_session.cpp
#include "manager/core/shadowed_session.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace milter::manager {

namespace {

constexpr std::size_t longest_opening = std::size_t{64} << 10; // bytes: an offer and more
constexpr std::size_t longest_backlog = std::size_t{8} << 20;  // bytes that one shadow is behind

} // namespace

shadowed_session::shadow::shadow(std::shared_ptr<config const> alone, std::string name,
                                 opening const& from, proto::agreement const& granted,
                                 proto::time_point now)
    : milter(std::move(name)), profile(from.profile), memory(alone->spool.budget.get()),
      self(std::make_unique<session>(std::move(alone), from.id, now, from.listener,
                                     std::string_view(), from.known)) {
    self->shadow(granted, from.profile);
}

shadowed_session::shadowed_session(std::shared_ptr<config const> config, std::uint64_t id,
                                   proto::time_point now, std::string listener,
                                   std::string const& profile, surroundings const& known)
    : heard_(config, id, now, listener, profile, known) {
    auto const* const found = find_profile(*config, profile);
    bool const evaluates = std::any_of(config->evaluated.begin(), config->evaluated.end(),
                                       [&](auto const& one) { return is_in(found, one.place); });
    if (evaluates)
        opening_ = std::make_unique<opening>(
            opening{std::move(config), id, std::move(listener), profile, known, {}});
}

void shadowed_session::overloaded(std::string why) {
    heard_.overloaded(std::move(why));
    opening_.reset();
}

// ---- inputs

void shadowed_session::mta_bytes(std::string_view bytes, proto::time_point now) {
    heard_.mta_bytes(bytes, now);
    if (opening_) {
        opening_->bytes += bytes;
        if (opening_->bytes.size() > longest_opening) opening_.reset();
    }
    for (auto const& one : shadows_) tell(*one, bytes, now);
}

void shadowed_session::mta_closed(error_code why, proto::time_point now) {
    heard_.mta_closed(why, now);
}

template <class Call> void shadowed_session::at(std::size_t index, Call call) {
    auto const own = heard_.milters();
    if (index < own) return call(heard_, index);
    if (auto const& self = shadows_[index - own]->self) call(*self, 0);
}

void shadowed_session::filter_connected(std::size_t index, error_code ec, proto::time_point now) {
    at(index, [&](session& to, std::size_t link) { to.filter_connected(link, ec, now); });
}

void shadowed_session::filter_bytes(std::size_t index, std::string_view bytes,
                                    proto::time_point now) {
    at(index, [&](session& to, std::size_t link) { to.filter_bytes(link, bytes, now); });
}

void shadowed_session::filter_closed(std::size_t index, error_code why, proto::time_point now) {
    at(index, [&](session& to, std::size_t link) { to.filter_closed(link, why, now); });
}

void shadowed_session::filter_drained(std::size_t index, proto::time_point now) {
    at(index, [&](session& to, std::size_t link) { to.filter_drained(link, now); });
}

void shadowed_session::list_answered(std::size_t list, std::string_view address, listing what,
                                     proto::time_point now) {
    heard_.list_answered(list, address, what, now);
    for (auto const& one : shadows_)
        if (one->self) one->self->list_answered(list, address, what, now);
}

void shadowed_session::cut_off(proto::time_point now) {
    heard_.cut_off(now);
    for (auto const& one : shadows_)
        if (!one->over) give_up(*one, "the manager ended", now);
}

void shadowed_session::expired(proto::time_point now) {
    if (now >= heard_.deadline()) heard_.expired(now);
    for (auto const& one : shadows_)
        if (!one->over && now >= one->self->deadline()) one->self->expired(now);
}

// ---- shadows

void shadowed_session::open_shadows(proto::time_point now) {
    auto const from = std::move(opening_);
    auto const* const profile = find_profile(*from->settings, from->profile);
    for (auto const& one : from->settings->evaluated) {
        if (!is_in(profile, one.place)) continue;
        auto const& name = from->settings->milters[one.place].name;
        auto& added = *shadows_.emplace_back(
            std::make_unique<shadow>(one.alone, name, *from, *heard_.granted(), now));
        tell(added, from->bytes, now);
    }
}

void shadowed_session::tell(shadow& one, std::string_view bytes, proto::time_point now) {
    if (one.over || !one.dropped.empty()) return;
    if (one.self->backlog() + bytes.size() > longest_backlog)
        return give_up(one, "it is too far behind the MTA", now);
    one.self->mta_bytes(bytes, now);
    if (!hold_backlog(one)) give_up(one, "[limits] evaluation_memory is used up", now);
}

/// Only of what is still to be looked at: content that the milter has nothing to do with is gone at once.
/// @return false: it is not to be had
bool shadowed_session::hold_backlog(shadow& one) {
    auto const left = one.self->backlog();
    auto const held = one.backlog.size();
    if (left > held) return one.backlog.grow(one.memory, left - held);
    one.backlog.shrink(held - left); // never given back as a whole: others might take it
    return true;
}

void shadowed_session::give_up(shadow& one, std::string why, proto::time_point now) {
    compare_decisions(one); // these messages it has seen
    if (one.dropped.empty()) one.dropped = std::move(why);
    one.self->mta_closed({}, now);
}

/// The MTA is gone. Who has heard its QUIT comes to that by himself.
void shadowed_session::take_leave(proto::time_point now) {
    opening_.reset();
    if (heard_.parted()) return;
    for (auto const& one : shadows_)
        if (!one->over) give_up(*one, "the MTA's connection ended before", now);
}

// ---- outputs

std::vector<effect> shadowed_session::take_effects(proto::time_point now) {
    std::vector<effect> effects;
    if (!hung_up_) {
        effects = heard_.take_effects();
        hung_up_ = heard_.over();
        if (hung_up_) take_leave(now);
        if (opening_ && heard_.granted()) open_shadows(now);
    }
    for (std::size_t i = 0; i < shadows_.size(); ++i)
        if (!shadows_[i]->over) append_effects(effects, i, now);
    return effects;
}

/// Replies are taken for read at once.
void shadowed_session::append_effects(std::vector<effect>& to, std::size_t which,
                                      proto::time_point now) {
    auto& one = *shadows_[which];
    for (bool replied = true; replied && !one.over;) {
        replied = false;
        for (auto& next : one.self->take_effects()) {
            switch (next.what) {
            case effect::kind::reply: replied = true; break;
            case effect::kind::hang_up: end(one); break;
            case effect::kind::look_up: to.push_back(std::move(next)); break;
            default: next.link = heard_.milters() + which; to.push_back(std::move(next));
            }
        }
        if (replied) one.self->mta_drained(now);
    }
    hold_backlog(one);
}

/// Without the MTA's farewell it is not the end of the mail: what is still to come it will not see.
void shadowed_session::end(shadow& one) {
    one.over = true;
    if (!one.self->parted() && one.dropped.empty()) one.dropped = "its copy of the session failed";
}

std::vector<decision> shadowed_session::take_decisions() {
    auto decisions = heard_.take_decisions();
    for (auto const& one : shadows_)
        for (auto const& record : decisions)
            if (!one->reported && !is_left_out(*one, record)) one->compared.enforced(record);
    return decisions;
}

/// Whether the decision itself says that the milter has nothing to do with the message.
bool shadowed_session::is_left_out(shadow const& one, decision const& record) {
    return std::any_of(record.milters.begin(), record.milters.end(), [&](auto const& other) {
        return other.name == one.milter && other.reason == not_in_share;
    });
}

std::vector<evaluation> shadowed_session::take_evaluations() {
    std::vector<evaluation> evaluations;
    for (auto const& one : shadows_) {
        if (one->reported) continue;
        if (one->self) compare_decisions(*one);
        if (one->over && hung_up_) one->compared.finish();
        auto found = one->compared.take();
        if (one->over && !one->dropped.empty())
            for (auto& record : one->compared.take_rest())
                found.push_back(not_seen(*one, std::move(record)));
        auto const says_so = [&](auto const& record) { return record.dropped == one->dropped; };
        if (one->over) one->told = one->told || std::any_of(found.begin(), found.end(), says_so);
        std::move(found.begin(), found.end(), std::back_inserter(evaluations));
        if (one->over) forget(*one);
    }
    return evaluations;
}

void shadowed_session::compare_decisions(shadow& one) {
    for (auto& record : one.self->take_decisions()) {
        record.profile = one.profile;
        auto const number = record.transaction;
        if (auto found = evaluate(one.milter, std::move(record), one.dropped))
            one.compared.evaluated(std::move(*found));
        else
            one.compared.leave_out(number);
    }
}

/// It was given up before it came to this message.
evaluation shadowed_session::not_seen(shadow const& by, decision enforced) {
    decision would;
    would.session = enforced.session;
    would.transaction = enforced.transaction;
    would.profile = by.profile;
    return {by.milter, std::move(would), by.dropped, std::move(enforced), {}};
}

/// But for the first message that is decided after it was given up: its record says so.
void shadowed_session::forget(shadow& one) const {
    one.backlog.clear(); // the budget is that of its configuration
    one.self.reset();
    bool const said = one.dropped.empty() || one.told || hung_up_;
    one.reported = said && !one.compared.waits();
}

/// What a shadow says of the MTA and of the manager is not so; of its milter it is.
std::vector<log_event> shadowed_session::take_log() {
    auto events = heard_.take_log();
    for (auto const& one : shadows_) {
        if (!one->self) continue;
        for (auto& event : one->self->take_log()) {
            if (event.peer != one->milter) continue;
            event.text.insert(0, "(evaluated) ");
            events.push_back(std::move(event));
        }
    }
    return events;
}

proto::time_point shadowed_session::deadline() const noexcept {
    auto when = hung_up_ ? proto::never : heard_.deadline();
    for (auto const& one : shadows_)
        if (!one->over) when = std::min(when, one->self->deadline());
    return when;
}

bool shadowed_session::over() const noexcept {
    return hung_up_ &&
           std::all_of(shadows_.begin(), shadows_.end(), [](auto const& one) { return one->over; });
}

} // namespace milter::manager
