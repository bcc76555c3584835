// SPDX-License-Identifier: BSL-1.0
// tiny_milter.cpp - a whole milter: listens, and serves each connection with the answers of tiny_milter.hpp
//
//     g++ -std=c++20 tiny_milter.cpp -o tiny_milter $(pkg-config --cflags --libs milter-toolkit)
//     ./tiny_milter 'inet:8893@[127.0.0.1]'
#include "tiny_milter.hpp"

#include <milter/net/listener.hpp>
#include <milter/net/serve_filter.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <iostream>

namespace asio = boost::asio;
namespace net = milter::net;

namespace {

asio::awaitable<void> serve(net::socket connected) {
    net::stream peer(std::move(connected));
    tiny::proto::filter_session session(tiny::options());
    if (auto const ec = co_await net::serve_filter(peer, session, tiny::answer))
        std::cerr << (session.failure().empty() ? ec.message() : session.failure()) << '\n';
}

asio::awaitable<void> accept(net::listener& listener, asio::io_context& context) {
    for (;;) {
        auto [ec, connected] = co_await listener.socket().async_accept(net::use_tuple);
        if (ec)
            co_return; // closed; a server would wait a little when ec says that descriptors ran out
        asio::co_spawn(context, serve(std::move(connected)), asio::detached);
    }
}

} // namespace

int main(int argc, char** argv) {
    auto const where = milter::parse_endpoint(argc > 1 ? argv[1] : "inet:8893@[127.0.0.1]");
    asio::io_context context{1};
    net::listener listener(context.get_executor());
    milter::error_code ec = where ? milter::error_code() : where.error();
    if (where) listener.open(*where, {}, ec);
    if (ec) {
        std::cerr << "tiny_milter: " << ec.message() << '\n';
        return 1;
    }
    asio::signal_set stop(context, SIGINT, SIGTERM);
    stop.async_wait([&](auto, int) { context.stop(); });
    asio::co_spawn(context, accept(listener, context), asio::detached);
    context.run();
}
