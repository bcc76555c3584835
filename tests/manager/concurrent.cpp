// SPDX-License-Identifier: BSL-1.0
// tests/manager/concurrent.cpp - milters that are asked about the envelope together: the first in order still decides
//
// Source: docs/configuration.md, the order of milters; statements 229-236, 263-269.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

/// All but the first are asked together with the one before.
struct together : manager_rig {
    explicit together(std::size_t count) : manager_rig(count) {
        for (std::size_t k = 1; k < count; ++k)
            config.milters[k].concurrent = config.milters[k].parallel_rcpt = true;
    }

    template <class Command> proto::duration time_of(Command const& command) {
        auto const before = now();
        heard = send(command);
        return now() - before;
    }
    std::string heard;
};

wire::connect const client{"client.test", wire::family::inet, 1025, "192.0.2.1"};
wire::helo const hello{"client.test"};
wire::mail const sender{"<a@client.test>", {}};
wire::rcpt const recipient{"<b@mx.test>", {}};

std::string seen(manager_rig& rig, std::size_t k) { return rig.filter(k).story(); }

} // namespace

BOOST_AUTO_TEST_SUITE(concurrent)

BOOST_AUTO_TEST_CASE(commands_take_as_long_as_the_slowest_milter) {
    for (bool const is_together : {false, true}) BOOST_TEST_CONTEXT(is_together) {
            together rig(3);
            for (std::size_t k = 1; k < 3; ++k)
                rig.config.milters[k].concurrent = rig.config.milters[k].parallel_rcpt =
                    is_together;
            for (std::size_t k = 0; k < 3; ++k)
                for (auto const* stage : {"connect", "helo", "mail", "rcpt", "data"})
                    rig.filter(k).on(stage, say(wire::proceed{}).after(100ms));
            auto const expected = is_together ? 100ms : 300ms;
            rig.negotiate();
            BOOST_TEST((rig.time_of(client) == expected));
            BOOST_TEST((rig.time_of(hello) == expected));
            BOOST_TEST((rig.time_of(sender) == expected));
            BOOST_TEST((rig.time_of(recipient) == expected));
            BOOST_TEST((rig.time_of(recipient) == expected));
            BOOST_TEST((rig.time_of(wire::data{}) == expected));
            rig.content();
            BOOST_TEST(rig.end() == "continue");
        }
}

BOOST_AUTO_TEST_CASE(only_one_that_is_concurrent_itself_is_asked_early) {
    together rig(3);
    rig.config.milters[2].concurrent = false;
    rig.filter(0).on("connect", say(wire::reject{}).after(1s));
    rig.negotiate();
    rig.send(client);
    BOOST_TEST(seen(rig, 1) == "connect quit");
    BOOST_TEST(seen(rig, 2) == "quit");
}

BOOST_AUTO_TEST_CASE(recipients_and_commands_are_chosen_apart) {
    together rig(2);
    rig.config.milters[1].parallel_rcpt = false;
    rig.begin();
    rig.filter(0).on("rcpt", say(wire::reject{}).after(1s));
    rig.send(sender);
    rig.send(recipient);
    BOOST_TEST(seen(rig, 1) == "connect helo mail");
}

BOOST_AUTO_TEST_CASE(the_first_in_order_decides_whoever_spoke_first_230_270) {
    for (auto const* stage : {"connect", "helo", "mail", "rcpt", "data"})
        BOOST_TEST_CONTEXT(stage) {
            together rig(3);
            rig.filter(0).on(stage, say_text("450 4.2.1 first").after(1s), once);
            rig.filter(1).on(stage, say_text("550 5.7.1 second"), once);
            auto answers = rig.begin() + ", ";
            answers += rig.envelope();
            BOOST_TEST(answers.find("first") != answers.npos, answers);
            BOOST_TEST(answers.find("second") == answers.npos, answers);
        }
}

BOOST_AUTO_TEST_CASE(a_later_refusal_waits_for_those_before_it_270) {
    for (auto const* stage : {"connect", "helo", "mail", "rcpt", "data"})
        BOOST_TEST_CONTEXT(stage) {
            together rig(3);
            rig.filter(0).on(stage, say(wire::proceed{}).after(1s));
            rig.filter(1).on(stage, say_text("550 5.7.1 second"), once);
            auto const before = rig.now();
            auto answers = rig.begin() + ", ";
            answers += rig.envelope();
            BOOST_TEST(answers.find("second") != answers.npos, answers);
            BOOST_TEST((rig.now() - before == 1s));
        }
}

BOOST_AUTO_TEST_CASE(accept_of_a_later_one_lets_only_it_off_232) {
    together rig(3);
    rig.filter(0).on("mail", say(wire::proceed{}).after(1s));
    rig.filter(1).on("mail", say(wire::accept{}), once);
    rig.filter(2).on("connect", say(wire::accept{}), once);
    rig.begin();
    BOOST_TEST(rig.envelope() == "continue, continue, continue");
    rig.content();
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST(seen(rig, 1) == "connect helo mail");
    BOOST_TEST(seen(rig, 2) == "connect quit");
    BOOST_TEST(rig.filter(0).judged().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_refused_recipient_is_nothing_that_a_later_one_decides_270) {
    // what the later one says of it, early or late, is about nobody; the next command waits for its answer
    for (auto const pause : {0s, 2s}) BOOST_TEST_CONTEXT(pause.count()) {
            together rig(2);
            rig.begin();
            rig.send(sender);
            rig.filter(0).on("rcpt \"<bad", say(wire::reject{}).after(1s));
            rig.filter(1).on("rcpt \"<bad", say_text("550 5.1.1 no").after(pause));
            BOOST_TEST(rig.send(wire::rcpt{"<bad@mx.test>", {}}) == "reject");
            BOOST_TEST(rig.send(recipient) == "continue");
            BOOST_TEST(rig.send(wire::data{}) == "continue");
            rig.content();
            BOOST_TEST(rig.end() == "continue");
            BOOST_TEST(seen(rig, 1).starts_with("connect helo mail rcpt rcpt data header"));
        }
}

BOOST_AUTO_TEST_CASE(accept_of_the_message_stands_though_the_recipient_was_refused) {
    together rig(2);
    rig.begin();
    rig.send(sender);
    rig.filter(0).on("rcpt \"<bad", say(wire::reject{}).after(1s));
    rig.filter(1).on("rcpt \"<bad", say(wire::accept{}).after(2s));
    BOOST_TEST(rig.send(wire::rcpt{"<bad@mx.test>", {}}) == "reject");
    BOOST_TEST(rig.send(recipient) == "continue");
    BOOST_TEST(rig.send(wire::data{}) == "continue");
    rig.content();
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST(seen(rig, 1) == "connect helo mail rcpt");
}

BOOST_AUTO_TEST_CASE(discard_for_a_refused_recipient_is_a_failure_as_it_cannot_judge_any_more) {
    together rig(2);
    rig.begin();
    rig.send(sender);
    rig.filter(0).on("rcpt \"<bad", say(wire::reject{}).after(1s));
    rig.filter(1).on("rcpt \"<bad", say(wire::discard{}).after(2s));
    BOOST_TEST(rig.send(wire::rcpt{"<bad@mx.test>", {}}) == "reject");
    BOOST_TEST(rig.send(recipient) == "reply \"451 4.7.1 Service unavailable - try again later\"");
    BOOST_TEST(rig.blamed("b"));
}

BOOST_AUTO_TEST_CASE(a_later_failure_is_judged_in_its_turn_270) {
    for (bool const first_refuses : {false, true}) BOOST_TEST_CONTEXT(first_refuses) {
            together rig(2);
            rig.begin();
            rig.filter(0).on("mail",
                             (first_refuses ? say(wire::reject{}) : say(wire::proceed{})).after(1s),
                             once);
            rig.filter(1).on("mail", then_close(), once);
            BOOST_TEST(rig.send(sender) ==
                       (first_refuses
                            ? "reject"
                            : "reply \"451 4.7.1 Service unavailable - try again later\""));
            BOOST_TEST(rig.decisions().back().decided_by == (first_refuses ? "a" : "b"));
        }
}

BOOST_AUTO_TEST_CASE(when_the_time_is_over_all_that_were_asked_have_failed_267) {
    together rig(3);
    rig.config.command_budget = 5s;
    for (std::size_t k = 0; k < 3; ++k) rig.config.milters[k].on_error = manager::on_error::accept;
    rig.config.milters[2].concurrent = false;
    rig.begin();
    rig.filter(0).on("mail", silence(), once);
    rig.filter(1).on("mail", silence(), once);
    BOOST_TEST(rig.send(sender) ==
               "reply \"451 4.3.2 Mail filtering takes too long - try again later\"");
    BOOST_TEST(rig.blamed("a"));
    BOOST_TEST(rig.blamed("b"));
    BOOST_TEST(!rig.blamed("c"));
}

BOOST_AUTO_TEST_CASE(one_that_joins_late_is_told_what_it_missed_while_others_think) {
    together rig(2);
    rig.filter(1).arrivals = {scripted_filter::arrival::refused};
    rig.begin();
    for (auto const* stage : {"connect", "helo", "mail"})
        rig.filter(1).on(stage, say(wire::proceed{}).after(100ms));
    rig.filter(0).on("mail", say(wire::proceed{}).after(300ms));
    BOOST_TEST((rig.time_of(sender) == 300ms));
    BOOST_TEST(rig.heard == "continue");
    BOOST_TEST(seen(rig, 1) == "| connect helo mail");
}

BOOST_AUTO_TEST_CASE(a_client_refused_when_told_again_counts_in_order) {
    for (bool const first_refuses : {false, true}) BOOST_TEST_CONTEXT(first_refuses) {
            together rig(2);
            rig.filter(1).arrivals = {scripted_filter::arrival::refused};
            rig.begin();
            rig.filter(0).on(
                "mail",
                (first_refuses ? say_text("450 4.2.1 sender") : say(wire::proceed{})).after(1s),
                once);
            rig.filter(1).on("connect", say_text("550 5.7.1 client"), once);
            BOOST_TEST(rig.send(sender) == (first_refuses ? "reply \"450 4.2.1 sender\""
                                                          : "reply \"550 5.7.1 client\""));
        }
}

BOOST_AUTO_TEST_SUITE_END()
