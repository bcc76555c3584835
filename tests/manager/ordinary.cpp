// SPDX-License-Identifier: BSL-1.0
// tests/manager/ordinary.cpp - one message through one milter and through three, as everybody expects it

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

BOOST_AUTO_TEST_SUITE(ordinary)

BOOST_AUTO_TEST_CASE(a_message_passes_through_one_milter) {
    manager_rig rig(1);
    BOOST_TEST(rig.begin() == "continue, continue");
    BOOST_TEST(rig.envelope() == "continue, continue, continue");
    rig.content();
    BOOST_TEST(rig.end() == "continue");
    rig.send(wire::quit{});
    BOOST_TEST(
        rig.filter(0).story() ==
        "connect helo mail rcpt data header header header end_of_headers body end_of_message quit");
    BOOST_TEST(rig.hung_up());
}

BOOST_AUTO_TEST_CASE(a_message_passes_through_three_milters) {
    manager_rig rig(3);
    BOOST_TEST(rig.begin() == "continue, continue");
    BOOST_TEST(rig.envelope() == "continue, continue, continue");
    rig.content();
    BOOST_TEST(rig.end() == "continue");
    rig.send(wire::quit{});
    for (std::size_t k = 0; k < 3; ++k)
        BOOST_TEST(rig.filter(k).story() == "connect helo mail rcpt data header header header "
                                            "end_of_headers body end_of_message quit");
}

BOOST_AUTO_TEST_CASE(commands_sent_ahead_are_answered_in_order) {
    for (auto const cut : {manager_rig::cut::whole, manager_rig::cut::bytes}) {
        manager_rig rig(2);
        rig.deliver = cut;
        rig.filter(0).on("mail", say(wire::proceed{}).after(1s));
        rig.filter(1).on("rcpt", say(wire::reject{}).after(1s), once);
        rig.begin();
        rig.mta.say(wire::mail{"<a@client.test>", {}});
        rig.mta.say(wire::rcpt{"<b@mx.test>", {}});
        rig.mta.say(wire::rcpt{"<c@mx.test>", {}});
        BOOST_TEST(rig.send(wire::data{}) == "continue; reject; continue; continue");
    }
}

BOOST_AUTO_TEST_SUITE_END()
