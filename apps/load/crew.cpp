// SPDX-License-Identifier: BSL-1.0
// load/crew.cpp - the workers that load one milter
#include "load/crew.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <thread>

namespace milter::load {

interruption::interruption() {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &wanted, &before_); // threads made from now on inherit it
    signals_.reset(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) throw std::runtime_error(std::strerror(errno));
}

interruption::~interruption() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void interruption::take() noexcept {
    signalfd_siginfo one{};
    while (::read(signals_.get(), &one, sizeof one) == static_cast<ssize_t>(sizeof one))
        caught_ = true;
}

crew::crew(target const& where, std::size_t workers, std::size_t concurrency,
           std::function<desk(std::size_t index)> const& make_desk)
    : done_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)) {
    if (!done_) throw std::runtime_error(std::strerror(errno));
    load_plan whole;
    whole.concurrency = concurrency;
    for (std::size_t i = 0; i < workers; ++i)
        workers_.push_back(
            std::make_unique<worker>(where, make_desk(i), share_of(whole, i, workers).concurrency));
}

tally crew::run(load_plan const& plan, interruption& stop, ticker const& watch) {
    auto const count = workers_.size();
    auto const begin = proto::clock::now();
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < count; ++i) {
        proto::duration shift{};
        if (plan.rate)
            shift = std::chrono::duration_cast<proto::duration>(
                std::chrono::duration<double>(static_cast<double>(i) / *plan.rate));
        threads.emplace_back([this, &plan, i, count, begin, shift] {
            schedule mine(share_of(plan, i, count), begin, shift);
            workers_[i]->run(mine);
            std::uint64_t const one = 1;
            static_cast<void>(::write(done_.get(), &one, sizeof one) == sizeof one);
        });
    }
    wait_for_all(stop, watch);
    tally total;
    for (std::size_t i = 0; i < count; ++i) {
        threads[i].join();
        auto const one = workers_[i]->take();
        total.merge(one);
        total.elapsed = std::max(total.elapsed, one.elapsed);
        total.busiest = std::max(total.busiest, one.busiest);
    }
    return total;
}

void crew::wait_for_all(interruption& stop, ticker const& watch) {
    auto next = proto::clock::now() + watch.interval;
    for (std::size_t ended = 0; ended < workers_.size();) {
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(next - proto::clock::now());
        pollfd both[] = {{done_.get(), POLLIN, 0}, {stop.descriptor(), POLLIN, 0}};
        auto const timeout = std::clamp<std::int64_t>(left.count(), 0, 60'000);
        ::poll(both, 2, watch.tick ? static_cast<int>(timeout) : -1);
        std::uint64_t one = 0;
        while (::read(done_.get(), &one, sizeof one) == static_cast<ssize_t>(sizeof one)) ++ended;
        stop.take();
        if (stop.caught())
            for (auto const& each : workers_) each->stop();
        auto const now = proto::clock::now();
        if (!watch.tick || now < next) continue;
        watch.tick(now);
        next = std::max(next + watch.interval, now);
    }
}

error_code crew::unreachable() const noexcept {
    for (auto const& one : workers_)
        if (one->unreachable()) return one->unreachable();
    return {};
}

} // namespace milter::load
