// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/started_milter.hpp - a milter that runs as long as its scenarios
#pragma once

#include <milter/endpoint.hpp>
#include <milter/proto/timeouts.hpp>

#include <sys/types.h>

#include <optional>
#include <string>

namespace milter::test_server {

class started_milter {
public:
    /// Starts `command` by the shell; `{socket}` in it is a unix socket in a folder of its own, unless `where` is given.
    /// Returns when somebody listens there. @throws std::runtime_error  nobody does: it ended, or `patience` was over
    started_milter(std::string command, std::optional<endpoint> const& where,
                   proto::duration patience);
    started_milter(started_milter const&) = delete;
    started_milter& operator=(started_milter const&) = delete;
    /// Ends it and what it has started: SIGTERM, and five seconds later SIGKILL.
    ~started_milter();

    endpoint const& where() const noexcept { return where_; }

private:
    void wait_until_it_listens(proto::duration patience);
    bool has_ended(int options);
    void end() noexcept;

    std::string folder_; ///< of the socket; empty: none was made
    endpoint where_;
    pid_t child_ = 0;
    int status_ = 0;
};

} // namespace milter::test_server
