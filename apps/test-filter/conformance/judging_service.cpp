// SPDX-License-Identifier: BSL-1.0
// test-filter/conformance/judging_service.cpp - serves the MTA that is judged, any number of sessions at once
//
// One loop around poll(): sessions are few, and each says little.
#include "test-filter/conformance/judging_service.hpp"

#include "test-filter/conformance/mta_judge.hpp"

#include <boost/asio/io_context.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

namespace milter::test_filter {

namespace {

constexpr std::size_t most_sessions = 200;              // at once; more wait in the backlog
constexpr auto glance = std::chrono::milliseconds(200); // how late a signal may be noticed
constexpr auto idle_limit = std::chrono::minutes(10);
constexpr std::size_t most_unwritten = std::size_t{256} << 10; // bytes of replies

class judged_session {
public:
    judged_session(int fd, std::size_t number, variant const& plan)
        : fd_(fd), number_(number), judge_(plan) {}
    judged_session(judged_session const&) = delete;
    judged_session& operator=(judged_session const&) = delete;
    ~judged_session() { ::close(fd_); }

    int fd() const noexcept { return fd_; }
    std::size_t number() const noexcept { return number_; }
    mta_judge& judge() noexcept { return judge_; }
    bool over() const noexcept { return over_; }
    /// Whoever does not read is not listened to either.
    short events() const noexcept {
        return static_cast<short>((unwritten_.size() > most_unwritten ? 0 : POLLIN) |
                                  (unwritten_.empty() ? 0 : POLLOUT));
    }

    void work(proto::time_point now, bool readable) {
        if (readable) {
            last_ = now;
            read(now);
        }
        judge_.tick(now);
        write();
        if (!over_ && (judge_.closed() || now - last_ > idle_limit)) over_ = true;
    }

private:
    void read(proto::time_point now) {
        char room[65536];
        auto const size = ::recv(fd_, room, sizeof room, MSG_DONTWAIT);
        if (size > 0) return judge_.received({room, static_cast<std::size_t>(size)}, now);
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
        judge_.ended();
        over_ = true;
    }

    void write() {
        unwritten_ += judge_.take_output();
        while (!unwritten_.empty() && !over_) {
            auto const size =
                ::send(fd_, unwritten_.data(), unwritten_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (size < 0 && errno == EINTR) continue;
            if (size < 0 && errno == EAGAIN) return;
            if (size < 0) return unwritten_.clear(); // the next read tells of an end
            unwritten_.erase(0, static_cast<std::size_t>(size));
        }
    }

    int fd_;
    std::size_t number_;
    mta_judge judge_;
    std::string unwritten_;
    proto::time_point last_ = proto::clock::now();
    bool over_ = false;
};

using sessions = std::vector<std::unique_ptr<judged_session>>;

int patience(sessions const& all, proto::time_point now) {
    auto until = now + glance;
    for (auto const& one : all)
        if (auto const due = one->judge().due()) until = std::min(until, *due);
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
    return static_cast<int>(std::max<long>(left, 0));
}

} // namespace

observations judge_mta(judging_plan const& plan, std::atomic<bool> const& stop,
                       std::function<void(endpoint const&)> const& ready,
                       std::function<void(std::size_t, std::string const&)> const& ended,
                       error_code& ec) {
    observations sum;
    boost::asio::io_context context{1};
    net::listener listener(context.get_executor());
    listener.open(plan.where, plan.listening, ec);
    if (ec) return sum;
    listener.socket().non_blocking(true, ec);
    if (ec) return sum;
    ready(listener.local(plan.where));
    int const door = listener.socket().native_handle();
    sessions all;
    std::size_t begun = 0, done = 0;
    while (!stop && (plan.sessions == 0 || done < plan.sessions)) {
        std::vector<pollfd> waits;
        for (auto const& one : all) waits.push_back({one->fd(), one->events(), 0});
        bool const welcome =
            all.size() < most_sessions && (plan.sessions == 0 || begun < plan.sessions);
        if (welcome) waits.push_back({door, POLLIN, 0});
        ::poll(waits.data(), waits.size(), patience(all, proto::clock::now()));
        auto const now = proto::clock::now();
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i]->work(now, (waits[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0);
        for (auto const& one : all) {
            if (!one->over()) continue;
            sum.add(one->judge().seen(), one->judge().name(), one->judge().packets());
            ended(one->number(), one->judge().name());
            ++done;
        }
        std::erase_if(all, [](auto const& one) { return one->over(); });
        if (!welcome || (waits.back().revents & POLLIN) == 0) continue;
        int const fd = ::accept4(door, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) continue;
        auto const variants = all_variants();
        all.push_back(
            std::make_unique<judged_session>(fd, begun + 1, variants[begun % variants.size()]));
        ++begun;
    }
    for (auto const& one : all) // those that go on have shown something all the same
        sum.add(one->judge().seen(), one->judge().name(), one->judge().packets());
    return sum;
}

} // namespace milter::test_filter
