// SPDX-License-Identifier: BSL-1.0
// manager/control_connection.hpp - lines to a manager that runs, and back
#pragma once

#include <milter/endpoint.hpp>
#include <milter/net/stream.hpp>
#include <milter/proto/timeouts.hpp>

#include <boost/asio/io_context.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace milter::manager {

/// Whatever keeps us from an answer.
struct control_failure {
    int status; ///< sysexits.h
    std::string text;
};

/// Throws control_failure. Blocks.
class control_connection {
public:
    /// @param is_named  by --control, not by a file that may have changed since the manager read it
    control_connection(endpoint where, bool is_named,
                       proto::duration patience = std::chrono::seconds(5));

    void say(nlohmann::ordered_json const& request);

    /// @return  an object with a boolean "ok"
    nlohmann::ordered_json hear(proto::duration patience);

private:
    template <class Task> void run(Task task);

    endpoint where_;
    proto::duration patience_;
    boost::asio::io_context context_{1};
    std::optional<net::stream> stream_;
    std::string bytes_; ///< heard, of lines not read yet
};

} // namespace milter::manager
