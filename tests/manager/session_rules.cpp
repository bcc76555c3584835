// SPDX-License-Identifier: BSL-1.0
// tests/manager/session_rules.cpp - who runs by rules, what they refuse, and what they say to milters and in the record
#include "ruled_fixture.hpp"

using namespace ruled_test;

BOOST_AUTO_TEST_SUITE(session_rules)

// ---- who runs

BOOST_AUTO_TEST_CASE(a_milter_that_is_ruled_out_at_connect_is_never_connected) {
    ruled rig;
    rig.when(1, "not private(client.address)");
    rig.make();
    BOOST_TEST(rig.connect("host.local", "10.0.0.1") == "continue");
    rig.helo();
    rig.mail();
    rig.rcpt("<b@mx.test>");
    rig.data();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).judged().size() == 1U);
    BOOST_TEST(rig.filter(1).connections() == 0U);
    BOOST_REQUIRE(rig.decisions().size() == 1U);
    auto const& record = rig.decisions()[0].milters[1];
    BOOST_TEST(record.verdict == "not asked");
    BOOST_TEST(record.reason == "its rules say no");
}

BOOST_AUTO_TEST_CASE(a_milter_whose_rule_is_true_at_connect_is_asked_from_there_on) {
    ruled rig;
    rig.when(1, "not private(client.address)");
    rig.make();
    rig.connect("host.test", "192.0.2.1");
    rig.helo();
    BOOST_TEST(rig.filter(1).story() == "connect helo");
}

BOOST_AUTO_TEST_CASE(a_milter_joined_at_rcpt_hears_all_that_it_missed) {
    ruled rig;
    rig.when(1, R"(any(recipient.domain in ["paid.test"]))");
    rig.make();
    rig.connect("host.test", "192.0.2.1");
    rig.helo();
    rig.mail();
    BOOST_TEST(rig.rcpt("<a@free.test>") == "continue");
    BOOST_TEST(rig.filter(1).connections() == 0U);
    BOOST_TEST(rig.rcpt("<b@paid.test>") == "continue");
    BOOST_TEST(rig.filter(1).story() == "connect helo mail rcpt rcpt");
    rig.data();
    BOOST_TEST(rig.message() == "continue");
    BOOST_REQUIRE(rig.filter(1).judged().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_recipient_that_a_milter_refuses_is_no_fact_for_those_behind_it) {
    ruled rig;
    rig.when(1, R"(any(recipient.local == "spamtrap"))");
    rig.make();
    rig.filter(0).on("rcpt \"<spamtrap", say(wire::reject{}));
    rig.connect("host.test", "192.0.2.1");
    rig.helo();
    rig.mail();
    BOOST_TEST(rig.rcpt("<spamtrap@mx.test>") == "reject");
    BOOST_TEST(rig.filter(1).connections() == 0U);
    BOOST_TEST(rig.rcpt("<b@mx.test>") == "continue");
    rig.data();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(1).connections() == 0U);
}

BOOST_AUTO_TEST_CASE(headers_and_sizes_decide_before_the_milter_is_shown_anything) {
    ruled rig(3);
    rig.when(0, R"(any(header("Subject") contains "hello"))");
    rig.when(1, R"(any(header("Subject") contains "goodbye"))");
    rig.when(2, "body.size > 1KiB");
    rig.make();
    rig.begin();
    rig.envelope();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).judged().size() == 1U);
    BOOST_TEST(rig.filter(1).connections() == 0U);
    BOOST_TEST(rig.filter(2).connections() == 0U);
    rig.envelope();
    BOOST_TEST(rig.message(rig.usual_headers(), std::string(2000, 'x')) == "continue");
    BOOST_REQUIRE(rig.filter(2).judged().size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_another_milter_said_decides_at_the_end) {
    ruled rig(3);
    rig.when(1, R"(milter("a").verdict == "accept")");
    rig.when(2, R"(any(added_header("a", "X-Score") contains "high"))");
    rig.make();
    rig.filter(0).on("end_of_message", say(wire::add_header{"X-Score", "high"}, wire::accept{}));
    rig.begin();
    rig.envelope();
    BOOST_TEST(rig.message() == "add_header \"X-Score\" \" high\"; continue");
    BOOST_TEST(rig.filter(1).judged().size() == 1U);
    BOOST_TEST(rig.filter(2).judged().size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_another_milter_did_not_say_leaves_out_those_who_ask_for_it) {
    ruled rig(3);
    rig.when(1, R"(milter("a").verdict == "accept")");
    rig.when(2, R"(any(added_header("a", "X-Score") contains "high"))");
    rig.make();
    rig.filter(0).on("end_of_message", say(wire::add_header{"X-Score", "low"}, wire::proceed{}));
    rig.begin();
    rig.envelope();
    BOOST_TEST(rig.message() == "add_header \"X-Score\" \" low\"; continue");
    BOOST_TEST(rig.filter(1).connections() == 0U);
    BOOST_TEST(rig.filter(2).connections() == 0U);
}

BOOST_AUTO_TEST_CASE(that_another_milter_does_not_run_decides_as_soon_as_it_is_known) {
    ruled rig(2);
    rig.when(0, R"(sender.domain == "other.test")");
    rig.when(1, R"(not milter("a").ran)");
    rig.make();
    rig.begin();
    BOOST_TEST(rig.filter(1).connections() == 0U);
    rig.mail();
    BOOST_TEST(rig.filter(1).story() == "connect helo mail");
}

BOOST_AUTO_TEST_CASE(a_milter_that_asks_about_another_comes_after_it) {
    ruled rig(3);
    rig.when(0, R"(milter("c").verdict == "accept")");
    rig.make();
    rig.filter(2).on("end_of_message", say(wire::accept{}));
    rig.begin();
    rig.envelope();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).judged().size() == 1U);
    auto const& milters = rig.decisions().at(0).milters;
    BOOST_TEST(milters[0].name + milters[1].name + milters[2].name == "cab");
}

BOOST_AUTO_TEST_CASE(each_message_and_each_helo_is_asked_anew) {
    ruled rig;
    rig.when(1, R"(sender.domain == "one.test")");
    rig.make();
    rig.begin();
    rig.mail("<a@one.test>");
    BOOST_TEST(rig.filter(1).connections() == 1U);
    rig.send(wire::abort{});
    rig.mail("<a@two.test>");
    rig.rcpt("<b@mx.test>");
    rig.data();
    rig.message();
    BOOST_TEST(rig.filter(1).judged().empty());
    rig.mail("<a@ONE.test.>");
    rig.rcpt("<b@mx.test>");
    rig.data();
    rig.message();
    BOOST_TEST(rig.filter(1).judged().size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_stays_unknown_runs_or_not_as_the_milter_says) {
    for (bool const runs : {true, false}) {
        ruled rig;
        rig.when(1, "declared_size > 1MiB", runs);
        rig.make();
        rig.begin();
        rig.envelope();
        rig.message();
        BOOST_TEST(rig.filter(1).judged().size() == (runs ? 1U : 0U));
    }
}

BOOST_AUTO_TEST_CASE(use_adds_skip_takes_away_and_accept_takes_all_away) {
    ruled rig(3);
    rig.rule("local is scanned by a", "private(client.address)").use = {"a"};
    rig.rule("newsletters are not", R"(sender.local == "news")").skip = {"a"};
    rig.rule("friends", R"(sender.domain == "friend.test")").verdict = verdict_kind::accept;
    rig.make();
    rig.connect("host.local", "10.0.0.1");
    rig.helo();
    struct {
        char const* sender;
        std::size_t a, b;
    } const rows[] = {{"<me@x.test>", 1, 1},
                      {"<news@x.test>", 1, 2},
                      {"<me@friend.test>", 1, 2},
                      {"<you@x.test>", 2, 3}};
    for (auto const& row : rows) {
        rig.mail(row.sender);
        rig.rcpt("<b@mx.test>");
        rig.data();
        BOOST_TEST(rig.message() == "continue");
        BOOST_TEST(rig.filter(0).judged().size() == row.a);
        BOOST_TEST(rig.filter(1).judged().size() == row.b);
    }
}

BOOST_AUTO_TEST_CASE(a_milter_evaluated_by_rule_is_heard_for_other_mail) {
    ruled rig(1);
    rig.rule("canary", R"(sender.domain == "try.test")").evaluate = {"a"};
    rig.make();
    rig.filter(0).on("end_of_message", say(wire::reject{}));
    rig.begin();
    rig.mail("<a@try.test>");
    rig.rcpt("<b@mx.test>");
    rig.data();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.evaluations().size() == 1U);
    BOOST_REQUIRE(rig.decisions().size() == 1U);
    BOOST_TEST(rig.decisions()[0].milters[0].verdict == "not asked");
    BOOST_TEST(rig.decisions()[0].milters[0].reason == "evaluated");
    rig.mail("<a@other.test>");
    rig.rcpt("<b@mx.test>");
    rig.data();
    BOOST_TEST(rig.message() == "reject");
}

BOOST_AUTO_TEST_CASE(a_milter_that_would_be_evaluated_and_does_not_apply_is_not_said_to_be) {
    ruled rig(1);
    rig.when(0, "sender.null");
    rig.rule("canary", R"(sender.domain == "try.test")").evaluate = {"a"};
    rig.make();
    rig.begin();
    rig.mail("<a@try.test>");
    rig.rcpt("<b@mx.test>");
    rig.data();
    BOOST_TEST(rig.message() == "continue");
    BOOST_REQUIRE(rig.decisions().size() == 1U);
    BOOST_TEST(rig.decisions()[0].milters[0].reason == "its rules say no");
}

// ---- what rules refuse

BOOST_AUTO_TEST_CASE(a_client_is_refused_at_connect_and_no_milter_hears_of_it) {
    ruled rig;
    rig.refusal("blocked", R"(client.address in "192.0.2.0/24")", "550 5.7.1 go away");
    rig.make();
    BOOST_TEST(rig.connect("host.test", "192.0.2.1") == "reply \"550 5.7.1 go away\"");
    BOOST_TEST(rig.filter(0).story() == "quit");
    BOOST_REQUIRE(rig.refusals().size() == 1U);
    BOOST_TEST(rig.refusals()[0].decided_by == "rule blocked");
    BOOST_TEST(rig.helo() == "continue");
    BOOST_TEST(rig.mail() == "reply \"550 5.7.1 go away\"");
}

BOOST_AUTO_TEST_CASE(a_message_is_refused_at_each_stage_at_which_that_is_certain) {
    struct {
        char const* when;
        char const* stage;
    } const rows[] = {
        {R"(sender.domain == "client.test")", "mail"},
        {R"(any(recipient.local == "b"))", "rcpt"},
        {"recipients.count == 1", "data"},
        {R"(has_header("Subject"))", "end_of_message"},
        {"body.size > 0B", "end_of_message"},
        {R"(milter("a").ran)", "end_of_message"},
    };
    for (auto const& row : rows) BOOST_TEST_CONTEXT(row.when) {
            ruled rig;
            rig.refusal("no", row.when, "450 4.7.1 later");
            rig.make();
            rig.begin();
            std::string answers = rig.mail();
            answers += ", " + rig.rcpt("<b@mx.test>");
            answers += ", " + rig.data();
            std::string const refused = "reply \"450 4.7.1 later\"";
            std::string expected;
            bool is_refused = false;
            for (std::string_view const stage : {"mail", "rcpt", "data"}) {
                is_refused = is_refused || stage == row.stage;
                (expected += expected.empty() ? "" : ", ") += is_refused ? refused : "continue";
            }
            BOOST_TEST(answers == expected);
            if (!is_refused) BOOST_TEST(rig.message() == refused);
            rig.send(wire::abort{});
            BOOST_REQUIRE(rig.decisions().size() == 1U);
            BOOST_TEST(rig.decisions()[0].decided_by == "rule no");
            BOOST_TEST(rig.decisions()[0].verdict == "tempfail");
        }
}

BOOST_AUTO_TEST_CASE(a_refusal_waits_for_a_rule_before_it_that_may_still_accept) {
    ruled rig;
    rig.rule("friends", R"(sender.domain == "friend.test")").verdict = verdict_kind::accept;
    rig.refusal("blocked", R"(client.address in "192.0.2.0/24")", "550 5.7.1 go away");
    rig.make();
    BOOST_TEST(rig.connect("host.test", "192.0.2.1") == "continue");
    rig.helo();
    BOOST_TEST(rig.mail("<a@friend.test>") == "continue");
    rig.send(wire::abort{});
    BOOST_TEST(rig.mail("<a@foe.test>") == "reply \"550 5.7.1 go away\"");
}

// ---- macros, times, records

BOOST_AUTO_TEST_CASE(macros_are_set_for_the_milters_that_are_named) {
    ruled rig(2);
    auto& trusted = rig.rule("trust", R"(sender.domain in ["gmail.test"])");
    trusted.milters = {"b"};
    trusted.set_macros = {{"{trusted_domain}", "yes"}};
    auto& compatible = rig.rule("compatible", "true");
    compatible.milters = {"b"};
    compatible.default_macros = {{"{if_addr}", "${daemon_addr}"}, {"{daemon_name}", "never"}};
    rig.make();
    rig.mta.macros[code::connect] = {{"{daemon_name}", "smtpd"}, {"{daemon_addr}", "198.51.100.1"}};
    rig.begin();
    rig.mail("<a@gmail.test>");
    auto const has = [&](std::size_t k, std::string_view part) {
        auto const& lines = rig.filter(k).lines();
        return std::any_of(lines.begin(), lines.end(),
                           [&](auto const& line) { return line.find(part) != line.npos; });
    };
    BOOST_TEST(has(1, "{trusted_domain}"));
    BOOST_TEST(has(1, "{if_addr}"));
    BOOST_TEST(has(1, "198.51.100.1"));
    BOOST_TEST(!has(1, "never"));
    BOOST_TEST(!has(0, "{trusted_domain}"));
    BOOST_TEST(!has(0, "{if_addr}"));
}

BOOST_AUTO_TEST_CASE(a_rule_gives_a_milter_more_time) {
    for (bool const more : {false, true}) {
        ruled rig(1);
        rig.config.end_of_message_budget = 200s;
        rig.config.milters[0].timeouts.end_of_message = 10s;
        rig.rule("large mail takes long", more ? "body.size > 1B" : "body.size > 1MiB")
            .timeouts.end_of_message = 60s;
        rig.make();
        rig.filter(0).on("end_of_message", say(wire::accept{}).after(30s));
        rig.begin();
        rig.envelope();
        auto const answer = rig.message();
        BOOST_TEST((answer.find("continue") != answer.npos ||
                    answer.find("accept") != answer.npos) == more);
    }
}

BOOST_AUTO_TEST_CASE(the_record_names_conditions_rules_and_tags_that_hold) {
    ruled rig(1);
    rig.condition("remote", "not private(client.address)");
    rig.condition("bounce", "sender.null");
    rig.rule("mark", "remote").tag = "outside";
    rig.rule("mark bounces", "bounce").tag = "bounce";
    rig.make();
    rig.begin();
    rig.envelope();
    rig.message();
    auto const& record = rig.decisions().at(0);
    BOOST_TEST(record.conditions == std::vector<std::string>{"remote"},
               boost::test_tools::per_element());
    BOOST_TEST(record.rules == std::vector<std::string>{"mark"}, boost::test_tools::per_element());
    BOOST_TEST(record.tags == std::vector<std::string>{"outside"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(
    of_rules_that_give_the_same_macro_the_last_one_counts_and_no_default_where_one_is_set) {
    ruled rig(1);
    rig.rule("first", "true").default_macros = {{"{x}", "first"}, {"{y}", "default"}};
    rig.rule("second", "true").default_macros = {{"{x}", "second"}};
    rig.rule("set", "true").set_macros = {{"{y}", "set"}};
    rig.rule("late", "true").default_macros = {{"{y}", "late"}};
    rig.make();
    rig.begin();
    rig.mail();
    auto const has = [&](std::string_view part) {
        auto const& lines = rig.filter(0).lines();
        return std::any_of(lines.begin(), lines.end(),
                           [&](auto const& line) { return line.find(part) != line.npos; });
    };
    BOOST_TEST(has("second"));
    BOOST_TEST(has("set"));
    for (auto const* other : {"first", "default", "late"}) BOOST_TEST(!has(other), other);
}

BOOST_AUTO_TEST_SUITE_END()
