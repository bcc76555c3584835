// SPDX-License-Identifier: BSL-1.0
// load/schedule.cpp - when the next session begins
#include "load/schedule.hpp"

#include <algorithm>
#include <cmath>

namespace milter::load {

namespace {

using seconds = std::chrono::duration<double>;

std::uint64_t part(std::uint64_t whole, std::size_t index, std::size_t parts) noexcept {
    return whole / parts + (index < whole % parts ? 1 : 0);
}

} // namespace

load_plan share_of(load_plan const& whole, std::size_t index, std::size_t workers) {
    auto mine = whole;
    if (whole.mails) mine.mails = part(*whole.mails, index, workers);
    if (whole.rate) mine.rate = *whole.rate / static_cast<double>(workers);
    mine.concurrency = std::max<std::size_t>(part(whole.concurrency, index, workers), 1);
    mine.warm_up_mails = part(whole.warm_up_mails, index, workers);
    return mine;
}

schedule::schedule(load_plan const& plan, proto::time_point begin, proto::duration shift)
    : plan_(plan), begin_(begin), shift_(shift) {
    plan_.messages_per_session = std::max<std::uint64_t>(plan_.messages_per_session, 1);
}

std::optional<ticket> schedule::next(proto::time_point now, std::size_t going) {
    if (over(now) || going >= places(now)) return std::nullopt;
    if (!is_open()) return give(now, now);
    auto const when = due(sessions_);
    if (when > now || when >= end()) return std::nullopt;
    return give(when, now);
}

ticket schedule::give(proto::time_point due, proto::time_point now) {
    ++sessions_;
    if (is_warming_up(due)) {
        auto const left = plan_.warm_up_mails > warm_up_given_
                              ? plan_.warm_up_mails - warm_up_given_
                              : plan_.messages_per_session;
        auto const messages = std::min(plan_.messages_per_session, left);
        warm_up_given_ += messages;
        return {due, messages, false};
    }
    if (!counting_since_) counting_since_ = is_open() ? due : now;
    auto const left = plan_.mails ? *plan_.mails - given_ : plan_.messages_per_session;
    auto const messages = std::min(plan_.messages_per_session, left);
    given_ += messages;
    return {due, messages, true};
}

bool schedule::is_warming_up(proto::time_point when) const noexcept {
    return warm_up_given_ < plan_.warm_up_mails || when < begin_ + plan_.warm_up;
}

proto::time_point schedule::wakes(proto::time_point now, std::size_t going) const {
    if (over(now)) return proto::never;
    auto const last = end();
    if (going >= places(now)) {
        if (going >= plan_.concurrency || is_open()) return last;
        auto const share = static_cast<double>(going) / static_cast<double>(plan_.concurrency - 1);
        auto const more = std::chrono::ceil<proto::duration>(seconds(plan_.ramp) * share);
        return std::min(last, begin_ + more);
    }
    return is_open() ? std::min(last, due(sessions_)) : now;
}

void schedule::give_back(std::uint64_t messages, bool counted) noexcept {
    auto& given = counted ? given_ : warm_up_given_;
    given -= std::min(given, messages);
}

bool schedule::over(proto::time_point now) const noexcept {
    if (plan_.mails && given_ >= *plan_.mails) return true;
    return now >= end() && (closed_ || !is_open());
}

proto::time_point schedule::end() const noexcept {
    if (!plan_.time) return proto::never;
    if (counting_since_) return *counting_since_ + *plan_.time;
    return plan_.warm_up_mails > 0 ? proto::never : begin_ + plan_.warm_up + *plan_.time;
}

/// Rises by one place at a time in a closed loop.
std::size_t schedule::places(proto::time_point now) const noexcept {
    if (is_open() || now - begin_ >= plan_.ramp) return plan_.concurrency;
    auto const share = seconds(now - begin_) / seconds(plan_.ramp);
    auto const more = static_cast<double>(plan_.concurrency - 1) * std::max(share, 0.0);
    return 1 + static_cast<std::size_t>(more);
}

/// With a ramp the rate rises linearly, so that r*t*t/(2*ramp) sessions are due by t.
proto::time_point schedule::due(std::uint64_t session) const noexcept {
    auto const rate = *plan_.rate / static_cast<double>(plan_.messages_per_session);
    auto const index = static_cast<double>(session);
    auto const ramp = seconds(plan_.ramp).count();
    bool const rising = index < rate * ramp / 2;
    auto const at = rising ? std::sqrt(2 * ramp * index / rate) : ramp / 2 + index / rate;
    return begin_ + shift_ + std::chrono::duration_cast<proto::duration>(seconds(at));
}

/// The first session without a ticket that is due at `from` or later.
std::uint64_t schedule::first_due(proto::time_point from) const noexcept {
    auto low = sessions_;
    std::uint64_t step = 1;
    for (; due(low + step) < from; step *= 2) low += step;
    for (auto high = low + step; low < high;) {
        auto const middle = low + (high - low) / 2;
        if (due(middle) < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

histogram schedule::unsent(proto::time_point now) const {
    histogram waits;
    bool const warming = !counting_since_ && plan_.warm_up_mails > 0;
    if (!is_open() || warming) return waits;
    auto const until = std::min(now, end());
    auto const last = first_due(until);
    auto const stride = (last - sessions_) / most_waits + 1;
    auto left = plan_.mails ? *plan_.mails - std::min(given_, *plan_.mails) : UINT64_MAX;
    for (auto at = first_due(begin_ + plan_.warm_up); at < last && left > 0;) {
        auto const sessions = std::min(stride, last - at);
        at += sessions;
        auto const waited = std::chrono::nanoseconds(until - due(at - 1)); // the least of them
        auto const messages = std::min(sessions * plan_.messages_per_session, left);
        waits.record(static_cast<std::uint64_t>(waited.count()), messages);
        left -= messages;
    }
    return waits;
}

} // namespace milter::load
