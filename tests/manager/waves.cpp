// SPDX-License-Identifier: BSL-1.0
// tests/manager/waves.cpp - who is shown a message at the same time, and whose word counts then
//
// Source: docs/architecture.md, "Milters that only judge"; statements 232-237, 255, 263, 267.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

constexpr auto judging = wire::action::add_rcpt | wire::action::quarantine;
std::string const stages[] = {"header", "end_of_headers", "body", "end_of_message"};
constexpr char const* whole =
    "connect helo mail rcpt data header header header end_of_headers body end_of_message";

/// Milters by letter: 'j' only judges, 'e' may edit.
struct chain : manager_rig {
    explicit chain(std::string_view kinds) : manager_rig(kinds.size()) {
        for (std::size_t k = 0; k < kinds.size(); ++k)
            if (kinds[k] == 'j') filter(k).wants.actions = judging;
    }

    std::string message_up_to_its_end() {
        begin();
        envelope();
        content();
        return end();
    }

    bool was_shown(std::size_t k) { return !filter(k).last("end_of_message").empty(); }
};

} // namespace

BOOST_AUTO_TEST_SUITE(waves)

BOOST_AUTO_TEST_CASE(milters_that_only_judge_take_as_long_as_the_slowest) {
    for (bool const serial : {false, true}) BOOST_TEST_CONTEXT("serial " << serial) {
            chain rig("jjj");
            rig.config.serial = serial;
            for (std::size_t k = 0; k < 3; ++k)
                rig.filter(k).on("end_of_message", say(wire::proceed{}).after(500ms));
            rig.begin();
            rig.envelope();
            rig.content();
            auto const before = rig.now();
            BOOST_TEST(rig.end() == "continue");
            BOOST_TEST((rig.now() - before == (serial ? 1500ms : 500ms)));
            for (std::size_t k = 0; k < 3; ++k) BOOST_TEST(rig.filter(k).story() == whole);
        }
}

BOOST_AUTO_TEST_CASE(one_that_may_edit_is_waited_for_and_its_edits_are_seen_244_245) {
    chain rig("jej");
    rig.filter(1).on("end_of_message", say(wire::add_header{"X-B", "1"},
                                           wire::replace_body{"new\r\n"}, wire::proceed{})
                                           .after(1s));
    rig.begin();
    rig.envelope();
    rig.content();
    rig.settle();
    BOOST_TEST(rig.filter(0).message().headers.size() == 3u);
    BOOST_TEST(rig.filter(1).message().headers.size() ==
               3u); // though the first has said nothing yet
    BOOST_TEST(rig.filter(2).message().headers.empty());
    BOOST_TEST(rig.end() == R"(add_header "X-B" " 1"; replace_body 5 bytes; continue)");
    BOOST_TEST(rig.filter(2).message().headers.back() == "X-B:1");
    BOOST_TEST(rig.filter(2).message().body == "new\r\n");
    BOOST_TEST(rig.mta.new_body() == "new\r\n");
}

BOOST_AUTO_TEST_CASE(a_read_only_milter_is_not_waited_for_whatever_it_negotiated) {
    chain rig("ee");
    rig.config.milters[0].read_only = true;
    rig.filter(0).on("end_of_message",
                     say(wire::add_rcpt{"<c@mx.test>"}, wire::proceed{}).after(1s));
    rig.filter(1).on("end_of_message", say(wire::proceed{}).after(1s));
    auto const before = rig.now();
    BOOST_TEST(rig.message_up_to_its_end() == R"(add_rcpt "<c@mx.test>"; continue)");
    BOOST_TEST((rig.now() - before == 1s));
    // the envelope is nothing that others see
}

BOOST_AUTO_TEST_CASE(an_edit_of_a_read_only_milter_is_a_failure_of_it) {
    auto const edits = {say(wire::add_header{"X", "1"}, wire::proceed{}),
                        say(wire::insert_header{0, "X", "1"}, wire::proceed{}),
                        say(wire::change_header{1, "Subject", ""}, wire::proceed{}),
                        say(wire::replace_body{"x"}, wire::proceed{})};
    for (auto const& edit : edits) {
        chain rig("e");
        rig.config.milters[0].read_only = true;
        rig.filter(0).on("end_of_message", edit);
        BOOST_TEST(rig.message_up_to_its_end() ==
                   "reply \"451 4.7.1 Service unavailable - try again later\"");
        BOOST_TEST(rig.mta.edits().empty());
        BOOST_TEST(rig.logged(" although it has read_only = true"));
    }
}

BOOST_AUTO_TEST_CASE(a_later_refusal_waits_for_the_end_and_for_all_before_it_270) {
    for (auto const& stage : stages) BOOST_TEST_CONTEXT(stage) {
            chain rig("jjj");
            rig.filter(0).on("end_of_message", say(wire::proceed{}).after(2s));
            rig.filter(1).on(stage, say(wire::reject{}), once);
            rig.begin();
            rig.envelope();
            rig.content();
            auto const before = rig.now();
            BOOST_TEST(rig.end() == "reject");
            BOOST_TEST((rig.now() - before == 2s));
            BOOST_TEST(rig.decisions().back().decided_by == "b");
            BOOST_TEST(rig.decisions().back().stage == "end_of_message");
            BOOST_TEST(rig.message() == "continue");
            for (std::size_t k = 0; k < 3; ++k) BOOST_TEST(rig.filter(k).connections() == 1u);
        }
}

BOOST_AUTO_TEST_CASE(the_first_in_order_decides_whoever_spoke_first_230_270) {
    for (auto const& stage : stages) BOOST_TEST_CONTEXT(stage) {
            chain rig("jje");
            rig.filter(0).on("end_of_message", say_text("450 4.2.1 first").after(2s), once);
            rig.filter(1).on(stage, say_text("550 5.7.1 second"), once);
            rig.filter(2).on(
                "end_of_message",
                say(wire::add_header{"X-C", "1"}, wire::quarantine{"third"}, wire::proceed{}),
                once);
            BOOST_TEST(rig.message_up_to_its_end() == "reply \"450 4.2.1 first\"");
            BOOST_TEST(rig.decisions().back().decided_by == "a");
            BOOST_TEST(rig.mta.edits().empty());
            BOOST_TEST(rig.message() == "continue"); // nothing of it is left
            BOOST_TEST(rig.mta.edits().empty());
        }
}

BOOST_AUTO_TEST_CASE(who_is_still_reading_a_refused_message_is_told_that_it_was_given_up_236) {
    chain rig("jj");
    rig.filter(0).on("body", say(wire::reject{}), once);
    rig.filter(1).on("end_of_headers", say(wire::proceed{}).after(30s), once);
    BOOST_TEST(rig.message_up_to_its_end() == "reject");
    BOOST_TEST(rig.filter(1).story() ==
               "connect helo mail rcpt data header header header end_of_headers abort");
}

BOOST_AUTO_TEST_CASE(a_later_failure_is_judged_in_its_turn_270) {
    for (bool const first_refuses : {false, true})
        for (auto const policy : {manager::on_error::tempfail, manager::on_error::accept})
            for (auto const& stage : stages) BOOST_TEST_CONTEXT(stage << ' ' << first_refuses) {
                    chain rig("jjj");
                    rig.config.milters[1].on_error = policy;
                    rig.filter(0).on(
                        "end_of_message",
                        (first_refuses ? say(wire::reject{}) : say(wire::proceed{})).after(2s),
                        once);
                    rig.filter(1).on(stage, then_close(), once);
                    bool const passes = policy == manager::on_error::accept;
                    BOOST_TEST(rig.message_up_to_its_end() ==
                               (first_refuses ? "reject"
                                : passes
                                    ? "continue"
                                    : "reply \"451 4.7.1 Service unavailable - try again later\""));
                    BOOST_TEST(rig.message() == "continue"); // joins again
                    BOOST_TEST(rig.filter(1).connections() == 2u);
                }
}

BOOST_AUTO_TEST_CASE(a_word_that_was_given_stands_though_the_milter_is_gone_before_it_counts) {
    chain rig("je");
    rig.filter(0).on("end_of_message", say(wire::proceed{}).after(2s), once);
    std::string word;
    wire::encode(word, wire::add_header{"X-B", "1"});
    wire::encode(word, wire::proceed{});
    rig.filter(1).on("end_of_message", then_close(word), once);
    BOOST_TEST(rig.message_up_to_its_end() == R"(add_header "X-B" " 1"; continue)");
}

BOOST_AUTO_TEST_CASE(quarantines_count_in_order_and_one_of_a_lost_milter_stands_255) {
    chain rig("jjj");
    std::string asked;
    wire::encode(asked, wire::quarantine{"second"});
    rig.config.milters[1].on_error = manager::on_error::accept;
    rig.filter(0).on("end_of_message", say(wire::quarantine{"first"}, wire::proceed{}).after(2s),
                     once);
    rig.filter(1).on("end_of_message", then_close(asked), once);
    BOOST_TEST(rig.message_up_to_its_end() == R"(quarantine "second"; continue)");
    BOOST_TEST(rig.decisions().back().quarantine ==
               "second"); // the later one, as one after another
}

BOOST_AUTO_TEST_CASE(skip_and_accept_let_one_off_and_the_others_go_on_232_237) {
    chain rig("jjj");
    for (std::size_t k = 0; k < 3; ++k) rig.filter(k).wants.steps |= wire::step::skip;
    rig.filter(0).on("header", say(wire::accept{}), once);
    rig.filter(1).on("body", say(wire::skip{}), once);
    rig.begin();
    rig.envelope();
    rig.content(manager_rig::usual_headers(), std::string(200'000, 'x'));
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST(rig.filter(0).message().body.empty());
    BOOST_TEST(rig.filter(1).message().body.size() == wire::default_data_limit);
    BOOST_TEST(rig.filter(2).message().body.size() == 200'000u);
    BOOST_TEST(!rig.was_shown(0));
    BOOST_TEST(rig.was_shown(1));
    BOOST_TEST(rig.was_shown(2));
}

BOOST_AUTO_TEST_CASE(when_the_time_is_over_all_that_were_asked_have_failed_267) {
    for (bool const last_answers : {false, true}) BOOST_TEST_CONTEXT(last_answers) {
            chain rig("jjj");
            rig.config.end_of_message_budget = 5s;
            for (std::size_t k = 0; k < 3; ++k)
                rig.config.milters[k].on_error = manager::on_error::accept;
            rig.config.milters[1].on_error = manager::on_error::reject;
            rig.filter(0).on("end_of_message", silence(), once);
            rig.filter(1).on("end_of_message", last_answers ? say(wire::proceed{}) : silence(),
                             once);
            rig.filter(2).on("end_of_message", last_answers ? say(wire::tempfail{}) : silence(),
                             once);
            auto const heard = rig.message_up_to_its_end();
            BOOST_TEST(heard ==
                       (last_answers ? "tempfail" : "reply \"550 5.5.0 Service unavailable\""));
            BOOST_TEST(rig.decisions().back().decided_by == (last_answers ? "c" : "b"));
        }
}

BOOST_AUTO_TEST_CASE(a_milter_that_the_time_did_not_come_to_has_not_failed_267) {
    chain rig("ej");
    rig.config.end_of_message_budget = 5s;
    for (std::size_t k = 0; k < 2; ++k) rig.config.milters[k].on_error = manager::on_error::accept;
    rig.filter(0).on("end_of_message", silence(), once);
    BOOST_TEST(rig.message_up_to_its_end() ==
               "reply \"451 4.3.2 Mail filtering takes too long - try again later\"");
    BOOST_TEST(!rig.blamed("b"));
}

BOOST_AUTO_TEST_CASE(one_that_does_not_read_holds_up_nobody_else) {
    chain rig("jjj");
    rig.config.milters[1].on_error = manager::on_error::accept;
    rig.begin();
    rig.envelope();
    rig.filter(1).reads = false;
    rig.content(manager_rig::usual_headers(), std::string(3'000'000, 'x'));
    rig.pass(250ms);
    BOOST_TEST(rig.filter(2).message().body.size() >
               2'900'000u);                        // all but what is no whole packet yet
    BOOST_TEST(rig.end().ends_with("; continue")); // after a minute of progress
    BOOST_TEST(rig.was_shown(2));
    BOOST_TEST(rig.blamed("b"));
}

BOOST_AUTO_TEST_SUITE_END()
