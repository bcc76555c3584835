// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_rules_check.cpp - `rules check` and `rules test`
#include "manager/rules/check_verb.hpp"
#include "manager/rules/ready_rules.hpp"
#include "manager/rules/test_verb.hpp"
#include "manager_rules_fixture.hpp"

using namespace manager_rules_test;

namespace {

constexpr std::string_view good_test = R"([[test]]
name = "newsletters are not scanned"
given = { client = "203.0.113.9", sender = "a@example.com", recipients = ["news@example.org"] }
expect = { milters = ["spf"], tags = ["newsletter"] }
)";

constexpr std::string_view bad_test = R"([[test]]
name = "local mail"
given = { client = "10.1.2.3", sender = "a@example.com", recipients = ["b@example.org"] }
expect = { milters = ["spf", "scan"], conditions = { local = false } }
)";

/// The machine is not asked: an empty one would be called.
milter::manager::machine any_machine() {
    return {[](std::string const&) { return true; }, [](std::string const&) { return 0; },
            [](milter::message::spool_options const&) { return 0; }};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_manager_rules_check, rules_fixture)

BOOST_AUTO_TEST_CASE(overview_says_who_is_asked_when_and_at_what_cost) {
    auto const rules = manager::rules_in(some_rules, "m.toml");
    BOOST_REQUIRE(rules.settings);
    BOOST_TEST(manager::overview(*rules.settings) ==
               "milters, in the order in which they are asked\n"
               "  1 spf\n"
               "      when     not local\n"
               "      decided  at connect\n"
               "      costs    needs: connect\n"
               "  2 scan\n"
               "      rule     \"news\" skips it: any(recipient.local == \"news\")\n"
               "      decided  from rcpt when false, at data at the latest\n"
               "      costs    needs: rcpt\n"
               "rules\n"
               "  \"news\"\n"
               "      when     any(recipient.local == \"news\")\n"
               "      does     skips scan; tag newsletter\n"
               "      decided  from rcpt when true, at data at the latest\n"
               "  \"blocked\"\n"
               "      when     sender.domain == \"bad.example\"\n"
               "      does     reject \"550 5.7.1 go away\"\n"
               "      decided  at mail\n"
               "commands that the MTA is asked for\n"
               "      always   connect, helo, mail, rcpt, header, end_of_message\n"
               "      rules    data\n"
               "      milters  end_of_headers, body, unknown: not known of spf, scan when the MTA "
               "asks, so all of them\n");
}

BOOST_AUTO_TEST_CASE(commands_are_asked_for_by_rules_and_by_milters) {
    std::string const listen = "[[listen]]\nsocket = \"unix:/x\"\n";
    std::string const milters = "[[milter]]\nname = \"a\"\nsocket = \"unix:/a\"\n"
                                "when = 'listener == \"unix:/x\"'\n"
                                "[[milter]]\nname = \"b\"\nsocket = \"unix:/b\"\n";
    std::string const head = "commands that the MTA is asked for\n"
                             "      always   connect, helo, mail, rcpt, header, end_of_message\n";
    std::string const late = "when the MTA asks, so all of them\n";
    struct {
        std::string more;
        std::string asked;
    } const rows[] = {
        {"", "      milters  data, end_of_headers, body, unknown: what one of them wants\n"},
        {"[[rule]]\nname = \"r\"\nwhen = 'body.size > 1MiB and has_header(\"A\")'\ntag = \"t\"\n",
         "      rules    end_of_headers, body\n"
         "      milters  data, unknown: what one of them wants\n"},
        {"mode = \"evaluate\"\n",
         "      milters  data, end_of_headers, body, unknown: not known of b " + late},
        {"share = \"5%\"\n",
         "      milters  data, end_of_headers, body, unknown: not known of b " + late},
        {"enabled = false\nwhen = 'sender.null'\n",
         "      milters  data, end_of_headers, body, unknown: what one of them wants\n"},
        {"[[rule]]\nname = \"r\"\nwhen = 'sender.null'\naccept = true\n",
         "      milters  data, end_of_headers, body, unknown: not known of a, b " + late},
    };
    for (auto const& row : rows) BOOST_TEST_CONTEXT(row.more) {
            auto const rules = manager::rules_in(listen + milters + row.more, "m.toml");
            BOOST_REQUIRE(rules.settings);
            auto const text = manager::overview(*rules.settings);
            BOOST_TEST(text.ends_with(head + row.asked), text);
        }
}

BOOST_AUTO_TEST_CASE(who_asks_about_another_comes_after_it) {
    auto const rules = manager::rules_in("[[listen]]\nsocket = \"unix:/x\"\n"
                                         "[[milter]]\nname = \"a\"\nsocket = \"unix:/a\"\n"
                                         "when = 'milter(\"b\").ran'\n"
                                         "[[milter]]\nname = \"b\"\nsocket = \"unix:/b\"\n",
                                         "m.toml");
    BOOST_REQUIRE(rules.settings);
    auto const text = manager::overview(*rules.settings);
    BOOST_TEST(contains(text, "  1 b\n      always   runs for all mail\n  2 a\n"), text);
    BOOST_TEST(contains(text, "      after    b\n"), text);
}

BOOST_AUTO_TEST_CASE(profiles_say_whose_mail_goes_through_a_milter) {
    auto const rules =
        manager::rules_in("[[listen]]\nsocket = \"unix:/x\"\nprofile = \"in\"\n"
                          "[profile.in]\nmilters = [\"b\", \"a\"]\n"
                          "[profile.out]\nmilters = [\"b\"]\n"
                          "[[milter]]\nname = \"a\"\nsocket = \"unix:/a\"\nwhen = 'helo == \"x\"'\n"
                          "[[milter]]\nname = \"b\"\nsocket = \"unix:/b\"\n"
                          "[[milter]]\nname = \"c\"\nsocket = \"unix:/c\"\n",
                          "m.toml");
    BOOST_REQUIRE(rules.settings);
    auto const text = manager::overview(*rules.settings);
    BOOST_TEST(contains(text, "  1 a\n      profiles in\n      when     helo == \"x\"\n"), text);
    BOOST_TEST(contains(text, "  2 b\n      profiles in, out\n      always   runs for all mail of "
                              "these\n"
                              "  3 c\n      profiles none: it is not asked\n"
                              "profiles, with their milters in the order in which they are asked\n"
                              "  in: b, a\n  out: b\n"),
               text);
}

BOOST_AUTO_TEST_CASE(check_tells_tests_and_its_status) {
    configure(good_test);
    auto const good = manager::check_rules(request, any_machine());
    BOOST_TEST(good.status == 0, good.err);
    BOOST_TEST(good.out.ends_with("\n1 test, it passes\n"), good.out);
    configure(std::string(good_test) + std::string(bad_test));
    auto const bad = manager::check_rules(request, any_machine());
    BOOST_TEST(bad.status == 1);
    BOOST_TEST(contains(bad.out, "fails: \"local mail\""), bad.out);
    BOOST_TEST(bad.out.ends_with("1 of 2 tests fails\n"), bad.out);
    configure("[[rule]]\nname = \"x\"\nwhen = 'helo =='\ntag = \"x\"\n");
    auto const wrong = manager::check_rules(request, any_machine());
    BOOST_TEST(wrong.status == 78);
    BOOST_TEST(contains(wrong.err, "m.toml:"), wrong.err);
}

BOOST_AUTO_TEST_CASE(check_tells_where_rules_change_the_order) {
    configure("[[rule]]\nname = \"scanned\"\nwhen = 'milter(\"scan\").failed'\nskip = [\"spf\"]\n");
    auto const done = manager::check_rules(request, any_machine());
    BOOST_TEST(contains(done.out, "note: milters are asked in another order than they are written: "
                                  "scan, spf\n"),
               done.out);
    BOOST_TEST(
        contains(done.out, "  spf comes after scan, about which the rule \"scanned\" asks\n"),
        done.out);
    BOOST_TEST(done.err == "");
}

BOOST_AUTO_TEST_CASE(check_as_json) {
    configure(good_test);
    request.json = true;
    auto const done = manager::check_rules(request, any_machine());
    BOOST_TEST(contains(done.out,
                        R"({"name":"spf","enabled":true,"when":"not local","rules":[],)"
                        R"("decided":{"from":"connect","by":"connect","text":"at connect"},)"
                        R"("needs":{"stages":["connect"],"macros":[]},"after":[]})"),
               done.out);
    BOOST_TEST(
        contains(
            done.out,
            R"("commands":{"always":["connect","helo","mail","rcpt","header","end_of_message"],)"
            R"("rules":["data"],"milters":["end_of_headers","body","unknown"],)"
            R"("late":["spf","scan"]})"),
        done.out);
    BOOST_TEST(contains(done.out, R"("tests":{"count":1,"failed":0}})"), done.out);
}

BOOST_AUTO_TEST_CASE(failing_test_is_told_with_reasons) {
    configure(bad_test);
    auto const done = manager::test_rules(request);
    BOOST_TEST(done.status == 1);
    BOOST_TEST(
        done.out ==
        request.config_file +
            ":26: fails: \"local mail\"\n"
            "  milters: expected spf, scan, got scan\n"
            "  conditions.local: expected false, got true\n"
            "    milter spf does not run, decided at connect\n"
            "      not known yet at start; false at connect\n"
            "      when\n"
            "        false: not local\n"
            "          true: local\n"
            "            true: client.address in \"10.0.0.0/8\" (client.address = 10.1.2.3)\n"
            "    condition local\n"
            "      true: client.address in \"10.0.0.0/8\" (client.address = 10.1.2.3)\n"
            "1 of 1 test fails\n");
}

BOOST_AUTO_TEST_CASE(tests_are_chosen_by_their_names) {
    configure(std::string(good_test) + std::string(bad_test));
    request.filter = "newsletter";
    request.verbose = true;
    auto const done = manager::test_rules(request);
    BOOST_TEST(done.status == 0);
    BOOST_TEST(done.out == request.config_file + ":26: passes: \"newsletters are not scanned\"\n"
                                                 "1 test, it passes\n");
    request.json = true;
    BOOST_TEST(contains(manager::test_rules(request).out, R"("passed":true}],"failed":0})"));
    request.filter = "nothing of this kind";
    request.json = false;
    auto const none = manager::test_rules(request);
    BOOST_TEST(none.status == 66);
    BOOST_TEST(none.err ==
               "milter-manager: no test has \"nothing of this kind\" in its name; rules "
               "test -v lists all 2\n");
    configure();
    request.filter.clear();
    BOOST_TEST(manager::test_rules(request).out == "no tests\n");
}

BOOST_AUTO_TEST_SUITE_END()
