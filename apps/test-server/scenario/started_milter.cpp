// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/started_milter.cpp - a milter that runs as long as its scenarios
#include "test-server/scenario/started_milter.hpp"

#include <milter/net/connect.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <utility>

namespace milter::test_server {

namespace asio = net::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto pause = 20ms;
constexpr auto patience_at_the_end = 5s;

std::string new_folder() {
    auto name = (std::filesystem::temp_directory_path() / "milter-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("cannot make a folder for the socket");
    return name;
}

std::string with_socket(std::string command, std::string const& socket) {
    constexpr std::string_view word = "{socket}";
    for (auto at = command.find(word); at != command.npos; at = command.find(word, at))
        command.replace(at, word.size(), socket), at += socket.size();
    return command;
}

sigset_t ending_signals() {
    sigset_t all;
    ::sigemptyset(&all);
    ::sigaddset(&all, SIGINT);
    ::sigaddset(&all, SIGTERM);
    return all;
}

/// Signals as a program expects them: none held back, SIGPIPE not ignored.
void set_signals(posix_spawnattr_t& attributes) {
    sigset_t none, usual;
    ::sigemptyset(&none);
    ::sigemptyset(&usual);
    ::sigaddset(&usual, SIGPIPE);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &usual);
}

/// In a process group of its own, which is what is ended; whom the shell leaves behind becomes our child.
pid_t start(std::string const& command) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                POSIX_SPAWN_SETSIGDEF);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    set_signals(attributes);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO); // ours is a report
    std::string shell = "sh", option = "-c", text = command;
    char* argv[] = {shell.data(), option.data(), text.data(), nullptr};
    pid_t child = 0;
    int const failed = ::posix_spawn(&child, "/bin/sh", &actions, &attributes, argv, environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (failed != 0) throw std::runtime_error("cannot start a shell for --start");
    return child;
}

/// Waits for those that have ended. @param options  WNOHANG, or 0: until all have
bool group_has_members(pid_t group, int options) noexcept {
    for (;;) {
        auto const ended = ::waitpid(-group, nullptr, options);
        if (ended == 0) return true;
        if (ended < 0 && errno != EINTR) return false;
    }
}

bool listens(endpoint const& where) {
    asio::io_context context{1};
    error_code ec;
    auto const attempt = [&]() -> asio::awaitable<void> {
        static_cast<void>(co_await net::connect(where, proto::clock::now() + 1s, ec));
    };
    asio::co_spawn(context, attempt(), asio::detached);
    context.run();
    return !ec;
}

} // namespace

held_signals::held_signals() {
    auto const all = ending_signals();
    ::pthread_sigmask(SIG_BLOCK, &all, &before_);
}

/// Those that came meanwhile have done what they were to do: the program ends.
held_signals::~held_signals() {
    auto const all = ending_signals();
    timespec const at_once{};
    while (::sigtimedwait(&all, nullptr, &at_once) > 0) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool held_signals::is_one_waiting() {
    sigset_t waiting;
    ::sigpending(&waiting);
    return ::sigismember(&waiting, SIGINT) == 1 || ::sigismember(&waiting, SIGTERM) == 1;
}

passed_signals::passed_signals() {
    auto const all = ending_signals();
    ::pthread_sigmask(SIG_UNBLOCK, &all, &before_);
}

passed_signals::~passed_signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

started_milter::started_milter(std::string command, std::optional<endpoint> const& where,
                               proto::duration patience) {
    if (where && listens(*where))
        throw std::runtime_error("--start: somebody listens on " + to_string(*where) + " already");
    if (where) {
        where_ = *where;
    } else {
        folder_ = new_folder();
        where_ = {endpoint::kind::unix_path, folder_ + "/socket", {}, {}};
    }
    try {
        child_ = start(with_socket(std::move(command), to_string(where_)));
        wait_until_it_listens(patience);
    } catch (...) {
        end();
        throw;
    }
}

started_milter::~started_milter() { end(); }

void started_milter::wait_until_it_listens(proto::duration patience) {
    auto const deadline = proto::clock::now() + patience;
    while (!listens(where_)) {
        if (auto const status = exit_status())
            throw std::runtime_error(
                fmt::format("--start: it ended with {} before it listened", *status));
        if (proto::clock::now() > deadline)
            throw std::runtime_error("--start: nobody listens on " + to_string(where_));
        if (held_signals::is_one_waiting())
            throw std::runtime_error("--start: interrupted before it listened");
        std::this_thread::sleep_for(pause);
    }
}

std::optional<int> started_milter::exit_status() const {
    siginfo_t info{};
    int const failed =
        ::waitid(P_PID, static_cast<id_t>(child_), &info, WEXITED | WNOHANG | WNOWAIT);
    if (failed != 0 || info.si_pid == 0) return std::nullopt;
    return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

/// First all are asked, then those are killed that are left.
void started_milter::end() noexcept {
    if (child_ > 0) {
        ::kill(-child_, SIGTERM);
        auto const deadline = proto::clock::now() + patience_at_the_end;
        while (group_has_members(child_, WNOHANG) && proto::clock::now() < deadline)
            std::this_thread::sleep_for(pause);
        if (group_has_members(child_, WNOHANG)) {
            ::kill(-child_, SIGKILL);
            group_has_members(child_, 0);
        }
    }
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

} // namespace milter::test_server
