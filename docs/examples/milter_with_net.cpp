// SPDX-License-Identifier: BSL-1.0
// milter_with_net.cpp - a milter whose checks take time: threads, coroutines, keepalives, an end in good order
//
//     milter_with_net SOCKET     serves until SIGINT or SIGTERM
//     milter_with_net            tries itself: asks itself about one message, and ends
//
// Of the guide docs/library/net.md.
#undef NDEBUG
#include <milter/net/connect.hpp>
#include <milter/net/drive_mta.hpp>
#include <milter/net/flush.hpp>
#include <milter/net/listener.hpp>
#include <milter/net/serve_filter.hpp>
#include <milter/net/workers.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cassert>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace net = milter::net;
namespace proto = milter::proto;
namespace wire = milter::wire;
using namespace std::chrono_literals;

namespace {

/// Answers one connection; what it knows of the message would be its members.
class slow_milter {
public:
    explicit slow_milter(net::stream& peer) : peer_(peer) {}

    asio::awaitable<void> operator()(wire::any_command const& command,
                                     proto::filter_session& session) {
        milter::error_code ec;
        if (std::holds_alternative<wire::end_of_message>(command)) co_await scan(session, ec);
        session.reply(wire::proceed{}, ec);
    }

private:
    /// A check of several steps, after each of which the MTA hears that we are alive.
    asio::awaitable<void> scan(proto::filter_session& session, milter::error_code& ec) {
        asio::steady_timer step(peer_.lowest_layer().get_executor());
        for (int i = 0; i < 3 && !ec; ++i) {
            step.expires_after(2ms); // in earnest a question to somebody else
            co_await step.async_wait(net::use_tuple);
            session.reply(wire::progress{}, ec);
            if (!ec) co_await net::flush(peer_, session, proto::filter_write_timeout, ec);
        }
    }

    net::stream& peer_;
};

asio::awaitable<void> serve(net::socket connected) {
    net::stream peer(std::move(connected));
    proto::filter_session session;
    net::serve_options patience;
    patience.idle = 10min;
    patience.on_exception = [](std::exception_ptr const&) { std::cerr << "a scan failed\n"; };
    if (auto const ec = co_await net::serve_filter(peer, session, slow_milter(peer), patience))
        std::cerr << (session.failure().empty() ? ec.message() : session.failure()) << '\n';
}

/// Each connection lives on one worker from here to its end, so nothing of it needs a lock.
asio::awaitable<void> accept(net::listener& listener, net::workers& threads) {
    for (;;) {
        asio::any_io_executor const worker = threads[threads.next()].get_executor();
        auto [ec, connected] = co_await listener.socket().async_accept(worker, net::use_tuple);
        if (ec == asio::error::operation_aborted) co_return; // closed
        if (!ec) {
            asio::co_spawn(worker, serve(std::move(connected)), asio::detached);
            continue;
        }
        asio::steady_timer pause(co_await asio::this_coro::executor, 100ms); // no descriptors left
        co_await pause.async_wait(net::use_tuple);
    }
}

/// Asks about one message, as an MTA would. @return how often it heard that the milter is alive
asio::awaitable<int> ask(milter::endpoint const& where, milter::error_code& ec) {
    auto connected = co_await net::connect(where, proto::clock::now() + 10s, ec);
    if (ec) co_return 0;
    net::stream peer(std::move(connected));
    proto::mta_session session;
    net::drive_mta drive(peer, session);
    int keepalives = 0;
    auto const heard = [&](wire::any_reply const& reply) {
        if (std::holds_alternative<wire::progress>(reply)) ++keepalives;
    };
    wire::connect const client{"client.example.com", wire::family::inet, 25, "192.0.2.1"};
    co_await drive.negotiate(ec);
    if (!ec) co_await drive.command(client, {}, heard, ec);
    if (!ec) co_await drive.command(wire::mail{"<alice@example.com>", {}}, {}, heard, ec);
    if (!ec) co_await drive.command(wire::rcpt{"<bob@example.org>", {}}, {}, heard, ec);
    if (!ec) co_await drive.command(wire::end_of_headers{}, {}, heard, ec);
    if (!ec) co_await drive.command(wire::end_of_message{}, {}, heard, ec);
    session.quit();
    if (!ec) co_await drive.flush(ec);
    co_return keepalives;
}

} // namespace

int main(int argc, char** argv) {
    auto folder = (std::filesystem::temp_directory_path() / "milter-XXXXXX").string();
    bool const alone = argc < 2;
    if (alone && !::mkdtemp(folder.data())) return 1;
    auto const where = milter::parse_endpoint(alone ? "unix:" + folder + "/socket" : argv[1]);
    net::workers threads(2);
    net::listener listener(threads[0].get_executor());
    milter::error_code ec = where ? milter::error_code() : where.error();
    if (where) listener.open(*where, {}, ec);
    if (ec) {
        std::cerr << "milter_with_net: " << ec.message() << '\n';
        return 1;
    }
    asio::co_spawn(threads[0], accept(listener, threads), asio::detached);

    asio::signal_set stop(threads[0], SIGINT, SIGTERM);
    auto const end = [&] { // accept no more; run() returns when the connections that are left end
        stop.cancel();
        listener.close();
        threads.release();
    };
    stop.async_wait([&](auto failed, int) {
        if (!failed) end();
    });
    int keepalives = 0;
    if (alone)
        asio::co_spawn(threads[0], ask(*where, ec), [&](auto, int count) {
            keepalives = count;
            end();
        });
    threads.run();
    if (alone) {
        std::filesystem::remove_all(folder);
        assert(!ec && keepalives == 3);
    }
}
