// SPDX-License-Identifier: BSL-1.0
// manager/service/line_writer.hpp - log lines to files, without ever making mail wait
//
// A bounded queue and one thread. What does not fit is dropped and counted, and the count is written when there is room.
// Lines are made on the writer's thread. A reader that hangs (a full pipe) blocks that thread alone.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

namespace milter::manager {

class line_writer {
public:
    class cannot_open : public std::system_error {
        using std::system_error::system_error;
    };

    /// @param path  file to append to; empty: the descriptor `fallback`, which stays the caller's
    /// @param complain  told in words when lines are lost to a full disk and the like, once until it works again, and
    ///                  when the file cannot be opened anew; called on the writer's thread, never after stop();
    ///                  must not call us
    /// Throws cannot_open; std::system_error when there can be no thread.
    line_writer(std::string path, int fallback, std::function<void(std::string)> complain = {},
                std::size_t capacity = 8192);
    line_writer(line_writer const&) = delete;
    line_writer& operator=(line_writer const&) = delete;
    ~line_writer() { stop(std::chrono::seconds(1)); }

    /// Queues a line; `make` is called on the writer's thread and gives it without its end.
    void post(std::function<std::string()> make);

    /// Opens the file anew, after a log rotation.
    void reopen();

    /// Writes what is queued, but not longer than `patience`.
    void stop(std::chrono::milliseconds patience);

    /// Lines that are not in the file: there was no room in the queue, or they could not be written.
    std::uint64_t dropped() const noexcept;

private:
    using lines = std::deque<std::function<std::string()>>; ///< still to be made
    struct shared {
        shared() = default;
        shared(shared const&) = delete;
        shared& operator=(shared const&) = delete;
        ~shared();
        std::mutex mutex;
        std::condition_variable wake, ended;
        lines queue;
        std::size_t capacity = 0;
        std::uint64_t dropped = 0;
        bool asleep = false; ///< the thread looks again only when it is woken
        bool stopping = false;
        bool reopening = false;
        std::function<void(std::string)> complain; ///< null: stopped
        bool done = false;
        std::string path;
        // of the writer's thread:
        int descriptor = -1;
        std::uint64_t reported = 0; ///< of `dropped`, in the file
        bool failing = false;
        bool torn = false; ///< the last line in the file has no end
    };

    static int open_file(std::string const& path);
    static void run(std::shared_ptr<shared> const& state);
    static void await_work(shared& state, std::unique_lock<std::mutex>& lock);
    static void report_dropped(shared& state, std::uint64_t dropped);
    static std::size_t write_some(shared& state, lines& from);
    static std::size_t write_all(shared& state, std::string_view text);
    static void open_anew(shared& state);
    static void tell(shared& state, std::string_view outcome, int error);

    std::shared_ptr<shared> state_; ///< outlives us when the thread hangs in a write
    std::thread thread_;
};

} // namespace milter::manager
