// SPDX-License-Identifier: BSL-1.0
// milter/compat/worker_state.hpp - what a thread is about, and whether it has come to a standstill
//
// That time has passed says nothing on a busy machine: a thread stands still when it sleeps in the middle of its work,
// or has used the CPU for long.
// Source: proc_pid_stat(5), the third field.
#pragma once

#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace milter::compat {

namespace detail {

/// The state letter of a thread of this process; 0 when it cannot be read.
inline char thread_state(pid_t thread) noexcept {
    auto const path = "/proc/self/task/" + std::to_string(thread) + "/stat";
    int const file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    std::array<char, 128> text{};
    auto const size = ::read(file, text.data(), text.size());
    ::close(file);
    if (size <= 0) return 0;
    std::string_view const line(text.data(), static_cast<std::size_t>(size));
    auto const name_end = line.rfind(") "); // the name may hold anything
    return name_end == line.npos || name_end + 2 >= line.size() ? char{0} : line[name_end + 2];
}

} // namespace detail

/// Of one thread; its owner locks.
class worker_state {
public:
    /// In the thread itself, before it works.
    void enter() noexcept {
        thread_ = static_cast<pid_t>(::syscall(SYS_gettid));
        has_clock_ = ::pthread_getcpuclockid(::pthread_self(), &clock_) == 0;
    }

    void begin_turn() noexcept {
        is_at_work_ = true;
        ++turns_;
    }
    void end_turn() noexcept { is_at_work_ = false; }

    /// To be asked again and again, by one other thread: whether the turn is the one of the time before and stands still.
    bool stands_still() noexcept {
        if (!is_at_work_) return false;
        if (turns_ != seen_) {
            seen_ = turns_;
            used_ = used();
            return false;
        }
        auto const state = detail::thread_state(thread_);
        return state == 'S' || state == 'D' || used() - used_ > longest_use;
    }

private:
    static constexpr auto longest_use = std::chrono::milliseconds(4);

    std::chrono::nanoseconds used() const noexcept {
        timespec time{};
        if (has_clock_) ::clock_gettime(clock_, &time);
        return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    }

    pid_t thread_ = 0;
    clockid_t clock_{};
    bool has_clock_ = false;
    bool is_at_work_ = false;
    std::uint64_t turns_ = 0;
    std::uint64_t seen_ = 0;
    std::chrono::nanoseconds used_{}; ///< CPU, when the turn was first seen
};

} // namespace milter::compat
