// SPDX-License-Identifier: BSL-1.0
// tests/support/process.hpp - programs run as a user runs them, each ended by its own id
//
//   auto const done = run_program(program("milter-test-server"), {"-s", socket}, dir);
//   background_program filter(program("milter-test-filter"), {"-s", socket}, dir, "listening on ");
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <support/temp_dir.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace support {

using arguments = std::vector<std::string>;

inline std::string slurp(std::string const& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// A program of this build.
inline std::string program(std::string const& name) {
    auto const* const folder = std::getenv("MILTER_BIN_DIR");
    return std::string(folder ? folder : MILTER_BIN_DIR) + "/" + name;
}

struct finished_program {
    int exit_code = -1; ///< 128 + N when signal N ended it
    std::string out, err;
};

namespace detail {

/// Where the three standard streams of a child go.
struct streams {
    std::string in = "/dev/null", out;
    std::string err; ///< empty: err_pipe
    int err_pipe = -1;
};

inline pid_t spawn(std::string const& path, arguments const& args, streams const& io) {
    arguments words{path}; // posix_spawn wants them writable
    words.insert(words.end(), args.begin(), args.end());
    std::vector<char*> argv;
    for (auto& one : words) argv.push_back(one.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    int const writing = O_WRONLY | O_CREAT | O_TRUNC;
    ::posix_spawn_file_actions_addopen(&actions, 0, io.in.c_str(), O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 1, io.out.c_str(), writing, 0600);
    if (io.err_pipe >= 0)
        ::posix_spawn_file_actions_adddup2(&actions, io.err_pipe, 2);
    else
        ::posix_spawn_file_actions_addopen(&actions, 2, io.err.c_str(), writing, 0600);
    pid_t child = 0;
    int const failed = ::posix_spawn(&child, path.c_str(), &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::runtime_error("cannot start " + path);
    return child;
}

inline int wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace detail

/// Runs a program to its end. @param input  a file for its standard input
inline finished_program run_program(std::string const& path, arguments const& args,
                                    temp_dir const& dir, std::string const& input = "/dev/null") {
    detail::streams const io{input, dir / "stdout", dir / "stderr", -1};
    finished_program done;
    done.exit_code = detail::wait_for(detail::spawn(path, args, io));
    done.out = slurp(io.out);
    done.err = slurp(io.err);
    return done;
}

/// A program that goes on. Its end comes with stop() or with this object.
class background_program {
public:
    /// Returns when it has said `ready` on its standard error. @throws std::runtime_error when it ends before
    background_program(std::string const& path, arguments const& args, temp_dir const& dir,
                       std::string const& ready, std::string const& name = "background")
        : out_(dir / (name + ".out")) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
        err_ = ends[0];
        child_ = detail::spawn(path, args, {"/dev/null", out_, {}, ends[1]});
        ::close(ends[1]);
        if (!says(ready)) {
            stop();
            throw std::runtime_error(path + " did not start: " + said_);
        }
    }
    background_program(background_program const&) = delete;
    background_program& operator=(background_program const&) = delete;
    ~background_program() {
        stop();
        ::close(err_);
    }

    /// Waits for a line with `what` on its standard error. @return false: it ended without
    bool says(std::string const& what) {
        while (said_.find(what) == said_.npos || said_.back() != '\n')
            if (!read_some()) return false;
        return true;
    }

    void signal(int number) const {
        if (child_ > 0) ::kill(child_, number);
    }

    /// Waits for its end. @return as finished_program::exit_code
    int wait() {
        if (child_ > 0) {
            while (read_some()) {
            }
            code_ = detail::wait_for(std::exchange(child_, 0));
        }
        return code_;
    }

    int stop() {
        signal(SIGTERM);
        return wait();
    }

    std::string out() const { return slurp(out_); }
    std::string const& err() const noexcept {
        return said_;
    } ///< what has been read so far: all of it after wait()

private:
    bool read_some() {
        char room[4096];
        auto const size = ::read(err_, room, sizeof room);
        if (size > 0) said_.append(room, static_cast<std::size_t>(size));
        return size > 0;
    }

    std::string out_;
    std::string said_;
    int err_ = -1;
    pid_t child_ = 0;
    int code_ = -1;
};

} // namespace support
