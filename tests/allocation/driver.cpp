// SPDX-License-Identifier: BSL-1.0
// tests/allocation/driver.cpp - serve_filter and drive_mta do not allocate for a frame, whether they have to wait or not
#include "counter.hpp"
#include <milter/net/drive_mta.hpp>
#include <milter/net/serve_filter.hpp>

#include <boost/test/unit_test.hpp>

#include <support/coroutine.hpp>

#include <string>

namespace asio = boost::asio;
namespace net = milter::net;
namespace proto = milter::proto;
namespace wire = milter::wire;
using milter::error_code;

namespace {

struct conversation {
    asio::io_context context{1};
    support::socket_pair pair = support::connected_pair(context);
    net::stream filter_stream{std::move(pair.first)}, mta_stream{std::move(pair.second)};
    proto::filter_session filter;
    proto::mta_session mta;
    net::drive_mta drive{mta_stream, mta};
    error_code ec;
    std::string const value = std::string(900, 'v');
    std::string const chunk = std::string(wire::default_data_limit, 'b');

    asio::awaitable<void> serve() {
        co_await net::serve_filter(filter_stream, filter,
                                   [](auto const&, proto::filter_session& session) {
                                       error_code ignored;
                                       session.reply(wire::proceed{}, ignored);
                                   });
    }

    static void ignore(wire::any_reply const& /*reply*/) {}

    /// @return what all but the first half allocates
    template <class Command>
    asio::awaitable<std::size_t> say(Command const& command, int repeated) {
        std::size_t before = 0;
        for (int i = 0; i < repeated && !ec; ++i) {
            if (i == repeated / 2) before = allocation::count();
            co_await drive.command(command, {}, ignore, ec);
        }
        co_return allocation::count() - before;
    }

    asio::awaitable<void> run(std::size_t& of_headers, std::size_t& of_body) {
        co_await drive.negotiate(ec);
        co_await say(wire::mail{"<a@client.test>", {}}, 1);
        of_headers = co_await say(wire::header{"Subject", value}, 1000);
        of_body = co_await say(wire::body{chunk}, 200);
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(allocation_driver)

BOOST_AUTO_TEST_CASE(a_conversation_over_a_socket_does_not_allocate_for_a_frame) {
    conversation both;
    std::size_t of_headers = 1, of_body = 1;
    support::begin(both.context, both.serve());
    support::run(both.context, both.run(of_headers, of_body));
    BOOST_TEST(!both.ec, both.ec.message());
    BOOST_TEST(of_headers == 0U);
    BOOST_TEST(of_body == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
