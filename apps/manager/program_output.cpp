// SPDX-License-Identifier: BSL-1.0
// manager/program_output.cpp
#include "manager/program_output.hpp"

#include "manager/config/descriptor.hpp"
#include "manager/core/unit_text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <system_error>

namespace milter::manager {

namespace {

constexpr std::string_view folders_of_the_system =
    "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin";

std::string text_of(int error) { return std::generic_category().message(error); }

bool is_program(std::string const& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
           ::access(path.c_str(), X_OK) == 0;
}

/// What a child gets of us.
class spawn_order {
public:
    explicit spawn_order(int output) {
        ::posix_spawn_file_actions_init(&files_);
        ::posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&files_, output, STDOUT_FILENO);
        ::posix_spawn_file_actions_addopen(&files_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        ::posix_spawn_file_actions_addclosefrom_np(&files_, STDERR_FILENO + 1);
        ::posix_spawnattr_init(&attributes_);
        sigset_t signals;
        ::sigemptyset(&signals);
        ::posix_spawnattr_setsigmask(&attributes_, &signals);
        ::sigaddset(&signals, SIGPIPE);
        ::posix_spawnattr_setsigdefault(&attributes_, &signals);
        ::posix_spawnattr_setpgroup(&attributes_, 0); // so that all of it can be killed
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                     POSIX_SPAWN_SETPGROUP);
    }
    spawn_order(spawn_order const&) = delete;
    spawn_order& operator=(spawn_order const&) = delete;
    ~spawn_order() {
        ::posix_spawnattr_destroy(&attributes_);
        ::posix_spawn_file_actions_destroy(&files_);
    }

    /// @return  an error of the system
    int carry_out(std::vector<std::string>& argv, pid_t& child) const {
        std::string path = "PATH=" + std::string(folders_of_the_system) + ":/sbin:/bin";
        std::string locale = "LC_ALL=C";
        std::array<char*, 3> environment{path.data(), locale.data(), nullptr};
        std::vector<char*> words;
        words.reserve(argv.size() + 1);
        for (auto& one : argv) words.push_back(one.data());
        words.push_back(nullptr);
        return ::posix_spawn(&child, words.front(), &files_, &attributes_, words.data(),
                             environment.data());
    }

private:
    posix_spawn_file_actions_t files_{};
    posix_spawnattr_t attributes_{};
};

/// By number, as glibc 2.36 declares pidfd_open() for C alone.
int end_of(pid_t id) noexcept { return static_cast<int>(::syscall(SYS_pidfd_open, id, 0)); }

/// One that runs; killed with all that it started, and buried, when this dies.
class child_process {
public:
    explicit child_process(pid_t id) : id_(id), end_(end_of(id)) {}
    child_process(child_process const&) = delete;
    child_process& operator=(child_process const&) = delete;
    ~child_process() {
        if (id_ == 0) return;
        kill();
        wait();
    }

    /// Readable once it has ended.
    int end() const noexcept { return end_.number(); }
    void kill() const noexcept { ::kill(-id_, SIGKILL); }
    /// @return  as waitpid() has it; what it left behind is killed
    int wait() noexcept {
        int status = -1;
        siginfo_t ended{};
        while (::waitid(P_PID, static_cast<id_t>(id_), &ended, WEXITED | WNOWAIT) != 0 &&
               errno == EINTR) {
        }
        kill(); // while nobody else can have its number
        while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
        }
        id_ = 0;
        return status;
    }

private:
    pid_t id_;
    descriptor end_;
};

int patience(proto::time_point until) {
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(until - proto::clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
}

/// Takes what is there. @return false when there will be no more
bool take_some(int from, std::string& to) {
    char room[4096];
    auto const size = ::read(from, room, sizeof room);
    if (size > 0) to.append(room, static_cast<std::size_t>(size));
    return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
}

/// Until it has ended, whoever may still hold its output open. @return a problem, or nothing
std::string read_all(int from, child_process const& of, program_limits const& limits,
                     std::string& text) {
    auto const until = proto::clock::now() + limits.time;
    std::array<pollfd, 2> both{{{from, POLLIN, 0}, {of.end(), POLLIN, 0}}};
    for (bool has_ended = false; !has_ended || both[0].revents != 0;) {
        int const found = ::poll(both.data(), both.size(), has_ended ? 0 : patience(until));
        if (found < 0 && errno != EINTR) return text_of(errno);
        if (found == 0 && !has_ended) return "it did not end within " + duration_text(limits.time);
        if (found < 0) continue;
        has_ended = has_ended || both[1].revents != 0;
        if (both[0].revents != 0 && !take_some(from, text)) both[0].fd = -1; // closed
        if (text.size() > limits.output) return "it printed more than " + size_text(limits.output);
    }
    return {};
}

std::string problem_of(int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    if (WIFEXITED(status)) return "it ended with " + std::to_string(WEXITSTATUS(status));
    return WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status)) + " ended it"
                               : "nobody knows how it ended";
}

} // namespace

program_output output_of(std::vector<std::string> argv, program_limits const& limits) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {{}, text_of(errno)};
    descriptor const from(ends[0]);
    descriptor to(ends[1]);
    ::fcntl(from.number(), F_SETFL, O_NONBLOCK);
    pid_t id = 0;
    if (int const error = spawn_order(to.number()).carry_out(argv, id)) return {{}, text_of(error)};
    to.close();
    child_process child(id);
    program_output made;
    made.problem = read_all(from.number(), child, limits, made.text);
    if (made.problem.empty()) made.problem = problem_of(child.wait());
    return made;
}

std::string find_program(std::string_view name) {
    auto const* const path = std::getenv("PATH"); // NOLINT(concurrency-mt-unsafe)
    auto folders = std::string(folders_of_the_system) + ':' + (path ? path : "");
    for (std::string_view left = folders; !left.empty();) {
        auto const folder = left.substr(0, left.find(':'));
        left.remove_prefix(std::min(folder.size() + 1, left.size()));
        if (folder.empty() || folder.front() != '/') continue; // where we stand is no place to look
        auto file = std::string(folder).append(1, '/').append(name);
        if (is_program(file)) return file;
    }
    return {};
}

} // namespace milter::manager
