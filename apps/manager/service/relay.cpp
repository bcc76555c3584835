// SPDX-License-Identifier: BSL-1.0
// manager/service/relay.cpp
#include "manager/service/relay.hpp"

#include "manager/service/worker.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace milter::manager {

namespace {

constexpr auto mta_write_timeout = proto::filter_write_timeout;
constexpr auto milter_write_timeout = proto::mta_timeouts{}.write;

/// Which needs no name service; a milter without a host is on this machine.
std::optional<net::address> known_address(endpoint where) {
    if (where.family != endpoint::kind::unix_path && where.host.empty())
        where.host = where.family == endpoint::kind::inet6 ? "::1" : "127.0.0.1";
    return net::literal_address(where);
}

} // namespace

relay::relay(worker& on, arrival who)
    : worker_(on), config_(std::move(who.settings)), id_(who.id), ticket_(std::move(who.ticket)),
      desk_(std::move(who.desk)),
      core_(config_, id_, on.waits().now(), std::move(who.listener), who.profile, who.known),
      mta_(on.waits(), *this, mta_index), alarm_(on.waits(), [this] { expired(); }) {
    if (!who.no_room.empty()) core_.overloaded(std::move(who.no_room));
}

relay::~relay() {
    if (self_) *self_ = nullptr;
}

void relay::start(descriptor mta) {
    error_code ec;
    mta_.accept(std::move(mta), ec);
    if (ec) core_.mta_closed(ec, worker_.waits().now());
    perform();
}

void relay::cut_off() {
    core_.cut_off(worker_.waits().now());
    perform();
}

/// Does what the core asks for, until it asks for nothing more.
void relay::perform() {
    if (over_ || std::exchange(performing_, true)) return;
    while (!over_) {
        auto effects = core_.take_effects(worker_.waits().now());
        if (effects.empty()) break;
        for (auto& one : effects) execute(one);
    }
    auto const& sinks = worker_.sinks();
    for (auto& line : core_.take_log()) sinks.logged(std::move(line));
    for (auto& record : core_.take_refusals()) sinks.refused(std::move(record));
    for (auto& record : core_.take_decisions()) sinks.decided(std::move(record));
    for (auto& record : core_.take_evaluations()) sinks.evaluated(std::move(record));
    if (core_.over()) end();
    mta_.listen(!core_.holds_mta_back());
    performing_ = false;
    alarm_.set(over_ ? proto::never : next_deadline());
}

void relay::execute(effect& what) {
    switch (what.what) {
    case effect::kind::open: return open(what);
    case effect::kind::send:
        if (milters_[what.link]->write(std::move(what.bytes))) tell_drained(what.link);
        return;
    case effect::kind::close: return milters_[what.link]->close(what.bytes);
    case effect::kind::reply:
        if (mta_.write(std::move(what.bytes))) tell_drained(mta_index);
        return;
    case effect::kind::look_up: return look_up(what);
    case effect::kind::hang_up:
        mta_.close();
        ticket_.reset(); // what evaluated milters still do keeps no new session out
    }
}

void relay::end() {
    for (auto const& one : milters_)
        if (one) one->close();
    mta_.close();
    over_ = true;
    worker_.bury(id_);
}

// ---- connecting

void relay::open(effect const& what) {
    auto const index = what.link;
    if (milters_.size() <= index) milters_.resize(index + 1);
    auto& one = milters_[index];
    if (!one) {
        connection::owner& us = *this;
        one = std::make_shared<connection>(worker_.waits(), us, index);
    }
    if (auto const address = known_address(*what.where)) return one->connect({*address}, {});
    worker_.names().ask(*what.where, worker_.waits(),
                        [asked = std::weak_ptr(one),
                         serial = one->serial()](lookups::addresses const& found, error_code ec) {
                            auto const still = asked.lock();
                            if (still && still->serial() == serial) still->connect(found, ec);
                        });
}

// ---- DNS lists

void relay::look_up(effect const& what) {
    if (!self_) self_ = std::make_shared<relay*>(this);
    auto tell = [self = self_, list = what.link, address = what.bytes](listing said) {
        if (auto* const still = *self) still->list_answered(list, address, said);
    };
    if (!desk_) return tell(listing::failed);
    desk_->ask(what.link, what.bytes, worker_.waits(), std::move(tell));
}

/// Perhaps at once, in the middle of perform(), which goes on then.
void relay::list_answered(std::size_t list, std::string_view address, listing what) {
    core_.list_answered(list, address, what, worker_.waits().now());
    perform();
}

void relay::connected(std::size_t index, error_code ec) {
    core_.filter_connected(index, ec, worker_.waits().now());
    perform();
}

// ---- reading and writing

void relay::readable(std::size_t index) {
    auto& from = at(index);
    auto& scratch = worker_.scratch();
    error_code ec;
    auto const size = from.read(scratch, ec);
    if (ec) return closed(index, ec);
    if (size == 0) return;
    std::string_view const bytes(scratch.data(), size);
    if (index == mta_index)
        core_.mta_bytes(bytes, worker_.waits().now());
    else
        core_.filter_bytes(index, bytes, worker_.waits().now());
    perform();
}

void relay::drained(std::size_t index) {
    tell_drained(index);
    perform();
}

void relay::tell_drained(std::size_t index) {
    auto const now = worker_.waits().now();
    if (index == mta_index)
        core_.mta_drained(now);
    else
        core_.filter_drained(index, now);
}

/// @param why  connection_closed: the peer did
void relay::closed(std::size_t index, error_code why) {
    auto const now = worker_.waits().now();
    at(index).deafen(); // the core closes it, if it has not done so already
    auto const failure = why == errc::connection_closed ? error_code{} : why;
    if (index == mta_index)
        core_.mta_closed(failure, now);
    else
        core_.filter_closed(index, failure, now);
    perform();
}

// ---- time

proto::time_point relay::next_deadline() const {
    auto when = std::min(core_.deadline(), mta_.deadline(mta_write_timeout));
    for (auto const& one : milters_)
        if (one) when = std::min(when, one->deadline(milter_write_timeout));
    return when;
}

void relay::expired() {
    auto const now = worker_.waits().now();
    for (std::size_t i = 0; i < milters_.size(); ++i)
        if (milters_[i] && !milters_[i]->expire(now, milter_write_timeout))
            closed(i, errc::timed_out);
    if (!over_ && !mta_.expire(now, mta_write_timeout)) closed(mta_index, errc::timed_out);
    if (over_) return;
    core_.expired(now);
    perform();
}

} // namespace milter::manager
