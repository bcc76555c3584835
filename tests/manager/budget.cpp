// SPDX-License-Identifier: BSL-1.0
// tests/manager/budget.cpp - the MTA never waits longer than it would: one budget for each of its commands
//
// Who was asked and hangs has failed; who was never asked has not. Source: statements 199, 200, 243, 267.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;
using manager::on_error;

namespace {

std::string const failed = "reply \"451 4.7.1 Service unavailable - try again later\"";
std::string const out_of_time =
    "reply \"451 4.3.2 Mail filtering takes too long - try again later\"";

/// Milters that may take an hour as far as their own timeouts go, in a session begun.
struct patient_rig : manager_rig {
    explicit patient_rig(std::size_t filters) : manager_rig(filters) {
        for (auto& one : config.milters) one.timeouts = {1h, 1h, 1h, 1h, 1h};
        mta.like_sendmail();
    }
    /// The answer and how long it took.
    template <class Command> std::string timed(Command const& command) {
        auto const before = now();
        auto const answer = send(command);
        return answer +
               after(std::chrono::duration_cast<std::chrono::seconds>(now() - before).count());
    }
    static std::string after(long seconds) { return " after " + std::to_string(seconds) + " s"; }
    std::string mail() { return timed(wire::mail{"<a@client.test>", {}}); }
    std::string rcpt() { return timed(wire::rcpt{"<b@mx.test>", {}}); }
    std::string data() { return timed(wire::data{}); }
};

std::string at(long seconds, std::string const& answer) {
    return answer + patient_rig::after(seconds);
}

} // namespace

BOOST_AUTO_TEST_SUITE(budget)

BOOST_AUTO_TEST_CASE(
    is_eight_seconds_for_sendmail_and_twenty_five_for_postfix_or_as_configured_198_267) {
    for (long const seconds : {8, 25, 3}) {
        patient_rig rig(1);
        if (seconds == 25) rig.mta.like_postfix();
        if (seconds == 3) rig.config.command_budget = 3s;
        rig.filter(0).on("mail", silence());
        rig.begin();
        BOOST_TEST(rig.mail() == at(seconds, failed));
        auto const length = std::to_string(seconds) + "s";
        auto const budget = seconds == 3 ? length : R"("auto": )" + length;
        BOOST_TEST(rig.logged("a: no reply to mail within [manager] command_budget = " + budget));
        BOOST_TEST(!rig.logged("timed out"));
    }
}

BOOST_AUTO_TEST_CASE(covers_all_milters_together_267) {
    patient_rig rig(3);
    for (std::size_t k = 0; k < 3; ++k) rig.filter(k).on("mail", say(wire::proceed{}).after(3s));
    rig.begin();
    BOOST_TEST(rig.mail() == at(8, failed)); // the third is being asked
    patient_rig enough(2);
    for (std::size_t k = 0; k < 2; ++k) enough.filter(k).on("mail", say(wire::proceed{}).after(3s));
    enough.begin();
    BOOST_TEST(enough.mail() == at(6, "continue"));
}

BOOST_AUTO_TEST_CASE(
    over_while_one_is_asked_and_others_are_not_refuses_whatever_their_policies_267) {
    for (auto const policy : {on_error::accept, on_error::quarantine}) {
        patient_rig rig(2);
        rig.config.milters[0].on_error = policy;
        rig.config.milters[1].on_error = policy;
        rig.filter(0).on("mail", silence());
        rig.begin();
        BOOST_TEST(rig.mail() == at(8, out_of_time));
        BOOST_TEST(rig.rcpt() == at(0, out_of_time));
        BOOST_TEST(rig.filter(1).story() == "connect helo");
        BOOST_TEST(!rig.blamed("b"));
    }
}

BOOST_AUTO_TEST_CASE(over_at_the_last_milter_is_its_failure_alone) {
    patient_rig rig(2);
    rig.config.milters[1].on_error = on_error::accept;
    rig.filter(1).on("data", silence());
    rig.begin();
    rig.mail();
    rig.rcpt();
    BOOST_TEST(rig.data() == at(8, "continue"));
    rig.content();
    BOOST_TEST(rig.end() == "continue");
}

BOOST_AUTO_TEST_CASE(over_at_a_recipient_refuses_that_recipient_when_others_were_not_asked_267) {
    patient_rig rig(2);
    rig.config.milters[0].on_error = on_error::accept;
    rig.filter(0).on("rcpt", silence(), once);
    rig.begin();
    rig.mail();
    BOOST_TEST(rig.rcpt() == at(8, out_of_time));
    BOOST_TEST(rig.rcpt() == at(0, "continue"));
    BOOST_TEST(rig.filter(1).story() == "connect helo mail rcpt");
    BOOST_TEST(rig.data() == at(0, "continue"));
}

BOOST_AUTO_TEST_CASE(
    over_at_connect_or_helo_is_answered_with_continue_and_the_others_are_told_later_267) {
    patient_rig rig(2);
    rig.filter(0).on("connect", silence(), once);
    rig.negotiate();
    BOOST_TEST(rig.timed(wire::connect{"client.test", wire::family::unknown, 0, ""}) ==
               at(8, "continue"));
    BOOST_TEST(rig.filter(1).story() == "");
    BOOST_TEST(rig.mail() == at(0, "continue"));
    BOOST_TEST(rig.filter(0).story() == "connect | connect mail");
    BOOST_TEST(rig.filter(1).story() == "connect mail");
}

BOOST_AUTO_TEST_CASE(over_at_an_unknown_command_decides_nothing) {
    patient_rig rig(2);
    rig.config.milters[0].on_error = on_error::accept;
    rig.filter(0).on("unknown", silence());
    rig.begin();
    rig.mail();
    BOOST_TEST(rig.timed(wire::unknown{"FOO"}) == at(8, "continue"));
    BOOST_TEST(rig.rcpt() == at(0, "continue"));
}

BOOST_AUTO_TEST_CASE(over_while_still_connecting_is_a_failure_of_who_is_being_waited_for) {
    patient_rig rig(2);
    rig.config.milters[0].on_error = on_error::reject;
    rig.filter(0).arrivals.assign(2, scripted_filter::arrival::silent);
    rig.begin();
    BOOST_TEST(rig.mail() == at(8, "reply \"550 5.5.0 Service unavailable\""));
    BOOST_TEST(rig.logged(R"(a: no connection within [manager] command_budget = "auto": 8s)"));
}

BOOST_AUTO_TEST_CASE(does_not_shorten_what_a_milter_may_take_by_itself) {
    patient_rig rig(1);
    rig.config.milters[0].timeouts.command = 2s;
    rig.filter(0).on("mail", silence());
    rig.begin();
    BOOST_TEST(rig.mail() == at(2, failed));
}

BOOST_AUTO_TEST_CASE(of_end_of_message_is_four_minutes_with_progress_199) {
    patient_rig rig(1);
    rig.filter(0).on("end_of_message", silence());
    rig.begin();
    rig.envelope();
    rig.content();
    auto const before = rig.now();
    auto const answer = rig.end();
    BOOST_TEST((rig.now() - before == 240s));
    BOOST_TEST(answer.substr(answer.size() - failed.size()) == failed);
    BOOST_TEST(
        rig.logged("a: no reply to end_of_message within [manager] end_of_message_budget = 4m"));
    std::size_t progress = 0;
    for (auto at = answer.find("progress"); at != answer.npos; at = answer.find("progress", at + 1))
        ++progress;
    BOOST_TEST(progress >= 47U);
}

BOOST_AUTO_TEST_CASE(of_end_of_message_is_not_prolonged_by_the_progress_of_a_milter_200) {
    patient_rig rig(1);
    auto slow = say(wire::progress{}).after(10s);
    for (int i = 0; i < 100; ++i) slow = std::move(slow).then(say(wire::progress{}).after(10s));
    rig.filter(0).on("end_of_message", std::move(slow).then(say(wire::proceed{})));
    rig.begin();
    rig.envelope();
    rig.content();
    auto const before = rig.now();
    auto const answer = rig.end();
    BOOST_TEST((rig.now() - before == 240s));
    BOOST_TEST(answer.substr(answer.size() - failed.size()) == failed);
}

BOOST_AUTO_TEST_CASE(of_end_of_message_over_at_the_last_milter_is_its_failure) {
    std::pair<on_error, std::string> const rows[] = {
        {on_error::accept, "; continue"},
        {on_error::reject, "; reply \"550 5.5.0 Service unavailable\""},
        {on_error::shutdown, "; reply \"421 4.7.1 Service unavailable - try again later\""},
        {on_error::quarantine, "; quarantine \"milter b failed\"; continue"}};
    for (auto const& [policy, ending] : rows) {
        patient_rig rig(2);
        rig.config.milters[1].on_error = policy;
        rig.filter(1).on("end_of_message", say(wire::add_header{"X-Late", "1"}));
        rig.begin();
        auto const answer = rig.message();
        BOOST_TEST(answer.substr(answer.size() - ending.size()) == ending);
        BOOST_TEST(rig.mta.edits().size() == (policy == on_error::quarantine ? 1U : 0U));
    }
}

BOOST_AUTO_TEST_CASE(of_end_of_message_over_before_the_others_saw_the_message_refuses_267) {
    patient_rig rig(3);
    rig.config.milters[0].on_error = on_error::accept;
    rig.config.milters[1].on_error = on_error::accept;
    rig.config.milters[2].on_error = on_error::accept;
    rig.filter(0).on("header", silence());
    rig.begin();
    auto const answer = rig.message();
    BOOST_TEST(answer.substr(answer.size() - out_of_time.size()) == out_of_time);
    BOOST_TEST(rig.filter(1).story() == "connect helo mail rcpt data abort");
    BOOST_TEST(!rig.blamed("b"));
    BOOST_REQUIRE(rig.decisions().size() == 1U);
    BOOST_TEST(rig.decisions()[0].decided_by == "manager");
    BOOST_TEST(rig.decisions()[0].milters[0].verdict == "error");
    BOOST_TEST(rig.decisions()[0].milters[1].verdict == "continue"); // to DATA
}

BOOST_AUTO_TEST_CASE(next_message_after_a_hang_is_served) {
    patient_rig rig(2);
    rig.filter(0).on("mail", silence(), once);
    rig.filter(1).on("end_of_message", silence(), once);
    rig.begin();
    BOOST_TEST(rig.mail() == at(8, failed));
    BOOST_TEST(rig.message() != "continue");
    BOOST_TEST(rig.message() == "continue");
}

BOOST_AUTO_TEST_SUITE_END()
