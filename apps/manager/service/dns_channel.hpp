// SPDX-License-Identifier: BSL-1.0
// manager/service/dns_channel.hpp - questions to name servers and their packets, on a poller: c-ares, which nobody else knows
//
// c-ares looks at ids, at who answers and to which question; it asks the next server when one is silent or refuses,
// each three times, and by TCP when an answer is cut short. Sockets are closed whenever nothing is asked, so that ports change.
#pragma once

#include "manager/service/poller.hpp"
#include <milter/endpoint.hpp>
#include <milter/proto/timeouts.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

class dns_channel {
public:
    /// @param packet  what a server said; empty: nobody did
    /// @param why  nobody did
    using answer = std::function<void(std::string_view packet, std::string_view why)>;

    /// Reads resolv.conf when there are no servers; what changes there later is not seen.
    /// @param on  whose thread calls all else, but the destructor, and is called back
    /// @param patience  for each server, the first time; twice as long the second time, and so on
    /// Throws std::runtime_error.
    dns_channel(poller& on, std::vector<endpoint> const& servers, proto::duration patience);
    dns_channel(dns_channel const&) = delete;
    dns_channel& operator=(dns_channel const&) = delete;
    /// Drops what is being asked without a word. Not while `on` runs.
    ~dns_channel();

    /// Asks for the IPv4 addresses of a name. @param tell  called once, also before this returns
    void ask(std::string const& name, answer tell);
    /// Nothing is being asked: its sockets are closed.
    bool is_at_rest() const noexcept { return asked_ == 0; }

private:
    class socket_watch;
    struct question;
    struct handle;
    friend struct dns_channel_hooks;

    void socket_changed(int descriptor, bool reads, bool writes);
    void process(int readable, int writable);
    void tick();

    poller& waits_;
    poller::alarm
        clock_; ///< while something is asked, c-ares looks whether it is time to ask again
    proto::duration period_;
    std::map<int, std::unique_ptr<socket_watch>> sockets_;
    std::size_t asked_ = 0;
    bool ticks_ = false;
    std::unique_ptr<handle> channel_; ///< dies first: it tells the others
};

/// Two that take turns: while one is asked the other comes to rest, so that ports change also when something is asked
/// always. For one who forges answers has to guess the port.
class dns_channels {
public:
    static constexpr unsigned questions_a_turn = 64;

    /// As for dns_channel. Throws std::runtime_error.
    dns_channels(poller& on, std::vector<endpoint> const& servers, proto::duration patience)
        : first_(on, servers, patience), second_(on, servers, patience) {}

    void ask(std::string const& name, dns_channel::answer tell);

private:
    dns_channel first_, second_;
    bool is_turn_of_second_ = false;
    unsigned asked_ = 0; ///< in this turn
};

} // namespace milter::manager
