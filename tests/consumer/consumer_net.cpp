// SPDX-License-Identifier: BSL-1.0
// tests/consumer/consumer_net.cpp - milter::net in a program of somebody else: nothing internal is linked
//
// Asio is headers only here; in our own programs it is compiled once (milter_asio).

#include <milter/net/listener.hpp>
#include <milter/net/serve_filter.hpp>
#include <milter/version.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <iostream>

int main() {
    boost::asio::io_context context;
    int served = 0;
    auto const nothing = [&served]() -> boost::asio::awaitable<void> {
        ++served;
        co_return;
    };
    boost::asio::co_spawn(context, nothing, boost::asio::detached);
    context.run();
    std::cout << "milter::net " << milter::version_string << '\n';
    return served == 1 ? 0 : 1;
}
