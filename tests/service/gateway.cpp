// SPDX-License-Identifier: BSL-1.0
// tests/service/gateway.cpp - listeners that are wanted back while they are being closed

#include "gateway_fixture.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

using namespace gateway_test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

BOOST_FIXTURE_TEST_SUITE(manager_gateway, gateway_fixture)

BOOST_AUTO_TEST_CASE(port_that_is_wanted_back_while_the_acceptor_shuts_it_stays_open) {
    auto const where = loopback(port()->where.service);
    hold_worker();
    std::promise<void> back;
    asio::steady_timer later(one.context());
    on_main([&] {
        reload(without);
        later.expires_at(port()->farewell.expiry() + 1ms); // behind the shut
        later.async_wait([&](error_code) {
            reload(with);
            back.set_value();
        });
    });
    back.get_future().wait();
    released.set_value();
    BOOST_TEST(is_answered(path)); // so the shut is over
    std::size_t listeners = 0;
    bool retiring = true;
    on_main([&] {
        listeners = one.listeners().size();
        retiring = one.listeners().back()->retiring;
    });
    BOOST_TEST(listeners == 2U);
    BOOST_TEST(!retiring);
    BOOST_TEST(is_answered(where));
}

BOOST_AUTO_TEST_CASE(who_stands_in_the_queue_of_a_port_that_is_shut_is_served) {
    auto const where = loopback(port()->where.service);
    hold_worker();
    raw_client const first(where), second(where), third(where);
    std::promise<void> shut;
    asio::steady_timer later(one.context());
    on_main([&] {
        reload(without);
        later.expires_at(port()->farewell.expiry() + 1ms);
        later.async_wait([&](error_code) { shut.set_value(); });
    });
    shut.get_future().wait();
    released.set_value();
    for (auto const* each : {&first, &second, &third}) {
        each->say(offer);
        BOOST_TEST(each->some(5) == "\0\0\0\x0dO"sv);
    }
}

BOOST_AUTO_TEST_CASE(farewell_of_an_earlier_retirement_does_not_shorten_the_next_one) {
    auto const at = port();
    std::promise<void> looked;
    std::uint32_t begun = 0, seen = 0;
    bool retiring = false;
    asio::steady_timer before(one.context());
    on_main([&] {
        reload(without);
        before.expires_at(at->farewell.expiry() - 1ms);
        before.async_wait([&](error_code) { // the farewell is over, too, and comes next
            reload(with);
            reload(without);
            begun = at->retirement;
            asio::post(one.context(), [&] {
                seen = at->retirement;
                retiring = at->retiring;
                looked.set_value();
            });
        });
        std::this_thread::sleep_until(at->farewell.expiry() + 1ms);
    });
    looked.get_future().wait();
    BOOST_TEST(retiring);
    BOOST_TEST(seen == begun);
}

BOOST_AUTO_TEST_CASE(port_that_nobody_wants_back_is_closed) {
    auto const at = port();
    std::promise<void> closed;
    asio::steady_timer look(one.context());
    std::function<void()> const poll = [&] {
        if (one.listeners().size() == 1) return closed.set_value();
        look.expires_after(1ms);
        look.async_wait([&](error_code) { poll(); });
    };
    on_main([&] {
        reload(without);
        poll();
    });
    closed.get_future().wait();
    BOOST_TEST(!at->listener.socket().is_open());
    BOOST_TEST(is_answered(path));
}

BOOST_AUTO_TEST_SUITE_END()
