// SPDX-License-Identifier: BSL-1.0
// manager/service/line_writer.cpp
#include "manager/service/line_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace milter::manager {

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
    if (state_->descriptor < 0)
        throw std::system_error(errno, std::generic_category(), state_->path);
    thread_ = std::thread([state = state_] { run(state); });
}

void line_writer::post(std::function<std::string()> make) {
    std::lock_guard const lock(state_->mutex);
    if (state_->stopping || state_->queue.size() >= state_->capacity) {
        ++state_->dropped;
        return;
    }
    state_->queue.push_back(std::move(make));
    if (state_->queue.size() == 1) state_->wake.notify_one();
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
        s.wake.wait(lock, [&] { return !s.queue.empty() || s.stopping || s.reopening; });
        bool const reopening = std::exchange(s.reopening, false) && !s.path.empty();
        auto const batch = std::exchange(s.queue, {});
        auto const lost = s.dropped - std::exchange(s.reported, s.dropped);
        bool const last = s.stopping && batch.empty();
        lock.unlock();
        if (reopening) open_anew(s);
        std::string text;
        for (auto const& make : batch) text.append(make()).append("\n");
        if (lost != 0 && !last)
            text.append(R"({"event":"dropped","lines":)")
                .append(std::to_string(lost))
                .append("}\n");
        int const error = write_all(s, text);
        if (error != 0 && !s.failing) tell(s, "lines are lost", error);
        s.failing = !text.empty() ? error != 0 : s.failing;
        lock.lock();
        if (error != 0) { // perhaps not all of them, but nobody knows which
            s.dropped += batch.size();
            s.reported -= lost;
        }
        if (!last) continue;
        s.done = true;
        s.ended.notify_all();
        return;
    }
}

void line_writer::open_anew(shared& state) {
    int const fresh = open_file(state.path);
    if (fresh < 0) return tell(state, "cannot be opened anew, the old file goes on", errno);
    ::close(std::exchange(state.descriptor, fresh));
    state.failing = false;
}

void line_writer::tell(shared& state, std::string what, int error) {
    if (!state.complain) return;
    auto const name = state.path.empty() ? std::string("output") : state.path;
    state.complain(name + ": " + std::move(what) + ": " + std::generic_category().message(error));
}

/// @return  0, or why not all could be written
int line_writer::write_all(shared& state, std::string const& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        auto const n = ::write(state.descriptor, text.data() + done, text.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n < 0 ? errno : EIO; // the next batch tries again
        done += static_cast<std::size_t>(n);
    }
    return 0;
}

} // namespace milter::manager
