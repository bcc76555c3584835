// SPDX-License-Identifier: BSL-1.0
// tests/net/address.cpp - endpoints as the system wants them

#include "milter/net/address.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

using milter::error_code;
namespace net = milter::net;

namespace {

milter::endpoint parsed(std::string_view text) { return milter::parse_endpoint(text).value(); }

std::string text_of(net::address const& where) {
    boost::asio::ip::tcp::endpoint tcp;
    std::memcpy(tcp.data(), where.data(), where.size());
    tcp.resize(where.size());
    return tcp.address().to_string() + " " + std::to_string(tcp.port());
}

} // namespace

BOOST_AUTO_TEST_SUITE(net_address)

BOOST_AUTO_TEST_CASE(addresses_in_figures_need_no_name_service) {
    BOOST_TEST(text_of(net::literal_address(parsed("inet:25@[127.0.0.1]")).value()) ==
               "127.0.0.1 25");
    BOOST_TEST(text_of(net::literal_address(parsed("inet6:25@[::1]")).value()) == "::1 25");
    BOOST_TEST(text_of(net::literal_address(parsed("inet:25@[::1]")).value()) == "::1 25");
    BOOST_TEST(net::family_of(net::literal_address(parsed("unix:/x")).value()) == AF_UNIX);
}

BOOST_AUTO_TEST_CASE(names_of_hosts_and_services_do) {
    BOOST_TEST(!net::literal_address(parsed("inet:25@localhost")));
    BOOST_TEST(!net::literal_address(parsed("inet:smtp@[127.0.0.1]")));
    BOOST_TEST(!net::literal_address(parsed("inet:25")));
    BOOST_TEST(!net::literal_address(parsed("inet6:25@[127.0.0.1]")));
}

BOOST_AUTO_TEST_CASE(
    without_a_host_all_interfaces_are_listened_on_and_the_loopback_is_connected_to) {
    error_code ec;
    BOOST_TEST(text_of(net::resolve(parsed("inet:25"), true, ec).at(0)) == "0.0.0.0 25");
    BOOST_TEST(text_of(net::resolve(parsed("inet:25"), false, ec).at(0)) == "127.0.0.1 25");
    BOOST_TEST(!ec);
}

BOOST_AUTO_TEST_CASE(an_unknown_service_is_an_error) {
    error_code ec;
    BOOST_TEST(net::resolve(parsed("inet:nosuchservice-x@[127.0.0.1]"), true, ec).empty());
    BOOST_TEST(ec);
}

BOOST_AUTO_TEST_SUITE_END()
