// SPDX-License-Identifier: BSL-1.0
// tests/net/connect.cpp - a connection, or a reason, before the deadline

#include "milter/net/connect.hpp"

#include "name_service.hpp"

#include <boost/test/unit_test.hpp>

#include <support/coroutine.hpp>
#include <support/print_error.hpp>
#include <support/temp_dir.hpp>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

using milter::endpoint;
using milter::errc;
using milter::error_code;
using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace net = milter::net;
namespace proto = milter::proto;
using unix_acceptor = asio::local::stream_protocol::acceptor;
using unix_endpoint = asio::local::stream_protocol::endpoint;

namespace {

struct fixture {
    support::temp_dir dir;
    asio::io_context context{1};
    endpoint where{endpoint::kind::unix_path, dir / "x.sock", {}, {}};
    error_code ec;

    net::socket connect(proto::duration patience = 1h) {
        ec = {};
        return support::run(context, net::connect(where, proto::clock::now() + patience, ec));
    }

    static bool is_connected(net::socket& one) {
        return ::send(one.native_handle(), "x", 1, MSG_NOSIGNAL) == 1;
    }
};

/// Accepts nobody by itself, and its backlog holds one.
struct busy_milter {
    unix_acceptor acceptor;
    std::vector<asio::local::stream_protocol::socket> waiting;

    busy_milter(asio::io_context& context, std::string const& path) : acceptor(context) {
        acceptor.open();
        acceptor.bind(unix_endpoint(path));
        acceptor.listen(0);
        waiting.emplace_back(context).connect(unix_endpoint(path));
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(net_connect, fixture)

BOOST_AUTO_TEST_CASE(connects_to_a_unix_socket) {
    unix_acceptor const acceptor(context, unix_endpoint(where.path));
    auto connected = connect();
    BOOST_TEST(!ec);
    BOOST_TEST(is_connected(connected));
}

BOOST_AUTO_TEST_CASE(connects_to_a_port_without_delaying_small_packets) {
    asio::ip::tcp::acceptor const acceptor(context, {asio::ip::make_address("127.0.0.1"), 0});
    where = {
        endpoint::kind::inet, {}, "127.0.0.1", std::to_string(acceptor.local_endpoint().port())};
    auto connected = connect();
    BOOST_TEST(!ec);
    BOOST_TEST(is_connected(connected));
    asio::ip::tcp::no_delay no_delay;
    connected.get_option(no_delay);
    BOOST_TEST(no_delay.value());
}

BOOST_AUTO_TEST_CASE(connects_to_a_host_by_name) {
    asio::ip::tcp::acceptor const acceptor(context, {asio::ip::make_address("127.0.0.1"), 0});
    where = {
        endpoint::kind::inet, {}, "localhost", std::to_string(acceptor.local_endpoint().port())};
    auto connected = connect();
    BOOST_TEST(!ec);
    BOOST_TEST(is_connected(connected));
}

BOOST_AUTO_TEST_CASE(a_name_service_that_hangs_is_left_at_the_deadline_196_207) {
    name_service names;
    asio::ip::tcp::acceptor const acceptor(context, {asio::ip::make_address("127.0.0.1"), 0});
    auto const port = std::to_string(acceptor.local_endpoint().port());
    where = {endpoint::kind::inet, {}, "hanging.test", port};
    // Ends at all only because it does not wait for the answer. Asio drops a question that its thread has not begun with.
    while (names.asked == 0) {
        connect(5ms);
        BOOST_TEST(ec == errc::timed_out);
    }
    where.host = "localhost"; // Asio asks one after the other
    connect(5ms);
    BOOST_TEST(ec == errc::timed_out);
    for (auto const* figures : {"127.0.0.1", ""}) {
        where.host = figures;
        auto connected = connect();
        BOOST_TEST(!ec);
        BOOST_TEST(is_connected(connected));
    }
    names.let_go.set_value();
    where.host = "localhost";
    auto connected = connect();
    BOOST_TEST(!ec);
    BOOST_TEST(is_connected(connected));
}

BOOST_AUTO_TEST_CASE(addresses_in_figures_are_not_asked_for) {
    name_service names;
    asio::ip::tcp::acceptor const acceptor(context, {asio::ip::make_address("127.0.0.1"), 0});
    where = {
        endpoint::kind::inet, {}, "127.0.0.1", std::to_string(acceptor.local_endpoint().port())};
    connect();
    where.host.clear();
    connect();
    BOOST_TEST(!ec);
    BOOST_TEST(names.asked == 0);
    where.host = "localhost"; // so that the count means something
    connect();
    BOOST_TEST(names.asked == 1);
}

BOOST_AUTO_TEST_CASE(a_missing_socket_is_an_error_207) {
    connect();
    BOOST_TEST(ec == boost::system::errc::no_such_file_or_directory);
}

BOOST_AUTO_TEST_CASE(a_stale_socket_refuses_207) {
    static_cast<void>(unix_acceptor(context, unix_endpoint(where.path)));
    connect();
    BOOST_TEST(ec == asio::error::connection_refused);
}

BOOST_AUTO_TEST_CASE(a_closed_port_refuses_207) {
    unsigned short port = 0;
    {
        asio::ip::tcp::acceptor const acceptor(context, {asio::ip::make_address("127.0.0.1"), 0});
        port = acceptor.local_endpoint().port();
    }
    where = {endpoint::kind::inet, {}, "127.0.0.1", std::to_string(port)};
    connect();
    BOOST_TEST(ec == asio::error::connection_refused);
}

BOOST_AUTO_TEST_CASE(a_full_backlog_is_waited_for_until_the_deadline_196) {
    busy_milter const milter(context, where.path);
    connect(5ms);
    BOOST_TEST(ec == errc::timed_out);
}

BOOST_AUTO_TEST_CASE(
    a_full_backlog_that_empties_is_connected_to) { // Asio takes EAGAIN for a connection
    busy_milter milter(context, where.path);
    asio::steady_timer later(context, net::detail::backlog_retry + 1ms);
    later.async_wait([&](error_code) { milter.acceptor.accept(); });
    auto connected = connect();
    BOOST_TEST(!ec);
    BOOST_TEST(is_connected(connected));
}

BOOST_AUTO_TEST_CASE(many_connect_at_once_through_a_small_backlog) {
    unix_acceptor acceptor(context);
    acceptor.open();
    acceptor.bind(unix_endpoint(where.path));
    acceptor.listen(1);
    constexpr int count = 20;
    int connected = 0, accepted = 0;
    auto const one = [&]() -> asio::awaitable<void> {
        error_code failed;
        auto const fresh = co_await net::connect(where, proto::clock::now() + 1h, failed);
        if (!failed) ++connected;
    };
    auto const accept_all = [&]() -> asio::awaitable<void> {
        for (; accepted < count; ++accepted) co_await acceptor.async_accept(net::use_tuple);
    };
    for (int i = 0; i < count; ++i) support::begin(context, one());
    support::run(context, accept_all());
    BOOST_TEST(connected == count);
    BOOST_TEST(accepted == count);
}

BOOST_AUTO_TEST_CASE(an_unknown_service_is_an_error_207) {
    where = {endpoint::kind::inet, {}, "127.0.0.1", "nosuchservice-x"};
    connect();
    BOOST_TEST(ec);
}

BOOST_AUTO_TEST_SUITE_END()
