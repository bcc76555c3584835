// SPDX-License-Identifier: BSL-1.0
// tests/manager/endpoints.cpp - one session before a milter of several endpoints, some of them down
//
// Source: protocol.md 9.9; statements 207-210.

#include "endpoints_fixture.hpp"

using namespace endpoints_test;

BOOST_AUTO_TEST_SUITE(endpoints)

BOOST_AUTO_TEST_CASE(first_endpoint_that_answers_serves_the_session) {
    several rig(3);
    rig.is_down(0);
    auto const before = rig.now();
    BOOST_TEST(rig.begin() == "continue, continue");
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST((rig.now() == before));
    BOOST_TEST(rig.dialled(0) == 1U);
    BOOST_TEST(rig.filter(1).judged().size() == 1U);
    BOOST_TEST(rig.dialled(2) == 0U);
    BOOST_TEST(rig.log() == list{"a: " + std::string(a_is_down)}, per_element);
    BOOST_TEST(rig.decisions()[0].milters[0].verdict == "continue");
}

BOOST_AUTO_TEST_CASE(endpoint_that_fails_to_negotiate_is_followed_by_the_next) {
    for (auto const& fault : {then_close(), raw("HTTP/1.1 400 Bad Request\r\n\r\n"),
                              say(wire::proceed{}), then_close("half")}) {
        several rig;
        rig.filter(0).on("negotiate", fault);
        rig.begin();
        BOOST_TEST(rig.message() == "continue");
        BOOST_TEST(rig.filter(1).judged().size() == 1U);
        BOOST_TEST_REQUIRE(rig.log().size() == 1U);
        BOOST_TEST(rig.log()[0].starts_with("a: unix:/run/a: "), rig.log()[0]);
    }
}

BOOST_AUTO_TEST_CASE(endpoint_that_fails_later_is_judged_as_ever) {
    several rig;
    rig.filter(0).on("rcpt", then_close(), once);
    rig.begin();
    BOOST_TEST(rig.envelope() ==
               "continue, " + std::string(tempfail) + ", " + std::string(tempfail));
    BOOST_TEST(rig.dialled(1) == 0U);
    rig.send(wire::abort{});
    BOOST_TEST(rig.mail() == "continue");
    BOOST_TEST(rig.dialled(0) == 2U);
}

BOOST_AUTO_TEST_CASE(milter_that_is_joined_again_may_be_joined_at_another_endpoint) {
    several rig;
    rig.filter(0).on("helo", then_close(), once);
    rig.begin();
    rig.is_down(0);
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(1).story().substr(0, 22) == "connect helo mail rcpt");
}

BOOST_AUTO_TEST_CASE(silent_endpoints_share_the_time_to_connect) {
    several rig(3);
    rig.milter().timeouts.connect = 3s;
    rig.config.negotiation_wait = 10s;
    rig.is_down(0, arrival::silent);
    rig.is_down(1, arrival::silent);
    auto const before = rig.now();
    rig.begin();
    BOOST_TEST((rig.now() - before == 2s));
    BOOST_TEST(rig.mail() == "continue");
    BOOST_TEST(rig.logged("a: connecting to unix:/run/a: timed out"));
    BOOST_TEST(rig.logged("a: connecting to unix:/run/b: timed out"));

    several none(3);
    none.milter().timeouts.connect = 3s;
    none.config.negotiation_wait = 10s;
    for (std::size_t k = 0; k < 3; ++k) none.is_down(k, arrival::silent);
    auto const begun = none.now();
    none.begin();
    BOOST_TEST((none.now() - begun == 3s));
    BOOST_TEST(none.mail() == tempfail);
    BOOST_TEST((none.now() - begun == 6s));
}

BOOST_AUTO_TEST_CASE(silence_in_the_negotiation_uses_up_the_time_for_other_endpoints) {
    several rig;
    rig.filter(0).on("negotiate", silence());
    auto const before = rig.now();
    rig.begin();
    BOOST_TEST(rig.dialled(1) == 0U);
    BOOST_TEST((rig.now() - before <= rig.milter().timeouts.negotiate));
}

BOOST_AUTO_TEST_CASE(time_of_a_negotiation_that_the_budget_ends_is_recorded) {
    several rig(1);
    rig.config.command_budget = 2s;
    rig.milter().timeouts.negotiate = 1h;
    rig.is_down(0);
    rig.begin();
    rig.filter(0).arrivals.clear();
    rig.filter(0).on("negotiate", silence());
    rig.mail();
    rig.send(wire::abort{});
    BOOST_TEST((rig.decisions().at(0).milters.at(0).time == 2s));
}

BOOST_AUTO_TEST_SUITE_END()
