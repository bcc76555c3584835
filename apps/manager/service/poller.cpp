// SPDX-License-Identifier: BSL-1.0
// manager/service/poller.cpp
#include "manager/service/poller.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <iterator>
#include <memory>
#include <system_error>

namespace milter::manager {

// ---- alarms

void poller::alarm::set(proto::time_point when) {
    when_ = when;
    if (when_ >= armed_) return; // it looks again when what it is armed for has come
    disarm();
    armed_ = when_;
    on_.alarms_.emplace(armed_, this);
}

void poller::alarm::disarm() noexcept {
    if (armed_ != proto::never) on_.alarms_.erase({armed_, this});
    armed_ = proto::never;
}

/// Each at most once a turn, so that one that is set to the present does not keep the others waiting.
void poller::ring() {
    auto const due = std::find_if(alarms_.begin(), alarms_.end(),
                                  [this](auto const& one) { return one.first > now_; });
    auto left = std::distance(alarms_.begin(), due);
    for (; left > 0 && !alarms_.empty() && alarms_.begin()->first <= now_; --left) {
        auto& one = *alarms_.begin()->second;
        one.disarm();
        auto const when = std::exchange(one.when_, proto::never);
        if (when > now_)
            one.set(when);
        else
            one.ring_();
    }
}

// ---- descriptors

poller::poller()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      now_(proto::clock::now()) {
    epoll_event bell{EPOLLIN, {this}};
    if (epoll_ < 0 || bell_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, bell_, &bell) != 0) {
        auto const error = errno;
        if (epoll_ >= 0) ::close(epoll_);
        if (bell_ >= 0) ::close(bell_);
        throw std::system_error(error, std::generic_category(), "epoll");
    }
}

poller::~poller() {
    for (auto* one = errands_.load(); one;) {
        std::unique_ptr<errand> const dropped(one);
        one = dropped->next;
    }
    ::close(bell_);
    ::close(epoll_);
}

void poller::watch(int descriptor, std::uint32_t events, watcher& who,
                   error_code& ec) const noexcept {
    epoll_event wanted{events, {&who}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &wanted) != 0)
        ec.assign(errno, boost::system::system_category());
}

void poller::change(int descriptor, std::uint32_t events, watcher& who) const noexcept {
    epoll_event wanted{events, {&who}};
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &wanted);
}

void poller::forget(int descriptor, watcher const& who) noexcept {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
    for (auto i = told_; i < count_; ++i)
        if (batch_[i].data.ptr == &who) batch_[i].data.ptr = nullptr;
}

// ---- turns

void poller::run(std::function<void()> const& after) {
    while (!stopped_.load(std::memory_order_acquire)) {
        int const found = ::epoll_wait(epoll_, batch_.data(), batch_size, patience());
        now_ = proto::clock::now();
        tell(found > 0 ? static_cast<std::size_t>(found) : 0);
        ring();
        if (after) after();
    }
}

void poller::tell(std::size_t count) {
    count_ = count;
    bool rung = false;
    for (told_ = 0; told_ < count_;) {
        auto const& one = batch_[told_++];
        bool const is_bell = one.data.ptr == this;
        rung = rung || is_bell;
        if (!is_bell && one.data.ptr) static_cast<watcher*>(one.data.ptr)->ready(one.events);
    }
    told_ = count_ = 0;
    if (rung) run_errands();
}

/// Until the next deadline, in milliseconds, rounded up.
int poller::patience() const noexcept {
    if (alarms_.empty()) return -1;
    auto const left = alarms_.begin()->first - now_;
    if (left <= proto::duration::zero()) return 0;
    auto const whole = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return static_cast<int>(std::min<decltype(whole)>(whole, INT_MAX));
}

// ---- other threads

void poller::post(std::function<void()> what) {
    auto* const fresh = new errand{std::move(what), nullptr};
    auto* before = errands_.load(std::memory_order_relaxed);
    do {
        fresh->next = before;
    } while (!errands_.compare_exchange_weak(before, fresh, std::memory_order_release,
                                             std::memory_order_relaxed));
    if (!before) wake(); // else somebody has rung already; `fresh` is no longer ours
}

void poller::run_errands() {
    std::uint64_t ignored = 0;
    [[maybe_unused]] auto const size = ::read(bell_, &ignored, sizeof ignored);
    auto* last = errands_.exchange(nullptr, std::memory_order_acquire);
    errand* first = nullptr;
    while (last) last = std::exchange(last->next, std::exchange(first, last));
    while (first) {
        std::unique_ptr<errand> const one(first);
        first = one->next;
        if (!stopped_.load(std::memory_order_relaxed)) one->what();
    }
}

void poller::stop() noexcept {
    stopped_.store(true, std::memory_order_release);
    wake();
}

void poller::wake() const noexcept {
    std::uint64_t const one = 1;
    [[maybe_unused]] auto const size = ::write(bell_, &one, sizeof one);
}

} // namespace milter::manager
