// SPDX-License-Identifier: BSL-1.0
// tests/manager/late_join_session.cpp - milters that join late: the next message, the next client, negotiation, limits
//
// Of two milters or three the second joins late. Source: protocol.md 9.8; statements 221, 262.

#include "late_join_fixture.hpp"

using namespace late_join_test;

namespace {

/// The second milter applies to what this sender writes, as MAIL tells.
struct by_sender : manager::selection {
    applicability of(std::size_t milter, manager::facts const& known) const noexcept override {
        if (milter != 1) return yes;
        if (!known.sender) return undecided;
        return known.sender->address == "<its@client.test>" ? yes : no;
    }
};

/// It applies when the second recipient is known.
struct with_two_recipients : manager::selection {
    applicability of(std::size_t milter, manager::facts const& known) const noexcept override {
        auto const count = known.recipients.size() + (known.recipient ? 1U : 0U);
        return milter != 1 || count >= 2 ? yes : undecided;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(late_join_session)

// ---- the next message

BOOST_AUTO_TEST_CASE(milter_of_a_message_is_idle_behind_it_and_told_nothing_twice) {
    joining rig(code::mail);
    rig.config.selection = std::make_shared<by_sender>();
    rig.begin();
    BOOST_TEST(rig.whole_message() == list(5, "continue"), per_element);
    BOOST_TEST(rig.second().connections() == 0U);
    BOOST_TEST(rig.whole_message("<its@client.test>") == list(5, "continue"), per_element);
    std::string const message =
        "mail rcpt rcpt data header header header end_of_headers body end_of_message";
    BOOST_TEST(rig.second().story() == "connect helo " + message);
    rig.send(wire::unknown{"FOO"});
    rig.send(wire::helo{"again.test"});
    BOOST_TEST(rig.whole_message() == list(5, "continue"), per_element);
    BOOST_TEST(rig.second().story() == "connect helo " + message);
    BOOST_TEST(rig.whole_message("<its@client.test>") == list(5, "continue"), per_element);
    BOOST_TEST(rig.second().story() == "connect helo " + message + " helo " + message);
    BOOST_TEST(rig.whole_message("<its@client.test>") == list(5, "continue"), per_element);
    BOOST_TEST(rig.second().story() ==
               "connect helo " + message + " helo " + message + " " + message);
    BOOST_TEST(rig.second().connections() == 1U);
    BOOST_TEST(rig.filter(2).judged().size() == 5U);
}

BOOST_AUTO_TEST_CASE(milter_that_joins_late_in_each_message_is_told_each_on_one_connection_262) {
    for (auto const stage : late_stages) BOOST_TEST_CONTEXT(wire::name_of(stage)) {
            joining rig(stage);
            rig.begin();
            for (auto const* sender : {"<1@client.test>", "<2@client.test>", "<3@client.test>"}) {
                BOOST_TEST(rig.whole_message(sender) == list(5, "continue"), per_element);
                BOOST_TEST(rig.second().message().sender == sender);
                BOOST_TEST((rig.second().judged().back() == rig.filter(0).judged().back()));
            }
            BOOST_TEST(rig.second().story() == rig.filter(0).story());
            BOOST_TEST(rig.second().connections() == 1U);
        }
}

BOOST_AUTO_TEST_CASE(milter_of_a_client_stays_for_the_session) {
    for (auto const stage : {code::connect, code::helo}) BOOST_TEST_CONTEXT(wire::name_of(stage)) {
            joining rig(stage);
            rig.begin();
            rig.whole_message();
            rig.send(wire::unknown{"FOO"});
            rig.send(wire::helo{"again.test"});
            rig.whole_message();
            BOOST_TEST(rig.second().story() == rig.filter(0).story());
        }
}

BOOST_AUTO_TEST_CASE(connection_that_was_lost_while_idle_is_made_anew_and_costs_nothing) {
    joining rig(code::mail);
    rig.config.selection = std::make_shared<by_sender>();
    rig.second().on("end_of_message", say(wire::proceed{}).then(then_close().after(1s)), once);
    rig.begin();
    BOOST_TEST(rig.whole_message("<its@client.test>") == list(5, "continue"), per_element);
    rig.pass(5s);
    BOOST_TEST(rig.whole_message() == list(5, "continue"), per_element);
    BOOST_TEST(rig.second().connections() == 1U);
    BOOST_TEST(rig.whole_message("<its@client.test>") == list(5, "continue"), per_element);
    BOOST_TEST(rig.second().connections() == 2U);
    BOOST_TEST(rig.second().judged().size() == 2U);
}

BOOST_AUTO_TEST_CASE(message_broken_off_while_it_joins_is_over_for_it) {
    for (auto const stage : late_stages)
        for (std::string const told : {"negotiate", "connect", "mail", "rcpt"})
            BOOST_TEST_CONTEXT(wire::name_of(stage) << ", " << told) {
                joining rig(stage);
                rig.settings_of_second().on_error = on_error::accept;
                rig.config.command_budget = 1s;
                rig.config.end_of_message_budget = 1s;
                rig.second().on(told,
                                told == "negotiate"
                                    ? say(proto::to_reply(rig.second().wants)).after(3s)
                                    : say(wire::proceed{}).after(3s),
                                once);
                rig.begin();
                rig.whole_message();
                rig.send(wire::abort{});
                rig.config.command_budget.reset();
                rig.whole_message();
                BOOST_TEST(rig.second().judged().size() == 1U);
                rig.send(wire::quit{});
            }
}

// ---- verdicts that come when the MTA asks for something else

BOOST_AUTO_TEST_CASE(refusal_told_again_that_comes_behind_its_command_holds_for_the_message) {
    for (bool const unknown_first : {false, true}) {
        joining rig(code::rcpt);
        rig.config.selection = std::make_shared<with_two_recipients>();
        rig.settings_of_second().parallel_rcpt = true;
        rig.filter(0).on("rcpt \"<two", say(wire::reject{}).after(1s));
        rig.second().on("mail", say_text("550 5.7.1 late").after(2s), once);
        rig.begin();
        rig.send(wire::mail{"<a@client.test>", {}});
        BOOST_TEST(rig.rcpt("<one@mx.test>") == "continue");
        BOOST_TEST(rig.rcpt("<two@mx.test>") == "reject");
        rig.pass(3s);
        if (unknown_first) BOOST_TEST(rig.send(wire::unknown{"FOO"}) == "continue");
        BOOST_TEST(rig.rcpt("<three@mx.test>") == "reply \"550 5.7.1 late\"");
        BOOST_TEST(rig.send(wire::data{}) == "reply \"550 5.7.1 late\"");
        rig.send(wire::abort{});
        BOOST_TEST(rig.send(wire::mail{"<a@client.test>", {}}) == "continue");
    }
}

BOOST_AUTO_TEST_CASE(refusal_of_the_client_is_not_lost_when_an_earlier_milter_refuses_meanwhile) {
    manager_rig rig(2);
    rig.config.milters[1].concurrent = true;
    rig.filter(1).on("helo", then_close(), once);
    rig.filter(1).on("connect", say(wire::proceed{}), once);
    rig.filter(1).on("connect", say_text("550 5.7.1 not you"));
    rig.filter(0).on("mail", say(wire::reject{}).after(1s), once);
    rig.begin();
    BOOST_TEST(rig.send(wire::mail{"<a@client.test>", {}}) == "reject");
    BOOST_TEST(rig.send(wire::mail{"<a@client.test>", {}}) == "reply \"550 5.7.1 not you\"");
}

// ---- negotiation, the next client, limits

BOOST_AUTO_TEST_CASE(who_may_join_late_keeps_all_that_it_may_want_221) {
    for (auto const answer : {yes, no}) {
        joining rig(code::rcpt);
        rig.config.selection = std::make_shared<staged_selection>(std::vector<staged_choice>{
            {}, {answer == yes ? code::rcpt : code::negotiate, answer}, {}});
        for (auto const k : {0U, 2U}) rig.filter(k).wants.actions = wire::action::none;
        rig.begin();
        auto const all = wire::action::all & ~wire::action::set_macro_list;
        BOOST_TEST((rig.mta.agreed().actions == (answer == yes ? all : wire::action::none)));
        bool const hears_of_rejected = wire::any(rig.mta.agreed().steps, wire::step::rejected_rcpt);
        BOOST_TEST(hears_of_rejected == (answer == yes));
    }
}

BOOST_AUTO_TEST_CASE(edits_of_who_joined_late_reach_the_mta) {
    for (auto const stage : late_stages) {
        joining rig(stage);
        for (auto const k : {0U, 2U}) rig.filter(k).wants.actions = wire::action::none;
        rig.second().on("end_of_message", say(wire::add_header{"X-B", "1"}, wire::proceed{}));
        rig.begin();
        BOOST_TEST(rig.whole_message().back() == R"(add_header "X-B" " 1"; continue)");
    }
}

BOOST_AUTO_TEST_CASE(next_client_is_asked_about_anew) {
    struct by_client : manager::selection {
        applicability of(std::size_t milter, manager::facts const& known) const noexcept override {
            if (milter != 1) return yes;
            if (!known.client) return undecided;
            return known.client->address == "192.0.2.1" ? yes : no;
        }
    };
    joining rig(code::connect);
    rig.config.selection = std::make_shared<by_client>();
    auto const client = [&](std::string_view address) {
        rig.send(wire::connect{"client.test", wire::family::inet, 1025, address});
        rig.send(wire::helo{"client.test"});
        rig.whole_message();
        rig.send(wire::quit_new_connection{});
    };
    rig.negotiate();
    client("192.0.2.2");
    BOOST_TEST(rig.second().connections() == 0U);
    client("192.0.2.1");
    BOOST_TEST(rig.second().connections() == 1U);
    client("192.0.2.2");
    BOOST_TEST(rig.second().connections() == 1U);
    BOOST_TEST(rig.second().story().ends_with("end_of_message quit"));
    client("192.0.2.1");
    BOOST_TEST(rig.second().connections() == 2U);
    BOOST_TEST(rig.filter(0).judged().size() == 4U);
}

BOOST_AUTO_TEST_CASE(what_is_kept_for_it_is_bounded) {
    std::string const large = "<" + std::string(60'000, 'r') + "@mx.test>";
    auto const recipients_taken = [&](code stage) {
        joining rig(stage, yes, 2);
        rig.mta.macros.clear(); // which are kept, too
        rig.begin();
        rig.send(wire::mail{"<a@client.test>", {}});
        for (int i = 0; i < 400; ++i) {
            auto const heard = rig.send(wire::rcpt{large, {}});
            if (heard == "continue") continue;
            BOOST_TEST(heard == "reply \"451 4.3.0 Mail filtering failed - try again later\"");
            BOOST_TEST(rig.send(wire::data{}) == heard);
            BOOST_TEST(rig.logged("manager: more than 16777216 bytes of recipients"));
            return i;
        }
        return 400;
    };
    BOOST_TEST(recipients_taken(code::data) == 279);
    BOOST_TEST(recipients_taken(code::mail) == 400);
}

BOOST_AUTO_TEST_CASE(many_recipients_are_told_no_faster_than_they_are_read) {
    for (bool const reads : {true, false})
        for (auto const stage : {code::data, code::end_of_message})
            BOOST_TEST_CONTEXT("reads " << reads << ", " << wire::name_of(stage)) {
                joining rig(stage, yes, 2);
                rig.second().wants.steps = wire::step::nr_rcpt;
                rig.begin();
                rig.whole_message();
                rig.second().reads = reads;
                rig.send(wire::mail{"<a@client.test>", {}});
                std::string const large = "<" + std::string(60'000, 'r') + "@mx.test>";
                for (int i = 0; i < 50; ++i) BOOST_TEST(rig.rcpt(large) == "continue");
                auto heard = rig.send(wire::data{});
                bool const of_data = stage == code::data && !reads;
                BOOST_TEST(heard == (of_data ? verdict_of(on_error::tempfail) : "continue"));
                if (!of_data) rig.content();
                if (!of_data) heard = rig.end();
                BOOST_TEST(heard.ends_with(reads ? "continue" : verdict_of(on_error::tempfail)));
                if (reads) BOOST_TEST(rig.second().message().recipients.size() == 50U);
                BOOST_TEST(rig.second().waiting() < 400'000U);
            }
}

BOOST_AUTO_TEST_SUITE_END()
