// SPDX-License-Identifier: BSL-1.0
// manager/service/relay.cpp
#include "manager/service/relay.hpp"

#include <milter/net/connect.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace milter::manager {

namespace asio = boost::asio;

namespace {

constexpr auto mta_write_timeout = proto::filter_write_timeout;
constexpr auto milter_write_timeout = proto::mta_timeouts{}.write;

} // namespace

relay::relay(worker& on, net::socket mta, std::shared_ptr<config const> settings, std::uint64_t id,
             std::string listener, std::string const& profile, relay_sinks const& sinks,
             std::shared_ptr<void> ticket)
    : worker_(on), core_(settings, id, proto::clock::now(), std::move(listener), profile),
      config_(std::move(settings)), sinks_(sinks), ticket_(std::move(ticket)),
      mta_(std::make_shared<peer>(on.context)),
      watchdog_(on.context.get_executor(), [this] { bark(); }) {
    mta_->socket = std::move(mta);
}

relay::~relay() = default;

void relay::start() {
    wait_readable(mta_index, mta_);
    perform();
}

/// Does what the core asks for, until it asks for nothing more.
void relay::perform() {
    if (std::exchange(performing_, true)) return;
    auto const self = shared_from_this(); // hang_up ends the last wait that holds us
    while (mta_) {
        auto effects = core_.take_effects();
        if (effects.empty()) break;
        for (auto& one : effects) execute(one); // hang_up is the last
    }
    for (auto& line : core_.take_log()) sinks_.logged(std::move(line));
    for (auto& record : core_.take_decisions()) sinks_.decided(std::move(record));
    performing_ = false;
    if (mta_)
        watchdog_.until(next_deadline());
    else
        watchdog_.stop();
}

void relay::execute(effect& what) {
    switch (what.what) {
    case effect::kind::open: return open(what);
    case effect::kind::send:
        if (auto const& to = milters_[what.link]) {
            to->outbox.own(std::move(what.bytes));
            if (flush(what.link, to)) drained(what.link);
        }
        return;
    case effect::kind::close: return drop(milters_[what.link], std::move(what.bytes));
    case effect::kind::reply:
        mta_->outbox.own(std::move(what.bytes));
        if (flush(mta_index, mta_)) drained(mta_index);
        return;
    case effect::kind::hang_up:
        for (auto& one : milters_) drop(one, {});
        drop(mta_, {});
        return;
    }
}

void relay::drained(std::size_t index) {
    auto const now = proto::clock::now();
    if (index == mta_index)
        core_.mta_drained(now);
    else
        core_.filter_drained(index, now);
}

// ---- connecting

void relay::open(effect const& what) {
    auto const index = what.link;
    if (milters_.size() <= index) milters_.resize(index + 1);
    auto milter = std::make_shared<peer>(worker_.context);
    milters_[index] = milter;
    auto self = shared_from_this();
    // the core's settings outlive the coroutine with `self`
    asio::co_spawn(
        worker_.context,
        [self, index, milter, where = what.where, until = what.until]() -> asio::awaitable<void> {
            error_code ec;
            auto fresh = co_await net::connect(*where, until, ec);
            self->connected(index, milter, std::move(fresh), ec);
        },
        asio::detached);
}

void relay::connected(std::size_t index, peer_ptr const& milter, net::socket fresh, error_code ec) {
    if (!milter->open) return;
    milter->socket = std::move(fresh);
    core_.filter_connected(index, ec, proto::clock::now());
    if (!ec) wait_readable(index, milter);
    perform();
}

// ---- reading

void relay::wait_readable(std::size_t index, peer_ptr const& from) {
    from->socket.async_wait(net::socket::wait_read,
                            [self = shared_from_this(), index, from](error_code ec) {
                                if (ec || !from->open) return;
                                self->readable(index, from);
                            });
}

void relay::readable(std::size_t index, peer_ptr const& from) {
    error_code ec;
    auto const size = from->socket.read_some(asio::buffer(worker_.scratch), ec);
    if (ec == asio::error::would_block || ec == asio::error::interrupted)
        return wait_readable(index, from);
    if (ec || size == 0) {
        closed(index, from, ec == asio::error::eof ? error_code{} : ec);
    } else {
        std::string_view const bytes(worker_.scratch.data(), size);
        auto const now = proto::clock::now();
        if (index == mta_index)
            core_.mta_bytes(bytes, now);
        else
            core_.filter_bytes(index, bytes, now);
    }
    perform();
    if (from->open) wait_readable(index, from);
}

void relay::closed(std::size_t index, peer_ptr const& which, error_code why) {
    auto const now = proto::clock::now();
    which->open = false; // nothing more is read; a close effect follows
    if (index == mta_index)
        core_.mta_closed(why, now);
    else
        core_.filter_closed(index, why, now);
}

// ---- writing

bool relay::flush(std::size_t index, peer_ptr const& to) {
    while (!to->writing && !to->outbox.empty()) {
        error_code ec;
        auto const size = to->socket.write_some(to->outbox.buffers(), ec);
        to->outbox.written(size);
        if (ec == asio::error::would_block) {
            to->writing = true;
            if (to->stuck_since == proto::never || size > 0) to->stuck_since = proto::clock::now();
            to->socket.async_wait(net::socket::wait_write,
                                  [self = shared_from_this(), index, to](error_code waited) {
                                      to->writing = false;
                                      if (waited || !to->open) return;
                                      if (self->flush(index, to)) self->drained(index);
                                      self->perform();
                                  });
            return false;
        }
        if (ec) { // the read side finds out, with all that the peer said before
            to->outbox.clear();
            return false;
        }
        to->stuck_since = proto::never;
    }
    return to->outbox.empty();
}

/// Last words go out if the socket takes them now; a peer that does not read gets none.
void relay::drop(peer_ptr& which, std::string last_words) {
    if (!which) return;
    which->open = false;
    if (which->socket.is_open()) {
        which->outbox.own(std::move(last_words));
        error_code ec;
        if (!which->outbox.empty()) which->socket.write_some(which->outbox.buffers(), ec);
        which->socket.close(ec);
    }
    which->outbox.clear();
    which.reset();
}

// ---- time

proto::time_point relay::next_deadline() const {
    auto when = core_.deadline();
    auto const stuck = [&](peer_ptr const& one, proto::duration timeout) {
        if (one && one->stuck_since != proto::never)
            when = std::min(when, one->stuck_since + timeout);
    };
    stuck(mta_, mta_write_timeout);
    for (auto const& one : milters_) stuck(one, milter_write_timeout);
    return when;
}

void relay::bark() {
    auto const self = shared_from_this();
    auto const now = proto::clock::now();
    expire_writes(now);
    core_.expired(now);
    perform();
}

void relay::expire_writes(proto::time_point now) {
    for (std::size_t i = 0; i < milters_.size(); ++i) {
        auto const one = milters_[i];
        if (!one || one->stuck_since == proto::never ||
            now < one->stuck_since + milter_write_timeout)
            continue;
        one->stuck_since = proto::never;
        closed(i, one, errc::timed_out);
    }
    if (mta_->stuck_since == proto::never || now < mta_->stuck_since + mta_write_timeout) return;
    mta_->stuck_since = proto::never;
    closed(mta_index, mta_, errc::timed_out);
}

} // namespace milter::manager
