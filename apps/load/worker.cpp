// SPDX-License-Identifier: BSL-1.0
// load/worker.cpp - one thread's share of the load
#include "load/worker.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace milter::load {

namespace {

constexpr std::size_t read_room = std::size_t{64} * 1024;       // bytes
constexpr auto sweep_interval = std::chrono::milliseconds(100); // how late a timeout may be noticed
constexpr auto crowded_pause = std::chrono::milliseconds(1); // a full backlog: libmilter's holds 20
constexpr auto refused_pause =
    std::chrono::milliseconds(10);        // nobody listens: no use in asking at once
constexpr unsigned long finest_slack = 1; // ns: what is due is begun in time

error_code system_error(int number) noexcept { return {number, boost::system::system_category()}; }

/// CPU that this thread has had.
proto::duration processor_time() noexcept {
    rusage used{};
    ::getrusage(RUSAGE_THREAD, &used);
    auto const of = [](timeval const& time) {
        return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
    };
    return of(used.ru_utime) + of(used.ru_stime);
}

timespec timespec_of(proto::duration time) noexcept {
    auto const whole = std::chrono::duration_cast<std::chrono::seconds>(time);
    return {static_cast<time_t>(whole.count()),
            static_cast<long>(std::chrono::nanoseconds(time - whole).count())};
}

/// Before Linux 5.11 the kernel waits for whole milliseconds: then the last one is spent asking again and again.
int wait_for_events(int poll, epoll_event* ready, int most, timespec const& left) noexcept {
    int const count = ::epoll_pwait2(poll, ready, most, &left, nullptr);
    if (count >= 0 || errno != ENOSYS) return count;
    return ::epoll_wait(poll, ready, most,
                        static_cast<int>(left.tv_sec * 1000 + left.tv_nsec / 1'000'000));
}

} // namespace

struct worker::slot {
    explicit slot(desk& shared) : talk(shared) {}

    conversation talk;
    int socket = -1; // closed by release()
    bool connected = false;
    bool writing = false; ///< epoll is asked whether there is room
};

worker::worker(target const& where, desk shared, std::size_t places)
    : where_(where), desk_(std::move(shared)), poll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), room_(read_room) {
    if (!poll_ || !wake_) throw std::runtime_error(std::strerror(errno));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;
    ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, wake_.get(), &event);
    for (std::size_t i = 0; i < places; ++i) {
        slots_.push_back(std::make_unique<slot>(desk_));
        free_.push_back(slots_.back().get());
    }
}

worker::~worker() { abandon(); }

void worker::stop() noexcept {
    stop_.store(true, std::memory_order_relaxed);
    std::uint64_t const one = 1;
    static_cast<void>(::write(wake_.get(), &one, sizeof one) == sizeof one);
}

// ---- the loop

void worker::run(schedule& plan) {
    plan_ = &plan;
    counting_ = false;
    if (plan.is_open()) ::prctl(PR_SET_TIMERSLACK, finest_slack);
    now_ = proto::clock::now();
    next_sweep_ = now_ + sweep_interval;
    while (!stopped() && !unreachable_) {
        start_due(plan);
        plan.all_begun(now_);
        note_clock(plan);
        if (going_ == 0 && plan.over(now_)) break;
        wait(plan);
    }
    abandon();
    now_ = proto::clock::now();
    if (counting_) {
        auto const lasted = now_ - *plan.counting_since();
        auto const used = processor_time() - processor_before_;
        auto& all = desk_.counted;
        all.elapsed = lasted;
        all.processor = used;
        all.busiest = std::chrono::duration<double>(used) / std::chrono::duration<double>(lasted);
    }
    desk_.counted.waits = plan.unsent(now_);
    plan_ = nullptr;
}

void worker::note_clock(schedule const& plan) {
    if (counting_ || !plan.counting_since()) return;
    counting_ = true;
    processor_before_ = processor_time();
}

void worker::wait(schedule const& plan) {
    epoll_event ready[256];
    constexpr int most = 256;
    auto until = std::min(next_sweep_, plan.wakes(now_, going_));
    if (now_ < quiet_until_) until = std::min(next_sweep_, quiet_until_);
    if (!crowded_.empty()) until = std::min(until, now_ + crowded_pause);
    auto const left = timespec_of(std::max(until - now_, proto::duration::zero()));
    int const count = wait_for_events(poll_.get(), ready, most, left);
    for (int i = 0; i < count; ++i)
        if (ready[i].data.ptr != nullptr)
            happened(*static_cast<slot*>(ready[i].data.ptr), ready[i].events);
    recycle(); // not before: a slot that ended within the turn might have an event left in it
    now_ = proto::clock::now();
    if (!crowded_.empty()) retry_crowded();
    if (now_ >= next_sweep_) expire_overdue();
}

void worker::start_due(schedule& plan) {
    while (!free_.empty() && now_ >= quiet_until_) {
        auto const leave = plan.next(now_, going_);
        if (!leave) return;
        auto* const one = free_.back();
        free_.pop_back();
        start(*one, *leave);
    }
}

// ---- a session

void worker::start(slot& one, ticket const& leave) {
    ++going_;
    one.talk.begin(leave, proto::clock::now());
    connect(one);
}

void worker::connect(slot& one) {
    one.socket = ::socket(where_.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (one.socket < 0) return refused(one, errno);
    int const on = 1;
    if (where_.family() != AF_UNIX)
        ::setsockopt(one.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    one.connected = ::connect(one.socket, where_.get(), where_.size) == 0;
    if (!one.connected && errno == EAGAIN) return crowded(one); // of a unix socket
    if (!one.connected && errno != EINPROGRESS) return refused(one, errno);
    one.writing = !one.connected;
    epoll_event event{};
    event.events = one.writing ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.ptr = &one;
    if (::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, one.socket, &event) != 0)
        return refused(one, errno);
    if (one.connected) connected(one);
}

void worker::connected(slot& one) {
    ever_connected_ = true;
    one.connected = true;
    one.talk.connected(proto::clock::now());
    flush(one);
}

void worker::refused(slot& one, int why) {
    auto const ec = system_error(why);
    if (!ever_connected_) unreachable_ = ec;
    quiet_until_ = now_ + refused_pause;
    one.talk.lost(ec, false, proto::clock::now());
    release(one);
}

/// The backlog is full, which unix sockets say at once, where TCP would wait.
void worker::crowded(slot& one) {
    ::close(std::exchange(one.socket, -1));
    ++(one.talk.counts() ? desk_.counted : desk_.ignored).crowded;
    crowded_.push_back(&one);
}

void worker::retry_crowded() {
    auto const again = std::exchange(crowded_, {});
    for (auto* one : again) {
        if (now_ < one->talk.deadline()) {
            connect(*one);
            continue;
        }
        one->talk.expire(now_);
        release(*one);
    }
    recycle();
}

void worker::happened(slot& one, std::uint32_t events) {
    if (one.socket < 0) return;
    if (!one.connected) {
        int why = 0;
        socklen_t size = sizeof why;
        ::getsockopt(one.socket, SOL_SOCKET, SO_ERROR, &why, &size);
        if (why != 0) return refused(one, why);
        if ((events & EPOLLOUT) != 0) connected(one);
        return;
    }
    if ((events & EPOLLOUT) != 0) flush(one);
    if (one.socket >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read(one);
}

void worker::read(slot& one) {
    for (;;) {
        auto const size = ::recv(one.socket, room_.data(), room_.size(), 0);
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
        auto const now = proto::clock::now();
        if (size > 0)
            one.talk.received({room_.data(), static_cast<std::size_t>(size)}, now);
        else if (size == 0)
            one.talk.ended(now);
        else
            one.talk.lost(system_error(errno), true, now);
        if (one.talk.over() || one.talk.has_pending()) flush(one);
        if (one.socket < 0 || static_cast<std::size_t>(size) < room_.size()) return;
    }
}

void worker::flush(slot& one) {
    while (one.talk.has_pending()) {
        auto const& all = one.talk.pending();
        ssize_t size = 0;
        if (all[1].empty()) {
            size = ::send(one.socket, all[0].data(), all[0].size(), MSG_NOSIGNAL);
        } else {
            iovec parts[conversation::most_pending];
            std::size_t count = 0;
            for (auto const& part : all)
                if (!part.empty())
                    parts[count++] = {const_cast<char*>(part.data()), part.size()}; // NOLINT
            msghdr whole{};
            whole.msg_iov = parts;
            whole.msg_iovlen = count;
            size = ::sendmsg(one.socket, &whole, MSG_NOSIGNAL);
        }
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && errno == EAGAIN && !one.talk.over()) return watch(one, true);
        if (size < 0) {
            one.talk.lost(system_error(errno), true, proto::clock::now());
            break; // also a goodbye that finds no room: it is not waited for
        }
        one.talk.wrote(static_cast<std::size_t>(size));
    }
    if (one.talk.over()) return release(one);
    watch(one, false);
}

void worker::watch(slot& one, bool writing) {
    if (one.writing == writing) return;
    one.writing = writing;
    epoll_event event{};
    event.events = writing ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.ptr = &one;
    ::epoll_ctl(poll_.get(), EPOLL_CTL_MOD, one.socket, &event);
}

/// The slot is free at the end of the turn.
void worker::release(slot& one) {
    if (one.socket >= 0) ::close(std::exchange(one.socket, -1));
    if (plan_ && one.talk.left() > 0) plan_->give_back(one.talk.left(), one.talk.counts());
    --going_;
    ended_.push_back(&one);
}

void worker::recycle() {
    free_.insert(free_.end(), ended_.begin(), ended_.end());
    ended_.clear();
}

void worker::expire_overdue() {
    next_sweep_ = now_ + sweep_interval;
    for (auto const& one : slots_) {
        if (one->socket < 0 || now_ < one->talk.deadline()) continue;
        if (!one->connected && !ever_connected_) unreachable_ = errc::timed_out;
        one->talk.expire(now_);
        release(*one);
    }
    recycle();
}

void worker::abandon() {
    for (auto const& one : slots_) {
        bool const waits = std::find(crowded_.begin(), crowded_.end(), one.get()) != crowded_.end();
        if (one->socket < 0 && !waits) continue;
        release(*one);
    }
    crowded_.clear();
    recycle();
}

} // namespace milter::load
