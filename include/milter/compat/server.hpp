// SPDX-License-Identifier: BSL-1.0
// milter/compat/server.hpp - a fixed number of threads for any number of connections, whose callbacks may block
//
// Theory of operation. One thread at a time waits for events (epoll, edge-triggered); those that came are a queue that
// all take from, so a thread that has waited also works: no hand-over between threads as long as callbacks are quick.
// Nobody waits for events while it works. Whether somebody should, because a callback blocks, the watching thread (that
// of smfi_main) sees: it looks every two milliseconds while there is something to do. When it finds a thread that sleeps
// within its turn, or has used the CPU for long, another one takes over, and for a second from then on each thread wakes
// the next one before it works.
//
// A connection is with one thread at a time: an event that comes while it has its turn only makes it have another one.
// The callbacks of one connection are so called in order, though not by the same thread.
//
// No thread waits for an MTA that does not take its answers, but in a callback that writes: what is to be written is kept,
// within limits, nothing is read meanwhile, and the connection waits for room instead of commands.
#pragma once

#include <milter/compat/conversation.hpp>
#include <milter/compat/wakeup.hpp>
#include <milter/compat/worker_state.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace milter::compat {

/// How long an MTA that has taken its answers may be silent.
inline proto::duration silence_allowed(limits const& all, bool is_negotiated) noexcept {
    return is_negotiated ? all.patience : std::min(all.patience, proto::filter_negotiate_timeout);
}

class server {
public:
    /// @param listening  a socket that listens and does not block; stays its owner's
    server(smfiDesc const& filter, limits const& limits, int listening)
        : filter_(filter), limits_(limits), listening_(listening),
          epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        watch(EPOLL_CTL_ADD, listening_, EPOLLIN, accept_id);
        watch(EPOLL_CTL_ADD, over_.descriptor(), EPOLLIN, over_id);
    }
    server(server const&) = delete;
    server& operator=(server const&) = delete;
    ~server() { ::close(epoll_); }

    /// Whether the system gave what it needs.
    bool good() const noexcept { return epoll_ >= 0 && over_.good() && attention_.good(); }

    void start(unsigned threads) {
        states_.resize(threads);
        for (auto& state : states_) threads_.emplace_back([this, &state] { work(state); });
    }

    /// For the watching thread: becomes readable when look() is to be called before its time.
    wakeup& attention() noexcept { return attention_; }

    /// Sees to it that no connection waits because of another one's callback, and that no MTA is silent, or leaves its
    /// answers, for longer than is allowed. @return how long it may be until the next call
    proto::duration look();

    /// Nobody new; who is not in a message is let go. @param at_once  neither are messages waited for
    void refuse(bool at_once);
    bool empty();
    /// Connections lose their sockets: nothing waits for an MTA any more.
    void cut_off();

    /// Ends the threads; no callback begins any more, not even xxfi_close of a connection that is left.
    /// @return false: a callback is still at work, and what it works with must stay. May be called again.
    bool stop();

private:
    enum class turn : unsigned char { idle, queued, running, again };

    struct connection {
        connection(int descriptor, smfiDesc const& filter, limits const& limits)
            : context(descriptor, filter, limits) {}
        SMFICTX context;
        proto::time_point last_heard = proto::clock::now();
        std::uint32_t slot_index = 0;
        turn state = turn::idle;
        bool is_last = false; ///< the MTA has closed its direction
        proto::time_point writes_until =
            proto::never;           ///< as of its last turn; never: it waits for commands
        bool is_negotiated = false; ///< as of its last turn
        bool is_in_message = false; ///< as of its last turn
    };

    /// Its serial number changes with each tenant, so that an event for the one before it is known.
    struct slot {
        std::unique_ptr<connection> who;
        std::uint32_t serial = 0;
    };

    using guard = std::unique_lock<std::mutex>;

    static constexpr std::uint64_t accept_id = ~std::uint64_t{0};
    static constexpr std::uint64_t over_id = accept_id - 1;
    static constexpr int most_events = 64;
    static constexpr int most_accepted = 64; // before others have their turn
    static constexpr unsigned most_unpolled =
        16; // turns; who is always ready must not keep others unseen
    static constexpr auto look_interval = std::chrono::milliseconds(2);
    static constexpr auto eager_time = std::chrono::seconds(1);
    static constexpr auto sweep_interval = std::chrono::seconds(1);
    static constexpr auto accept_pause = std::chrono::milliseconds(100); // no descriptors left
    static constexpr unsigned quiet_looks = 50;

    static constexpr std::uint32_t commands = EPOLLIN | EPOLLRDHUP | EPOLLET;
    static constexpr std::uint32_t room = EPOLLOUT | EPOLLET;

    /// @param operation  EPOLL_CTL_ADD or _MOD; both tell of what is there already
    void watch(int operation, int descriptor, std::uint32_t events,
               std::uint64_t id) const noexcept {
        epoll_event event{};
        event.events = events;
        event.data.u64 = id;
        ::epoll_ctl(epoll_, operation, descriptor, &event);
    }

    void watch(int operation, connection& one, std::uint32_t events) noexcept {
        watch(operation, one.context.mta.descriptor(), events,
              std::uint64_t{slots_[one.slot_index].serial} << 32 | one.slot_index);
    }

    void work(worker_state& own) {
        guard lock(mutex_);
        own.enter();
        while (!is_over_) {
            bool const has_work = !ready_.empty();
            if (has_work && (is_polled_ || unpolled_ < most_unpolled))
                run_first(own, lock);
            else if (!is_polled_)
                poll(lock, has_work ? 0 : -1);
            else
                park(lock);
        }
    }

    void park(guard& lock) {
        ++parked_count_;
        parked_.wait(lock);
        --parked_count_;
    }

    void poll(guard& lock, int patience);
    void accept_all();
    void admit(int descriptor);
    void note(epoll_event const& event);
    void run_first(worker_state& own, guard& lock);
    void settle(connection& one, turn_end end, guard& lock);
    void call_next_thread() {
        if (parked_count_ != 0 && (!ready_.empty() || !is_polled_)) parked_.notify_one();
    }
    void queue(connection& one) {
        one.state = turn::queued;
        ready_.push_back(&one);
    }
    proto::time_point sweep(proto::time_point now);

    smfiDesc const filter_;
    limits const limits_;
    int const listening_;
    int const epoll_;
    wakeup over_;      ///< readable from the end on: whoever waits for events comes back
    wakeup attention_; ///< of the watching thread
    std::vector<std::thread> threads_;

    std::mutex mutex_; // of all that follows
    std::condition_variable parked_;
    std::vector<worker_state> states_; ///< of threads_
    std::vector<slot> slots_;
    std::vector<std::uint32_t> free_slots_;
    std::deque<connection*> ready_;
    std::size_t count_ = 0; ///< connections
    unsigned parked_count_ = 0;
    unsigned running_ = 0;        ///< threads that work
    unsigned unpolled_ = 0;       ///< turns since events were looked for
    std::uint64_t done_ = 0;      ///< turns that ended
    std::uint64_t done_then_ = 0; ///< at the last look
    unsigned quiet_ = 0;          ///< looks in a row at which nothing had happened
    bool is_polled_ = false;      ///< a thread waits for events
    bool is_over_ = false;
    bool is_refusing_ = false;
    bool accepts_not_ = false; ///< for want of descriptors
    bool watcher_sleeps_ = false;
    bool is_eager_ = false; ///< callbacks block: see above
    proto::time_point eager_until_{};
    proto::time_point next_sweep_{};
    proto::time_point accept_again_{};
};

inline void server::poll(guard& lock, int patience) {
    is_polled_ = true;
    unpolled_ = 0;
    lock.unlock();
    std::array<epoll_event, most_events> events; // NOLINT: written by epoll_wait()
    auto const count = ::epoll_wait(epoll_, events.data(), most_events, patience);
    lock.lock();
    is_polled_ = false;
    if (std::exchange(watcher_sleeps_, false)) attention_.notify();
    for (int i = 0; i < count; ++i) note(events[static_cast<std::size_t>(i)]);
}

inline void server::note(epoll_event const& event) {
    if (event.data.u64 == over_id) return;
    if (event.data.u64 == accept_id) return accept_all();
    auto const index = static_cast<std::uint32_t>(event.data.u64);
    auto& where = slots_[index];
    if (!where.who || where.serial != event.data.u64 >> 32) return;
    auto& one = *where.who;
    if ((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) one.is_last = true;
    if (one.state == turn::idle) queue(one);
    if (one.state == turn::running) one.state = turn::again;
}

inline void server::accept_all() {
    for (int i = 0; i < most_accepted && !is_refusing_; ++i) {
        auto const connected =
            ::accept4(listening_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (connected >= 0) {
            admit(connected);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            accepts_not_ = true;
            accept_again_ = proto::clock::now() + accept_pause;
            watch(EPOLL_CTL_MOD, listening_, 0, accept_id);
        }
        if (errno != EINTR && errno != ECONNABORTED) return;
    }
}

inline void server::admit(int descriptor) {
    int const on = 1;
    ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); // fails for unix sockets
    auto newcomer = std::make_unique<connection>(descriptor, filter_, limits_);
    std::uint32_t index = 0;
    if (free_slots_.empty()) {
        index = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        index = free_slots_.back();
        free_slots_.pop_back();
    }
    newcomer->slot_index = index;
    auto& one = *(slots_[index].who = std::move(newcomer));
    ++count_;
    watch(EPOLL_CTL_ADD, one, commands);
}

inline void server::run_first(worker_state& own, guard& lock) {
    auto& one = *ready_.front();
    ready_.pop_front();
    one.state = turn::running;
    bool const is_last = one.is_last;
    own.begin_turn();
    ++running_;
    ++unpolled_;
    if (is_eager_) call_next_thread();
    lock.unlock();
    auto const end = take_turn(one.context, is_last);
    lock.lock();
    --running_;
    own.end_turn();
    ++done_;
    one.last_heard = proto::clock::now();
    settle(one, end, lock);
}

inline void server::settle(connection& one, turn_end end, guard& lock) {
    if (end == turn_end::over) {
        auto& left = slots_[one.slot_index];
        ++left.serial;
        free_slots_.push_back(one.slot_index);
        --count_;
        auto gone = std::move(left.who);
        lock.unlock();
        gone.reset(); // closing may take its time
        return lock.lock();
    }
    one.is_negotiated = one.context.session.at() != proto::phase::start;
    one.is_in_message = one.context.is_in_message;
    auto const writes_until = std::exchange(one.writes_until, one.context.writes_until);
    if ((writes_until == proto::never) != (one.writes_until == proto::never))
        watch(EPOLL_CTL_MOD, one, one.writes_until != proto::never ? room : commands);
    if (is_refusing_ && !one.is_in_message) one.context.mta.shut(peer::direction::reading);
    bool const has_more = end == turn_end::more || one.state == turn::again;
    one.state = turn::idle;
    if (has_more) queue(one);
}

inline proto::duration server::look() {
    guard const lock(mutex_);
    auto const now = proto::clock::now();
    bool const has_moved = done_ != std::exchange(done_then_, done_);
    if (std::any_of(states_.begin(), states_.end(), [](auto& one) { return one.stands_still(); })) {
        is_eager_ = true;
        eager_until_ = now + eager_time;
        call_next_thread();
    } else if (now > eager_until_) {
        is_eager_ = false;
    }
    if (accepts_not_ && now >= accept_again_) {
        accepts_not_ = false;
        watch(EPOLL_CTL_MOD, listening_, EPOLLIN, accept_id);
    }
    if (now >= next_sweep_) {
        sweep(now);
        next_sweep_ = now + sweep_interval;
    }
    quiet_ = has_moved || running_ != 0 || accepts_not_ ? 0 : quiet_ + 1;
    if (quiet_ < quiet_looks) return look_interval;
    quiet_ = 0;
    watcher_sleeps_ = true;
    next_sweep_ = {};
    return std::max<proto::duration>(sweep(now) - now, sweep_interval);
}

/// Hangs up on who is late. @return when the next one may be
inline proto::time_point server::sweep(proto::time_point now) {
    auto next = now + limits_.patience;
    for (auto& one : slots_) {
        if (!one.who || one.who->state != turn::idle) continue;
        auto const deadline =
            std::min(one.who->writes_until,
                     one.who->last_heard + silence_allowed(limits_, one.who->is_negotiated));
        if (deadline <= now)
            one.who->context.mta.shut(peer::direction::both);
        else
            next = std::min(next, deadline);
    }
    return next;
}

inline void server::refuse(bool at_once) {
    guard const lock(mutex_);
    is_refusing_ = true;
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, listening_, nullptr);
    for (auto& each : slots_) {
        if (!each.who) continue;
        auto& one = *each.who;
        bool const is_idle = one.state == turn::idle;
        if (!at_once && (!is_idle || one.is_in_message)) continue;
        // who waits for room would not hear that there is nothing more to read
        bool const is_deaf = at_once && is_idle && one.writes_until != proto::never;
        one.context.mta.shut(is_deaf ? peer::direction::both : peer::direction::reading);
    }
}

inline bool server::empty() {
    guard const lock(mutex_);
    return count_ == 0;
}

inline bool server::stop() {
    guard lock(mutex_);
    is_over_ = true;
    for (auto& one : slots_)
        if (one.who) one.who->context.is_left_behind = true;
    over_.notify();
    parked_.notify_all();
    if (running_ != 0) return false;
    lock.unlock();
    for (auto& each : threads_) each.join();
    threads_.clear();
    slots_.clear();
    return true;
}

inline void server::cut_off() {
    guard const lock(mutex_);
    for (auto& one : slots_)
        if (one.who) one.who->context.mta.shut(peer::direction::both);
}

} // namespace milter::compat
