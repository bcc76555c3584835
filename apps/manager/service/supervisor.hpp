// SPDX-License-Identifier: BSL-1.0
// manager/service/supervisor.hpp - tells systemd, or who stands in for it, how we are
//
// Source: sd_notify(3): a datagram of VARIABLE=VALUE lines to the unix socket that $NOTIFY_SOCKET names, "@" in front
// for an abstract one.
#pragma once

#include <string>
#include <string_view>

namespace milter::manager {

class supervisor {
public:
    /// The one of the environment; nobody when there is none. Before there are threads.
    supervisor();

    void ready() const { tell("READY=1\nSTATUS=serving"); }
    /// The configuration is read anew; ready() or stopping() follows.
    void reloading() const;
    void stopping(std::string_view why) const;

private:
    /// Never blocks; what cannot be delivered is lost, as systemd has its own deadlines.
    void tell(std::string_view state) const noexcept;

    std::string socket_; ///< empty: nobody listens
};

} // namespace milter::manager
