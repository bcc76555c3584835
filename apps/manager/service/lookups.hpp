// SPDX-License-Identifier: BSL-1.0
// manager/service/lookups.hpp - names of hosts that milters run on, asked for by workers and answered to them
//
// The name service is Asio's, in its own thread; so nobody's mail waits for it but that of who asked.
#pragma once

#include "manager/service/poller.hpp"
#include <milter/net/connect.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <functional>
#include <utility>
#include <vector>

namespace milter::manager {

class lookups {
public:
    using answer = std::function<void(std::vector<net::address>, error_code)>;

    /// @param on  the main thread's, which must not end before those who ask
    explicit lookups(boost::asio::io_context& on) : context_(on) {}

    /// From any thread. @param tell  called by `whom`'s thread, at `until` at the latest; not after its stop()
    void ask(endpoint where, proto::time_point until, poller& whom, answer tell) {
        boost::asio::co_spawn(
            context_,
            [where = std::move(where), until, &whom,
             tell = std::move(tell)]() -> boost::asio::awaitable<void> {
                error_code ec;
                auto found = co_await net::addresses_of(where, until, ec);
                whom.post([tell, found = std::move(found), ec] { tell(found, ec); });
            },
            boost::asio::detached);
    }

private:
    boost::asio::io_context& context_;
};

} // namespace milter::manager
