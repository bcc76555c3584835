// SPDX-License-Identifier: BSL-1.0
// tests/service/peer_count.cpp - sessions of an address are counted as long as they live

#include "manager/service/peer_count.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <thread>
#include <vector>

using milter::manager::peer_count;

namespace {

boost::asio::ip::address at(std::string const& text) { return boost::asio::ip::make_address(text); }

} // namespace

BOOST_AUTO_TEST_SUITE(peer_counts)

BOOST_AUTO_TEST_CASE(an_address_has_so_many_sessions_and_others_have_theirs) {
    peer_count peers;
    auto one = peers.enter(at("192.0.2.1"), 2);
    auto two = peers.enter(at("192.0.2.1"), 2);
    BOOST_TEST((one && two));
    BOOST_TEST(!peers.enter(at("192.0.2.1"), 2));
    BOOST_TEST(bool(peers.enter(at("192.0.2.2"), 2)));
    BOOST_TEST(peers.of(at("192.0.2.1")) == 2u);
    one = {};
    BOOST_TEST(bool(peers.enter(at("192.0.2.1"), 2)));
    BOOST_TEST(peers.of(at("192.0.2.1")) == 1u);
}

BOOST_AUTO_TEST_CASE(zero_is_no_limit_and_counts_for_a_limit_that_comes_later) {
    peer_count peers;
    std::vector<peer_count::ticket> many;
    many.reserve(100);
    for (int i = 0; i < 100; ++i) many.push_back(peers.enter(at("2001:db8::1"), 0));
    BOOST_TEST(peers.of(at("2001:db8::1")) == 100u);
    BOOST_TEST(!peers.enter(at("2001:db8::1"), 100));
    many.clear();
    BOOST_TEST(peers.size() == 0u);
}

BOOST_AUTO_TEST_CASE(ipv4_within_ipv6_is_the_same_address) {
    peer_count peers;
    auto const one = peers.enter(at("::ffff:192.0.2.1"), 1);
    BOOST_TEST(!peers.enter(at("192.0.2.1"), 1));
    BOOST_TEST(peers.of(at("::ffff:192.0.2.1")) == 1u);
}

BOOST_AUTO_TEST_CASE(a_ticket_moves_and_is_given_back_once) {
    peer_count peers;
    auto one = peers.enter(at("192.0.2.1"), 0);
    auto two = std::move(one);
    BOOST_TEST(bool(two));
    auto other = peers.enter(at("192.0.2.2"), 0);
    other = std::move(two);
    BOOST_TEST(peers.of(at("192.0.2.1")) == 1u);
    BOOST_TEST(peers.of(at("192.0.2.2")) == 0u);
    other = {};
    BOOST_TEST(peers.size() == 0u);
}

BOOST_AUTO_TEST_CASE(a_ticket_may_outlive_the_count) {
    std::optional<peer_count> peers(std::in_place);
    auto const one = peers->enter(at("192.0.2.1"), 0);
    peers.reset();
    BOOST_TEST(bool(one));
}

BOOST_AUTO_TEST_CASE(addresses_beyond_the_capacity_are_refused_and_known_ones_are_not) {
    peer_count peers(2);
    auto const one = peers.enter(at("192.0.2.1"), 0);
    auto two = peers.enter(at("192.0.2.2"), 0);
    BOOST_TEST(!peers.enter(at("192.0.2.3"), 0));
    BOOST_TEST(bool(peers.enter(at("192.0.2.1"), 0)));
    two = {};
    BOOST_TEST(bool(peers.enter(at("192.0.2.3"), 0)));
}

BOOST_AUTO_TEST_CASE(refusal_says_which_limit_it_was) {
    using refusal = peer_count::refusal;
    peer_count peers(1);
    auto why = refusal::none;
    auto const one = peers.enter(at("192.0.2.1"), 1, &why);
    BOOST_TEST((why == refusal::none));
    BOOST_TEST(!peers.enter(at("192.0.2.1"), 1, &why));
    BOOST_TEST((why == refusal::too_many_sessions));
    BOOST_TEST(!peers.enter(at("192.0.2.2"), 0, &why));
    BOOST_TEST((why == refusal::too_many_addresses));
}

BOOST_AUTO_TEST_CASE(threads_enter_and_leave) {
    peer_count peers;
    auto const work = [&](unsigned number) {
        for (unsigned i = 0; i < 5000; ++i) {
            auto const who = at("192.0.2." + std::to_string((i + number) % 5));
            auto const mine = peers.enter(who, 2);
            auto const again = peers.enter(who, 2);
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 3; ++i) threads.emplace_back(work, i);
    for (auto& thread : threads) thread.join();
    BOOST_TEST(peers.size() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
