// SPDX-License-Identifier: BSL-1.0
// tests/bench/mta_driver.cpp - the MTA's end on this library: mta_session and drive_mta
//
//     mta_driver SOCKET SESSIONS CONCURRENCY BODY_BYTES
#include "load.hpp"
#include "mail.hpp"
#include <milter/net/connect.hpp>
#include <milter/net/drive_mta.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <variant>

namespace asio = boost::asio;
namespace net = milter::net;
namespace proto = milter::proto;

namespace {

class driver {
public:
    explicit driver(bench::load const& what)
        : load_(what), where_(milter::parse_endpoint(what.socket).value()), mail_(what.body_bytes),
          tally_(what.sessions) {}

    int run() {
        for (std::size_t i = 0; i < load_.concurrency; ++i)
            asio::co_spawn(context_, one_after_the_other(), asio::detached);
        context_.run();
        return tally_.print();
    }

private:
    asio::awaitable<void> one_after_the_other() {
        while (begun_ < load_.sessions) {
            ++begun_;
            auto const begin = bench::clock::now();
            milter::error_code ec;
            co_await one(ec);
            tally_.ended(begin, !ec);
        }
    }

    asio::awaitable<void> one(milter::error_code& ec) {
        net::stream peer(co_await net::connect(where_, proto::never, ec));
        if (ec) co_return;
        proto::mta_session session;
        net::drive_mta drive(peer, session);
        co_await drive.negotiate(ec);
        for (auto const& step : mail_.steps()) {
            if (ec) co_return;
            co_await std::visit(
                [&](auto const& command) {
                    return drive.command(command, bench::wire::zstr_list(step.macros), ignore, ec);
                },
                step.command);
        }
        session.quit();
        if (!ec) co_await drive.flush(ec);
    }

    static void ignore(milter::wire::any_reply const& /*reply*/) {}

    bench::load load_;
    milter::endpoint where_;
    bench::script mail_;
    bench::tally tally_;
    asio::io_context context_{1};
    std::size_t begun_ = 0;
};

} // namespace

int main(int argc, char** argv) { return driver(bench::load(argc, argv)).run(); }
