// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/started_milter.cpp - a milter that runs as long as its scenarios
#include "test-server/scenario/started_milter.hpp"

#include <milter/net/connect.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <fmt/format.h>

#include <spawn.h>
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

/// In a process group of its own, which is what is ended.
pid_t start(std::string const& command) {
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    ::posix_spawnattr_setpgroup(&attributes, 0);
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

started_milter::started_milter(std::string command, std::optional<endpoint> const& where,
                               proto::duration patience) {
    if (where) {
        where_ = *where;
    } else {
        folder_ = new_folder();
        where_ = {endpoint::kind::unix_path, folder_ + "/socket", {}, {}};
    }
    child_ = start(with_socket(std::move(command), to_string(where_)));
    try {
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
        if (has_ended(WNOHANG))
            throw std::runtime_error(
                fmt::format("--start: it ended with {} before it listened",
                            WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_)));
        if (proto::clock::now() > deadline)
            throw std::runtime_error("--start: nobody listens on " + to_string(where_));
        std::this_thread::sleep_for(pause);
    }
}

bool started_milter::has_ended(int options) {
    while (child_ > 0) {
        auto const ended = ::waitpid(child_, &status_, options);
        if (ended == 0) return false;
        if (ended > 0 || errno != EINTR) child_ = 0;
    }
    return true;
}

void started_milter::end() noexcept {
    auto const group = child_;
    if (group > 0) {
        ::kill(-group, SIGTERM);
        auto const deadline = proto::clock::now() + patience_at_the_end;
        while (!has_ended(WNOHANG) && proto::clock::now() < deadline)
            std::this_thread::sleep_for(pause);
        ::kill(-group, SIGKILL); // also what the shell left behind
        has_ended(0);
    }
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

} // namespace milter::test_server
