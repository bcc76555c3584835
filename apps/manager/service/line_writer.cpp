// SPDX-License-Identifier: BSL-1.0
// manager/service/line_writer.cpp
#include "manager/service/line_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace milter::manager {

namespace {

constexpr auto nap = std::chrono::milliseconds(5);
constexpr std::size_t at_once = std::size_t{32} << 10; // bytes

} // namespace

line_writer::shared::~shared() {
    if (!path.empty() && descriptor >= 0) ::close(descriptor);
}

int line_writer::open_file(std::string const& path) {
    return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

line_writer::line_writer(std::string path, int fallback, std::function<void(std::string)> complain,
                         std::size_t capacity)
    : state_(std::make_shared<shared>()) {
    state_->complain = std::move(complain);
    state_->capacity = capacity;
    state_->descriptor = path.empty() ? fallback : open_file(path);
    state_->path = std::move(path);
    if (state_->descriptor < 0) throw cannot_open(errno, std::generic_category(), state_->path);
    thread_ = std::thread([state = state_] { run(state); });
}

void line_writer::post(std::function<std::string()> make) {
    std::lock_guard const lock(state_->mutex);
    if (state_->stopping || state_->queue.size() >= state_->capacity) {
        ++state_->dropped;
        return;
    }
    state_->queue.push_back(std::move(make));
    if (std::exchange(state_->asleep, false)) state_->wake.notify_one();
}

void line_writer::reopen() {
    std::lock_guard const lock(state_->mutex);
    state_->reopening = true;
    state_->wake.notify_one();
}

std::uint64_t line_writer::dropped() const noexcept {
    std::lock_guard const lock(state_->mutex);
    return state_->dropped;
}

void line_writer::stop(std::chrono::milliseconds patience) {
    if (!thread_.joinable()) return;
    std::unique_lock lock(state_->mutex);
    state_->stopping = true;
    state_->wake.notify_one();
    bool const ended = state_->ended.wait_for(lock, patience, [&] { return state_->done; });
    state_->complain = nullptr; // whom it refers to may die
    lock.unlock();
    if (ended)
        thread_.join();
    else
        thread_.detach();
}

void line_writer::run(std::shared_ptr<shared> const& state) {
    auto& s = *state;
    std::unique_lock lock(s.mutex);
    for (;;) {
        await_work(s, lock);
        bool const reopening = std::exchange(s.reopening, false) && !s.path.empty();
        auto batch = std::exchange(s.queue, {});
        auto const dropped = s.dropped;
        bool const last = s.stopping && batch.empty();
        lock.unlock();
        if (reopening) open_anew(s);
        report_dropped(s, dropped);
        std::size_t lost = 0;
        while (!batch.empty()) lost += write_some(s, batch);
        lock.lock();
        s.dropped += lost;
        if (!last) continue;
        s.done = true;
        s.ended.notify_all();
        return;
    }
}

void line_writer::report_dropped(shared& state, std::uint64_t dropped) {
    if (dropped == state.reported) return;
    auto const count = std::to_string(dropped - state.reported);
    auto const text = R"({"event":"dropped","lines":)" + count + "}\n";
    if (write_all(state, text) == text.size()) state.reported = dropped;
}

/// A part of what there is, so that after a pause the text of thousands of lines is not in memory at a time.
/// @return  lines that were lost
std::size_t line_writer::write_some(shared& state, lines& from) {
    std::string text;
    while (!from.empty() && text.size() < at_once) {
        text.append(from.front()()).append("\n");
        from.pop_front();
    }
    auto const rest = std::string_view(text).substr(write_all(state, text));
    return static_cast<std::size_t>(std::count(rest.begin(), rest.end(), '\n'));
}

/// Whoever has just written looks again a little later by himself, so that on a busy day nobody has to wake him.
void line_writer::await_work(shared& state, std::unique_lock<std::mutex>& lock) {
    auto const is_called = [&] { return state.stopping || state.reopening; };
    if (state.wake.wait_for(lock, nap, is_called) || !state.queue.empty()) return;
    state.asleep = true;
    state.wake.wait(lock, [&] { return !state.queue.empty() || is_called(); });
    state.asleep = false;
}

void line_writer::open_anew(shared& state) {
    int const fresh = open_file(state.path);
    if (fresh < 0) return tell(state, "the old file goes on", errno);
    ::close(std::exchange(state.descriptor, fresh));
    state.failing = state.torn = false;
}

void line_writer::tell(shared& state, std::string_view outcome, int error) {
    auto const name = state.path.empty() ? std::string("standard output") : state.path;
    std::lock_guard const lock(state.mutex);
    if (state.complain)
        state.complain(name + ": " + std::generic_category().message(error) + "; " +
                       std::string(outcome));
}

/// @return  bytes of `text` that were written
std::size_t line_writer::write_all(shared& state, std::string_view text) {
    if (text.empty()) return 0;
    auto const to_write = (state.torn ? "\n" : "") + std::string(text);
    auto const extra = to_write.size() - text.size();
    std::size_t done = 0;
    int error = 0;
    while (done < to_write.size() && error == 0) {
        auto const n = ::write(state.descriptor, to_write.data() + done, to_write.size() - done);
        if (n > 0) done += static_cast<std::size_t>(n);
        if (n == 0) error = EIO;
        if (n < 0 && errno != EINTR) error = errno;
    }
    if (done > 0) state.torn = to_write[done - 1] != '\n';
    if (error != 0 && !state.failing) tell(state, "lines are lost", error);
    state.failing = error != 0; // the next lines are tried again
    return done - std::min(done, extra);
}

} // namespace milter::manager
