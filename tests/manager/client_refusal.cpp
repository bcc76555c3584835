// SPDX-License-Identifier: BSL-1.0
// tests/manager/client_refusal.cpp - a client that is refused before it names a sender leaves a record

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;
using manager::on_error;

namespace {

/// The only record so far.
manager::client_refusal const& only(manager_rig const& rig) {
    BOOST_REQUIRE(rig.refusals().size() == 1U);
    return rig.refusals().front();
}

std::string answer_to_connect(manager_rig& rig, std::string_view address = "192.0.2.1") {
    return rig.send(wire::connect{"client.test", wire::family::inet, 1025, address});
}

} // namespace

BOOST_AUTO_TEST_SUITE(client_refusal)

BOOST_AUTO_TEST_CASE(names_who_refused_whom_and_with_what_words) {
    manager_rig rig(2);
    rig.filter(1).on("connect", say_text("554 5.7.1 you are listed"));
    rig.negotiate();
    BOOST_TEST(answer_to_connect(rig) == "reply \"554 5.7.1 you are listed\"");
    auto const& record = only(rig);
    BOOST_TEST(record.session == 7U);
    BOOST_TEST(record.listener == "in");
    BOOST_TEST(record.client_name == "client.test");
    BOOST_TEST(record.client_address == "192.0.2.1");
    BOOST_TEST(record.helo == "");
    BOOST_TEST(record.verdict == "reject");
    BOOST_TEST(record.text == "554 5.7.1 you are listed");
    BOOST_TEST(record.reason == "");
    BOOST_TEST(record.decided_by == "b");
    BOOST_TEST(record.stage == "connect");
    rig.mta_closes();
    BOOST_TEST(!rig.blamed("mta")); // Postfix says no QUIT to a client that was refused
    BOOST_TEST(rig.refusals().size() == 1U);
    BOOST_TEST(rig.decisions().empty());
}

BOOST_AUTO_TEST_CASE(at_helo_has_its_name_and_the_profile) {
    manager_rig rig(1);
    rig.config.profiles = {{"inbound", {"a"}, {}, {}}};
    rig.profile = "inbound";
    rig.filter(0).on("helo", say(wire::tempfail{}));
    rig.begin();
    auto const& record = only(rig);
    BOOST_TEST(record.profile == "inbound");
    BOOST_TEST(record.helo == "client.test");
    BOOST_TEST(record.verdict == "tempfail");
    BOOST_TEST(record.text == "");
    BOOST_TEST(record.stage == "helo");
}

BOOST_AUTO_TEST_CASE(by_a_failure_has_what_went_wrong) {
    manager_rig rig(1);
    rig.config.milters[0].on_error = on_error::shutdown;
    rig.filter(0).on("connect", then_close());
    rig.negotiate();
    BOOST_TEST(answer_to_connect(rig) ==
               "reply \"421 4.7.1 Service unavailable - try again later\"");
    BOOST_TEST(only(rig).decided_by == "a");
    BOOST_TEST(only(rig).reason.find("closed") != std::string::npos, only(rig).reason);
    BOOST_TEST(only(rig).text == "421 4.7.1 Service unavailable - try again later");
    rig.send(wire::mail{"<a@client.test>", {}}); // all the same
    BOOST_REQUIRE(rig.decisions().size() == 1U);
    BOOST_TEST(rig.decisions()[0].decided_by == "a");
    BOOST_TEST(rig.decisions()[0].reason == only(rig).reason);
}

BOOST_AUTO_TEST_CASE(by_a_limit_names_the_limit) {
    manager_rig rig(1);
    rig.config.on_internal_error = manager::on_internal_error::shutdown;
    rig.session().overloaded("[limits] sessions = 1 reached");
    rig.negotiate();
    BOOST_TEST(answer_to_connect(rig).starts_with("reply \"421 4.3.0 "));
    BOOST_TEST(only(rig).decided_by == "manager");
    BOOST_TEST(only(rig).reason == "[limits] sessions = 1 reached");
    BOOST_TEST(only(rig).verdict == "tempfail");
}

BOOST_AUTO_TEST_CASE(
    message_that_is_refused_by_a_limit_names_the_limit_and_is_no_refusal_of_a_client) {
    manager_rig rig(1);
    rig.session().overloaded("[limits] sessions = 1 reached");
    rig.begin();
    rig.send(wire::mail{"<a@client.test>", {}});
    BOOST_REQUIRE(rig.decisions().size() == 1U);
    BOOST_TEST(rig.decisions()[0].decided_by == "manager");
    BOOST_TEST(rig.decisions()[0].reason == "[limits] sessions = 1 reached");
    BOOST_TEST(rig.refusals().empty());
}

BOOST_AUTO_TEST_CASE(is_recorded_once_and_anew_for_the_next_client) {
    manager_rig rig(1);
    rig.mta.like_sendmail();
    rig.filter(0).on("connect", say(wire::reject{}), once);
    rig.filter(0).on("connect", say(wire::proceed{}), once);
    rig.filter(0).on("helo", say(wire::shutdown{}));
    rig.begin();
    rig.send(wire::helo{"again.test"});
    BOOST_TEST(rig.refusals().size() == 1U);
    rig.send(wire::quit_new_connection{});
    BOOST_TEST(answer_to_connect(rig, "192.0.2.2") == "continue");
    BOOST_TEST(rig.refusals().size() == 1U);
    rig.send(wire::helo{"next.test"});
    BOOST_REQUIRE(rig.refusals().size() == 2U);
    BOOST_TEST(rig.refusals()[0].helo == "");
    BOOST_TEST(rig.refusals()[1].client_address == "192.0.2.2");
    BOOST_TEST(rig.refusals()[1].helo == "next.test");
    BOOST_TEST(rig.refusals()[1].text == "421 4.7.0 Service unavailable, closing connection");
}

BOOST_AUTO_TEST_CASE(of_a_connection_for_which_there_is_no_room_is_recorded_once) {
    manager_rig rig(1);
    rig.config.on_internal_error = manager::on_internal_error::shutdown;
    rig.session().overloaded("[limits] sessions = 1 reached");
    rig.negotiate();
    for (int i = 0; i < 1'000; ++i) {
        BOOST_TEST(answer_to_connect(rig).starts_with("reply \"421 4.3.0 "));
        if (i % 2 == 0) rig.send(wire::quit_new_connection{});
    }
    rig.mta_closes();
    BOOST_TEST(rig.refusals().size() == 1U);
    BOOST_TEST(rig.log().size() < 20U);
}

BOOST_AUTO_TEST_CASE(flood_of_one_connection_is_cut_and_the_rest_counted) {
    manager_rig rig(1);
    rig.filter(0).on("connect", say(wire::reject{}));
    rig.negotiate();
    auto const send_clients = [&](int count) {
        for (int i = 0; i < count; ++i) {
            BOOST_TEST(answer_to_connect(rig) == "reject");
            rig.send(wire::quit_new_connection{});
        }
    };
    send_clients(300);
    BOOST_TEST(rig.refusals().size() == 100U);
    rig.pass(1s);
    send_clients(1);
    BOOST_TEST(rig.refusals().size() == 101U);
    BOOST_TEST(rig.logged("mta: 200 refusals were not recorded"));
    send_clients(102);
    rig.mta_closes();
    BOOST_TEST(rig.refusals().size() == 200U);
    BOOST_TEST(rig.logged("mta: 3 refusals were not recorded"));
}

BOOST_AUTO_TEST_CASE(of_a_client_that_is_served_there_is_none) {
    for (auto const* refusing : {"none", "mail", "rcpt", "unknown"}) {
        manager_rig rig(1);
        rig.filter(0).on(refusing, say(wire::reject{}));
        rig.begin();
        rig.send(wire::unknown{"XWHAT"});
        rig.message();
        rig.send(wire::quit{});
        BOOST_TEST(rig.refusals().empty(), refusing);
    }
}

BOOST_AUTO_TEST_CASE(of_an_evaluated_milter_is_none) {
    manager_rig rig(2);
    rig.config.milters[1].mode = manager::milter_mode::evaluate;
    rig.filter(1).on("connect", say(wire::reject{}));
    BOOST_TEST(rig.begin() == "continue, continue");
    BOOST_TEST(rig.filter(1).connections() == 1U);
    BOOST_TEST(rig.refusals().empty());
}

BOOST_AUTO_TEST_SUITE_END()
