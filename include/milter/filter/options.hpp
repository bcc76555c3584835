// SPDX-License-Identifier: BSL-1.0
// milter/filter/options.hpp - where a milter listens, and what bounds it
#pragma once

#include <milter/filter/hooks.hpp>
#include <milter/net/listener.hpp>
#include <milter/proto/timeouts.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace milter::filter {

/// `proto::duration::max()` is no limit.
struct timeouts {
    proto::duration negotiate = proto::filter_negotiate_timeout; ///< for the offer to come
    proto::duration idle = proto::filter_idle_timeout;           ///< for any later command
    proto::duration write = proto::filter_write_timeout;

    /// A handler that waits is cancelled then, and tempfail said. The default is below Postfix's
    /// milter_command_timeout; Sendmail waits 10 s for what comes before the end of the message.
    proto::duration handler = std::chrono::seconds(25);
    /// The same at the end of the message, where the MTA waits for minutes and hears keepalives.
    proto::duration end_of_message = std::chrono::seconds(280);
    /// How often the MTA is told that end_of_message() still waits; zero: never.
    proto::duration keepalive = std::chrono::seconds(10);
    /// After stop(): for messages under way to end.
    proto::duration stop = std::chrono::seconds(30);
    /// After stop(): for connections without a message. An MTA that loses one does without its milter, or refuses, until
    /// its client has gone; most clients go at once after their message.
    proto::duration stop_idle = std::chrono::seconds(1);
};

struct server_options {
    std::vector<std::string> listen; ///< sockets as parse_endpoint() reads them
    net::listen_options socket;      ///< mode and group of unix sockets, backlog
    std::size_t workers = 1;         ///< threads
    std::size_t max_connections = 0; ///< more are closed at once; 0: as descriptors allow
    /// Largest packet of a command, in bytes; empty: what was agreed (64 KiB, or what `steps` asks for).
    std::optional<std::size_t> max_command_bytes = std::nullopt;
    filter::timeouts timeouts;
    filter::hooks hooks;
};

} // namespace milter::filter
