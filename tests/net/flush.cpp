// SPDX-License-Identifier: BSL-1.0
// tests/net/flush.cpp - all that a session has to say arrives, however long that may take

#include "milter/net/flush.hpp"

#include <milter/proto/filter_session.hpp>

#include <boost/test/unit_test.hpp>

#include <support/coroutine.hpp>
#include <support/print_error.hpp>

#include <string>

using milter::error_code;
using milter::net::stream;
namespace asio = boost::asio;
namespace net = milter::net;
namespace proto = milter::proto;

namespace {

asio::awaitable<void> flush_and_close(stream& to, proto::filter_session& session,
                                      proto::duration timeout, error_code& ec) {
    co_await net::flush(to, session, timeout, ec);
    to.close();
}

asio::awaitable<std::size_t> read_all(stream& from) {
    std::size_t total = 0;
    char room[64 * 1024];
    error_code ec;
    while (!ec) total += co_await from.read(room, proto::never, ec);
    co_return total;
}

} // namespace

BOOST_AUTO_TEST_SUITE(net_flush)

BOOST_AUTO_TEST_CASE(a_write_without_limit_waits_for_its_reader) {
    asio::io_context context{1};
    auto pair = support::connected_pair(context);
    stream ours(std::move(pair.first)), theirs(std::move(pair.second));
    proto::filter_session session;
    session.output() = std::string(4 << 20, 'x'); // more than a socket takes at once
    error_code ec;
    support::begin(context, flush_and_close(ours, session, proto::duration::max(), ec));
    BOOST_TEST(support::run(context, read_all(theirs)) == 4U << 20);
    BOOST_TEST(!ec);
}

BOOST_AUTO_TEST_SUITE_END()
