// SPDX-License-Identifier: BSL-1.0
// tests/bench/null_milter.cpp - a milter on this library that continues with everything
//
//     null_milter unix:PATH|inet:PORT@A.B.C.D
#include <milter/net/listener.hpp>
#include <milter/net/serve_filter.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <cstdio>

namespace asio = boost::asio;
namespace net = milter::net;
namespace proto = milter::proto;
namespace wire = milter::wire;

namespace {

proto::filter_options options() {
    proto::filter_options all;
    all.wants.actions = wire::action::all;
    return all;
}

void answer(wire::any_command const& /*command*/, proto::filter_session& session) {
    milter::error_code ec;
    session.reply(wire::proceed{}, ec);
}

asio::awaitable<void> serve(net::socket connected) {
    net::stream peer(std::move(connected));
    proto::filter_session session(options());
    co_await net::serve_filter(peer, session, answer);
}

asio::awaitable<void> accept(net::listener& listener, asio::io_context& context, int family) {
    for (;;) {
        auto [ec, connected] = co_await listener.socket().async_accept(net::use_tuple);
        if (ec) co_return;
        net::prepare(connected, family);
        asio::co_spawn(context, serve(std::move(connected)), asio::detached);
    }
}

} // namespace

int main(int argc, char** argv) {
    auto const where = milter::parse_endpoint(argc == 2 ? argv[1] : "");
    if (!where) return 64;
    asio::io_context context{1};
    net::listener listener(context.get_executor());
    milter::error_code ec;
    listener.open(*where, {}, ec);
    if (ec) {
        std::fprintf(stderr, "null_milter: %s\n", ec.message().c_str());
        return 1;
    }
    bool const is_unix = where->family == milter::endpoint::kind::unix_path;
    asio::co_spawn(context, accept(listener, context, is_unix ? AF_UNIX : AF_INET), asio::detached);
    context.run();
}
