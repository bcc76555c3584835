// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_rules_simulate.cpp - `rules coverage` and `rules simulate`, on made-up and on real conversations
#include "manager/rules/coverage_verb.hpp"
#include "manager/rules/simulate_verb.hpp"
#include "manager_rules_fixture.hpp"

using namespace manager_rules_test;

namespace {

std::string conversation(std::string const& id, std::string const& filter,
                         std::string const& events) {
    return R"({"id":")" + id + R"(","session":"s","filter":")" + filter + R"(","events":[)" +
           R"({"t":0,"mta":"negotiate","version":6,"actions":"0x1ff","steps":"0x1fffff"},)"
           R"({"t":0,"filter":"negotiate","version":6,"actions":"0x1ff","steps":"0x0"},)"
           R"({"t":0,"mta":"connect","hostname":"mx.test","family":"inet","port":1025,"address":"203.0.113.9"},{"t":0,"filter":"continue"},)"
           R"({"t":0,"mta":"helo","name":"mx.test"},{"t":0,"filter":"continue"})" +
           events + "]}\n";
}

/// @param verdict  at its end
std::string message(std::string const& sender, std::string const& recipient,
                    std::string const& verdict) {
    return R"(,{"t":0,"mta":"mail","address":"<)" + sender +
           R"(>","args":[]},{"t":0,"filter":"continue"},{"t":0,"mta":"rcpt","address":"<)" +
           recipient +
           R"(>","args":[]},{"t":0,"filter":"continue"},{"t":0,"mta":"data"},{"t":0,"filter":"continue"},)"
           R"({"t":0,"mta":"header","name":"Subject","value":"offer"},{"t":0,"filter":"continue"},{"t":0,"mta":"end_of_headers"},{"t":0,"filter":"continue"},)"
           R"({"t":0,"mta":"body","bytes":"hello\r\n"},{"t":0,"filter":"continue"},{"t":0,"mta":"end_of_message"},{"t":0,"filter":")" +
           verdict + R"("})";
}

/// One session with two milters and two messages.
std::string some_corpus() {
    auto const seen_by = [](std::string const& first, std::string const& second) {
        return message("a@x.example", "b@y.example", first) +
               message("a@bad.example", "news@y.example", second);
    };
    return conversation("1", "spf", seen_by("accept", "continue")) +
           conversation("2", "scan", seen_by("continue", "reject"));
}

struct simulate_fixture : rules_fixture {
    simulate_fixture() {
        configure();
        request.corpora = {dir.write("c.jsonl", some_corpus())};
    }

    manager::rules_answer simulate(std::string_view more, std::string_view rules = some_rules) {
        request.new_file = dir.write("new.toml", std::string(rules) + std::string(more));
        return manager::simulate_rules(request);
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_manager_rules_simulate, simulate_fixture)

BOOST_AUTO_TEST_CASE(nothing_changes_with_the_same_rules) {
    auto const done = simulate("");
    BOOST_TEST(done.status == 0, done.err);
    BOOST_TEST(done.out == "0 of 2 messages change\n");
}

BOOST_AUTO_TEST_CASE(messages_that_change_are_listed_with_what_is_known_of_verdicts) {
    auto const done = simulate("[[milter]]\nname = \"av\"\nsocket = \"unix:/nowhere/av.sock\"\n"
                               "when = 'sender.domain == \"x.example\"'\n");
    BOOST_TEST(done.status == 1);
    BOOST_TEST(done.out == "1 of 2 messages changes\n"
                           "  1 message: av runs now (a new milter)\n\n" +
                               request.corpora[0] +
                               ": conversation 1, message 1: mx.test [203.0.113.9], <a@x.example>\n"
                               "  - av runs now (a new milter)\n"
                               "  now: milters spf (accept), scan (continue); rules say none\n"
                               "  new: milters spf (accept), scan (continue), av (unknown, replay "
                               "needed); rules say none\n");
}

BOOST_AUTO_TEST_CASE(size_of_a_message_is_with_all_line_ends) {
    std::string const size = std::to_string(std::string("Subject: offer\r\n\r\nhello\r\n").size());
    auto const done =
        simulate("[[rule]]\nname = \"size\"\nwhen = 'message.size >= " + size +
                 "B and message.size <= " + size + "B'\ntempfail = \"451 4.7.1 x\"\n");
    BOOST_TEST(contains(done.out, "1 of 2 messages changes\n"), done.out + done.err);
}

BOOST_AUTO_TEST_CASE(verdicts_of_rules_change_messages) {
    auto const done =
        simulate("[[rule]]\nname = \"offers\"\nwhen = 'any(header(\"Subject\") == \"offer\")'\n"
                 "tempfail = \"451 4.7.1 later\"\n");
    BOOST_TEST(done.status == 1);
    BOOST_TEST(contains(done.out,
                        "  new: milters spf (accept), scan (continue); rules say tempfail "
                        "\"451 4.7.1 later\" by rule \"offers\"\n"),
               done.out);
    BOOST_TEST(done.out.starts_with("1 of 2 messages changes\n" // the other is refused before
                                    "  1 message: rules say tempfail \"451 4.7.1 later\" instead "
                                    "of none (rule \"offers\")\n"),
               done.out);
}

BOOST_AUTO_TEST_CASE(rules_see_what_recorded_milters_said) {
    auto const rule = std::string("[[rule]]\nname = \"r\"\nreject = \"550 5.7.1 no\"\nwhen = "
                                  "'milter(\"spf\").verdict == \"accept\"'\n");
    auto const known = simulate(rule);
    BOOST_TEST(contains(known.out, "rules say reject \"550 5.7.1 no\" by rule \"r\""), known.out);
    request.corpora = {dir.write(
        "c.jsonl", conversation("2", "scan", message("a@x.example", "b@y.example", "continue")))};
    auto const unknown = simulate(rule);
    BOOST_TEST(unknown.status == 0);
    BOOST_TEST(unknown.out == "0 of 1 message change, 1 is not known\n"
                              "not known\n  1 message: the verdict of the rules\n");
}

BOOST_AUTO_TEST_CASE(lists_are_unknown_until_somebody_says_who_is_in) {
    auto const rule = std::string("[dnsbl.\"bl.example\"]\n[[rule]]\nname = \"r\"\nreject = \"550 "
                                  "5.7.1 no\"\nwhen = 'dnsbl(\"bl.example\")'\n");
    auto const unknown = simulate(rule);
    BOOST_TEST(unknown.out.starts_with(
                   "Who is in bl.example is not known; --listed ZONE=IP,IP says it.\n"),
               unknown.out);
    BOOST_TEST(contains(unknown.out, "0 of 2 messages change, 1 is not known\n"), unknown.out);
    request.listed = {"bl.example=203.0.113.9,2001:db8::1"};
    BOOST_TEST(contains(simulate(rule).out, "rules say reject"));
    request.listed = {"bl.example=192.0.2.1"};
    BOOST_TEST(simulate(rule).out == "0 of 2 messages change\n");
    request.listed = {"bl.exampel=192.0.2.1"};
    BOOST_TEST(simulate(rule).status == 64);
    request.listed = {"bl.example=192.0.2"};
    BOOST_TEST(contains(simulate(rule).err, "\"192.0.2\" is no IP address"));
}

BOOST_AUTO_TEST_CASE(changes_as_json) {
    request.json = true;
    auto const done = simulate(
        "[[rule]]\nname = \"r\"\nwhen = 'sender.domain == \"x.example\"'\nskip = [\"scan\"]\n");
    std::string const what = R"(scan does not run any more (rule \"r\"))";
    BOOST_TEST(
        done.out ==
        R"({"messages":2,"kinds":[{"what":")" + what +
            R"(","messages":1}],"kinds_not_known":[],"changed":[{"file":")" + request.corpora[0] +
            R"(","conversation":"1","message":1,"whole":true,"client":"mx.test [203.0.113.9]","sender":"<a@x.example>",)"
            R"("changes":[")" +
            what +
            R"("],"not_known":[],)"
            R"("now":{"milters":[{"name":"spf","runs":true,"verdict":"accept"},{"name":"scan","runs":true,"verdict":"continue"}],"verdict":"none","rules":[],"tags":[]},)"
            R"("new":{"milters":[{"name":"spf","runs":true,"verdict":"accept"}],"verdict":"none","rules":["r"],"tags":[]}}],"not_known":[],"unknown_lists":[]})"
            "\n");
}

BOOST_AUTO_TEST_CASE(milters_that_are_evaluated_instead_change_messages) {
    auto const by_rule = simulate("[[rule]]\nname = \"try\"\nwhen = 'sender.domain == "
                                  "\"x.example\"'\nevaluate = [\"spf\"]\n");
    BOOST_TEST(by_rule.status == 1);
    BOOST_TEST(
        contains(by_rule.out, "  1 message: spf: evaluated instead of enforced (rule \"try\")\n"),
        by_rule.out);
    BOOST_TEST(contains(by_rule.out, "  new: milters spf (evaluated; accept), scan (continue); "),
               by_rule.out);
    std::string rules(some_rules);
    rules.replace(rules.find("when = 'not local'"), 18, "mode = \"evaluate\"");
    auto const by_mode = simulate("", rules);
    BOOST_TEST(
        contains(by_mode.out, "  2 messages: spf: evaluated instead of enforced (its mode)\n"),
        by_mode.out);
}

BOOST_AUTO_TEST_CASE(what_rules_set_changes_messages) {
    std::string const when = "[[rule]]\nname = \"r\"\nwhen = 'sender.domain == \"x.example\"'\n";
    struct {
        std::string does;
        std::string what;
    } const rows[] = {
        {"tag = \"mark\"\n", "tag mark"},
        {"macros = { \"{x}\" = \"yes\" }\nmilters = [\"scan\"]\n",
         "macro {x} of scan: \"yes\" instead of that of the MTA"},
        {"default_macros = { \"{x}\" = \"yes\" }\nmilters = [\"spf\"]\n",
         "macro {x} of spf: \"yes\" instead of that of the MTA"},
        {"timeout = { content = \"5s\" }\nmilters = [\"scan\"]\n",
         "timeout content of scan: 5s instead of 1m"},
    };
    for (auto const& row : rows) {
        auto const done = simulate(when + row.does);
        BOOST_TEST(done.status == 1);
        BOOST_TEST(done.out.starts_with("1 of 2 messages changes\n  1 message: " + row.what +
                                        " (rule \"r\")\n"),
                   done.out);
    }
}

BOOST_AUTO_TEST_CASE(rule_that_is_gone_is_named_as_the_cause) {
    std::string rules(some_rules);
    rules.erase(rules.find("[[rule]]\nname = \"news\""),
                rules.find("[[rule]]\nname = \"blocked\"") -
                    rules.find("[[rule]]\nname = \"news\""));
    request.corpora = {dir.write(
        "c.jsonl", conversation("1", "spf", message("a@x.example", "news@y.example", "accept")))};
    auto const done = simulate("", rules);
    BOOST_TEST(done.out.starts_with("1 of 1 message changes\n"
                                    "  1 message: scan runs now (rule \"news\" no more)\n"
                                    "  1 message: no tag newsletter (rule \"news\" no more)\n"),
               done.out);
}

BOOST_AUTO_TEST_CASE(listener_is_called_as_the_configuration_spells_it) {
    std::string rules(some_rules);
    rules.replace(rules.find("unix:/nowhere/m.sock"), 20, "inet:20025@127.0.0.1");
    configure({}, rules);
    auto const done = simulate("[[rule]]\nname = \"in\"\nskip = [\"scan\"]\n"
                               "when = 'listener == \"inet:20025@127.0.0.1\"'\n",
                               rules);
    BOOST_TEST(done.out.starts_with("1 of 2 messages changes\n"
                                    "  1 message: scan does not run any more (rule \"in\")\n"),
               done.out);
}

BOOST_AUTO_TEST_CASE(some_messages_are_shown_and_all_if_wanted) {
    std::string many;
    for (int i = 0; i < 25; ++i) many += message("a@x.example", "b@y.example", "continue");
    request.corpora = {dir.write("c.jsonl", conversation("1", "spf", many))};
    auto const rule = "[[rule]]\nname = \"r\"\nwhen = 'sender.domain == \"x.example\"'\ntag = "
                      "\"t\"\n";
    auto const some = simulate(rule);
    BOOST_TEST(some.out.starts_with("25 of 25 messages change\n  25 messages: tag t (rule "),
               some.out);
    BOOST_TEST(some.out.ends_with("5 messages more; --all shows them\n"), some.out);
    BOOST_TEST(!contains(some.out, "message 21:"));
    request.all = true;
    BOOST_TEST(contains(simulate(rule).out, "message 25:"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_told) {
    request.corpora = {dir / "none.jsonl"};
    auto const none = simulate("");
    BOOST_TEST(none.status == 66);
    BOOST_TEST(none.out == "");
    BOOST_TEST(manager::show_coverage(request).out == "");
    request.corpora = {dir.write("log", "{\"time\":\"x\",\"event\":\"decision\"}\n"
                                        "{\"time\":\"x\",\"event\":\"decision\"}\n")};
    auto const log = simulate("");
    BOOST_TEST(log.status == 65);
    BOOST_TEST(log.out == "");
    BOOST_TEST(log.err == "milter-manager: " + request.corpora[0] +
                              " is a decision log; recorded conversations are wanted, as "
                              "milter-replay import makes them\n");
    request.corpora = {dir.write("empty.jsonl", "")};
    BOOST_TEST(contains(simulate("").err, "there is no message in the recorded conversations"));
    request.corpora = {dir.write("bad.jsonl", "{\"id\":\"1\"}\n")};
    auto const bad = simulate("");
    BOOST_TEST(bad.status == 65);
    BOOST_TEST(contains(bad.err, "bad.jsonl:1: /events: expected an array"), bad.err);
    BOOST_TEST(simulate("[[rule]]\n").status == 78);
}

BOOST_AUTO_TEST_CASE(real_conversations_go_through) {
    for (auto const* const mta : {"postfix", "sendmail"})
        for (auto const* const name : {"chain", "content", "edit", "failure", "session", "stage"})
            request.corpora.push_back(std::string(MILTER_SOURCE_DIR "/corpora/") + mta + '/' +
                                      name + ".jsonl");
    auto const same = simulate("");
    BOOST_TEST(same.status == 0, same.err);
    auto const other = simulate(
        "[[rule]]\nname = \"r\"\nskip = [\"scan\"]\nwhen = 'client.address in \"127.0.0.0/8\"'\n");
    BOOST_TEST(other.status == 1);
    BOOST_TEST(
        contains(other.out,
                 "<alice@sender.test>\n  - scan does not run any more (rule \"r\")\n  now: milters "
                 "spf (unknown, replay needed), scan (unknown, "
                 "replay needed); "
                 "rules say none\n  new: milters spf (unknown, replay needed); rules say none\n"),
        other.out.substr(0, 2000));
}

BOOST_AUTO_TEST_CASE(coverage_counts_tests_and_messages) {
    std::string const one_test =
        "[[test]]\nname = \"t\"\ngiven = { client = \"10.0.0.1\", sender = \"a@x.example\" }\n"
        "expect = { not_milters = [\"spf\"] }\n";
    configure(one_test);
    auto const done = manager::show_coverage(request);
    BOOST_TEST(done.status == 0, done.err);
    BOOST_TEST(done.out == "                      true      false  undecided\n"
                           "condition local          1          2          0\n"
                           "rule \"news\"              0          2          1\n"
                           "rule \"blocked\"           1          2          0\n"
                           "milter spf               2          1          0\n"
                           "never true: rule \"news\"\n"
                           "1 test, 2 messages\n");
    request.corpora.clear();
    configure();
    auto const nothing = manager::show_coverage(request);
    BOOST_TEST(nothing.status == 66);
    BOOST_TEST(contains(nothing.err, "nothing to count: the configuration has no [[test]]"));
    configure(one_test);
    request.json = true;
    BOOST_TEST(contains(
        manager::show_coverage(request).out,
        R"("never_true":["rule \"news\"","rule \"blocked\"","milter spf"],"never_false":["condition local"])"));
}

BOOST_AUTO_TEST_SUITE_END()
