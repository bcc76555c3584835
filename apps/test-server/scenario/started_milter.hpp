// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/started_milter.hpp - a milter that runs as long as its scenarios
#pragma once

#include <milter/endpoint.hpp>
#include <milter/proto/timeouts.hpp>

#include <sys/types.h>

#include <csignal>
#include <optional>
#include <string>

namespace milter::test_server {

/// SIGINT and SIGTERM wait as long as this lives, so that a milter is never left behind: who can end in good order lets
/// them through meanwhile.
class held_signals {
public:
    held_signals();
    held_signals(held_signals const&) = delete;
    held_signals& operator=(held_signals const&) = delete;
    ~held_signals();

    static bool is_one_waiting();

private:
    sigset_t before_{};
};

/// Lets SIGINT and SIGTERM through as long as this lives.
class passed_signals {
public:
    passed_signals();
    passed_signals(passed_signals const&) = delete;
    passed_signals& operator=(passed_signals const&) = delete;
    ~passed_signals();

private:
    sigset_t before_{};
};

class started_milter {
public:
    /// Starts `command` by the shell; `{socket}` in it is a unix socket in a folder of its own, unless `where` is given.
    /// Returns when somebody listens there. @throws std::runtime_error  nobody does: it ended, or `patience` was over, or
    /// a signal that ends this program is held back (held_signals)
    started_milter(std::string command, std::optional<endpoint> const& where,
                   proto::duration patience);
    started_milter(started_milter const&) = delete;
    started_milter& operator=(started_milter const&) = delete;
    /// Ends it and what it has started: SIGTERM, and SIGKILL for what is there five seconds later.
    ~started_milter();

    endpoint const& where() const noexcept { return where_; }
    /// 128 and more: a signal. Nothing: it runs.
    std::optional<int> exit_status() const;

private:
    void wait_until_it_listens(proto::duration patience);
    void end() noexcept;

    std::string folder_; ///< of the socket; empty: none was made
    endpoint where_;
    pid_t child_ = 0; ///< not waited for before end(): its group keeps its number until then
};

} // namespace milter::test_server
