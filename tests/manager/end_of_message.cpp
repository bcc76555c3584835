// SPDX-License-Identifier: BSL-1.0
// tests/manager/end_of_message.cpp - keeping the MTA in patience, and what it is kept from
//
// Source: statements 105, 242, 243, 253.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

std::string times(std::size_t count, std::string const& what) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += what + "; ";
    return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(end_of_message)

BOOST_AUTO_TEST_CASE(progress_goes_upstream_every_five_seconds_while_milters_work_199_243) {
    manager_rig rig(2);
    rig.filter(0).on("end_of_message", say(wire::proceed{}).after(12s));
    rig.filter(1).on("end_of_message", say(wire::proceed{}).after(11s));
    rig.begin();
    BOOST_TEST(rig.message() == times(4, "progress") + "continue");
}

BOOST_AUTO_TEST_CASE(progress_of_a_milter_gives_it_time_and_is_not_passed_on_105) {
    manager_rig rig(1);
    rig.config.milters[0].timeouts.end_of_message = 3s;
    auto slow = say(wire::progress{}).after(2s);
    for (int i = 0; i < 5; ++i) slow = std::move(slow).then(say(wire::progress{}).after(2s));
    rig.filter(0).on("end_of_message", std::move(slow).then(say(wire::proceed{}).after(2s)));
    rig.begin();
    BOOST_TEST(rig.message() == times(2, "progress") + "continue"); // its own: at 5 and 10 s
}

BOOST_AUTO_TEST_CASE(progress_is_not_sent_before_end_of_message_or_after_the_verdict_104) {
    manager_rig rig(1);
    rig.filter(0).on("header", say(wire::proceed{}).after(12s), once);
    rig.begin();
    rig.envelope();
    rig.content();
    rig.pass(20s);
    BOOST_TEST(rig.mta.heard().empty());
    BOOST_TEST(rig.end() == "continue");
    rig.pass(20s);
    BOOST_TEST(rig.mta.heard().empty());
}

BOOST_AUTO_TEST_CASE(
    long_new_body_waits_for_the_mta_to_read_and_nothing_comes_between_170_203_243) {
    manager_rig rig(1);
    std::string const body(5'000'000, 'b');
    rig.filter(0).on("end_of_message", say(wire::add_header{"X-A", "1"}, wire::replace_body{body},
                                           wire::quarantine{"q"}, wire::proceed{}));
    rig.begin();
    rig.envelope();
    rig.content();
    rig.mta_reads = false;
    rig.end();
    rig.pass(60s); // PROGRESS would break the run of the body
    BOOST_TEST(rig.unread_by_mta() < 400'000U);
    rig.mta_reads = true;
    rig.settle();
    auto const heard = rig.mta.heard();
    BOOST_TEST(heard.substr(0, 40) == "add_header \"X-A\" \" 1\"; replace_body 6553");
    BOOST_TEST(heard.find("progress") == heard.npos);
    BOOST_TEST(heard.substr(heard.size() - 26) == "; quarantine \"q\"; continue");
    BOOST_TEST((rig.mta.new_body() == body));
}

BOOST_AUTO_TEST_CASE(accepting_letter_of_a_single_milter_is_its_own_273) {
    manager_rig one(1);
    one.filter(0).on("end_of_message", say(wire::add_header{"X-A", "1"}, wire::accept{}));
    one.begin();
    BOOST_TEST(one.message() == "add_header \"X-A\" \" 1\"; accept");
}

BOOST_AUTO_TEST_SUITE_END()
