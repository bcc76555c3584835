// SPDX-License-Identifier: BSL-1.0
// tests/support/hang_watch.cpp - a thread that counts the time of each test case

#include "hang_watch.hpp"

#include <boost/test/tree/test_unit.hpp>

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

namespace support {
namespace {

namespace fs = std::filesystem;

/// For hangs only: no test may depend on how fast the machine is.
std::chrono::seconds patience() {
    auto const* const given = std::getenv("MILTER_TEST_SECONDS");
    return std::chrono::seconds(given ? std::atoi(given) : 300);
}
constexpr std::chrono::seconds patience_with_the_rest{60};

void say(std::string_view text) {
    [[maybe_unused]] auto const written = ::write(2, text.data(), text.size());
}

std::string text_of(fs::path const& file) {
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    for (auto& c : text)
        if (c == '\0') c = ' ';
    return text;
}

pid_t parent_of(pid_t process) {
    auto const text = text_of("/proc/" + std::to_string(process) + "/stat");
    auto const at = text.rfind(") "); // a program's name may have anything in it
    return at == text.npos ? 0 : std::atoi(text.c_str() + at + 4);
}

std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> found;
    std::error_code failed;
    for (auto const& entry : fs::directory_iterator("/proc", failed)) {
        auto const name = entry.path().filename().string();
        pid_t id = 0;
        std::from_chars(name.data(), name.data() + name.size(), id);
        if (id > 0 && parent_of(id) == parent) found.push_back(id);
    }
    return found;
}

void show(pid_t process) {
    auto const folder = "/proc/" + std::to_string(process);
    say("\nprocess " + std::to_string(process) + ": " + text_of(folder + "/cmdline") + "\n");
    std::error_code failed;
    for (auto const& thread : fs::directory_iterator(folder + "/task", failed))
        say("  thread " + thread.path().filename().string() + " waits in " +
            text_of(thread.path() / "wchan") + ", system call " +
            text_of(thread.path() / "syscall"));
    auto const debugger = "timeout 60 gdb -p " + std::to_string(process) +
                          " -batch -ex 'thread apply all backtrace 25' </dev/null 2>/dev/null >&2";
    [[maybe_unused]] auto const shown = std::system(debugger.c_str());
}

} // namespace

hang_watch::~hang_watch() { test_finish(); }

void hang_watch::test_start(boost::unit_test::counter_t, boost::unit_test::test_unit_id) {
    if (!thread_.joinable()) thread_ = std::thread([this] { watch(); });
}

void hang_watch::test_finish() {
    {
        std::lock_guard const lock(mutex_);
        ended_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void hang_watch::test_unit_start(boost::unit_test::test_unit const& unit) {
    std::lock_guard const lock(mutex_);
    running_ = unit.full_name();
    ++turn_;
    changed_.notify_one();
}

void hang_watch::watch() {
    std::unique_lock lock(mutex_);
    auto const next_within = [&](std::chrono::seconds time) {
        return changed_.wait_for(lock, time, [&, turn = turn_] { return ended_ || turn_ != turn; });
    };
    while (!ended_) {
        if (next_within(patience())) continue;
        say("\nhang: " + running_ + " has not ended in " + std::to_string(patience().count()) +
            " s\n");
        auto const children = children_of(::getpid());
        show(::getpid());
        for (auto const child : children) show(child);
        for (auto const child : children) ::kill(child, SIGKILL);
        if (!children.empty() && next_within(patience_with_the_rest)) continue;
        say("hang: " + running_ + " goes on hanging\n");
        ::_exit(1);
    }
}

} // namespace support
