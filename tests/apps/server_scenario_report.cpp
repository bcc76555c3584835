// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_scenario_report.cpp - what is told of scenarios: to people, and as JSON, JUnit and TAP
#include "test-server/scenario/scenario_report.hpp"

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace milter::test_server;
using namespace std::chrono_literals;

played_scenario played(std::string title, std::vector<step_finding> findings) {
    played_scenario one;
    one.file = title + ".toml";
    one.wanted.title = std::move(title);
    scenario_step step;
    step.what = step_kind::mail;
    step.text = "alice@example.com";
    step.at = {one.file, 7, 1};
    one.wanted.steps.push_back(step);
    step_result result;
    result.outcome.given.reply = "550 5.7.1 no";
    result.outcome.given.what = status::reject;
    result.outcome.given.stage = milter::wire::command_code::mail;
    result.outcome.took = 2ms;
    result.findings = std::move(findings);
    one.result.steps.push_back(std::move(result));
    one.result.took = 1500ms;
    return one;
}

played_scenario broken(std::string file, std::string why) {
    played_scenario one;
    one.file = std::move(file);
    one.broken = std::move(why);
    return one;
}

std::vector<played_scenario> four() {
    auto nobody = played("down", {});
    nobody.result.steps.clear();
    nobody.result.unreachable = "cannot connect to unix:/x: no";
    return {played("good", {}),
            played("bad", {{"pass", "reject", false}, {"", "not said: x", false}}),
            broken("odd.toml", "odd.toml:1:1: one\nodd.toml:2:1: two"), nobody};
}

constexpr char const* hostile = "a<b>&\"'\n\x1b[31m\xff]]>\xef\xbf\xbf\\";

boost::property_tree::ptree xml_of(std::string const& text) {
    std::istringstream in(text);
    boost::property_tree::ptree tree;
    boost::property_tree::read_xml(in, tree);
    return tree;
}

} // namespace

BOOST_AUTO_TEST_SUITE(apps_server_scenario_report)

BOOST_AUTO_TEST_CASE(text_has_a_line_for_each_scenario_and_each_finding) {
    auto const all = four();
    BOOST_TEST(report_text(all[0], false, false) == "ok      good  1.500 s\n");
    BOOST_TEST(report_text(all[1], false, false) ==
               "FAILED  bad  1.500 s\n"
               "        bad.toml:7: mail alice@example.com: expected pass; found: reject\n"
               "        bad.toml:7: mail alice@example.com: not said: x\n");
    BOOST_TEST(report_text(all[2], false, false) == "FAILED  odd.toml  0.000 s\n"
                                                    "        odd.toml:1:1: one\n"
                                                    "        odd.toml:2:1: two\n");
    BOOST_TEST(report_text(all[3], false, false) ==
               "FAILED  down  1.500 s\n"
               "        down.toml: cannot connect to unix:/x: no\n");
    BOOST_TEST(report_text(all[0], true, true) ==
               "\x1b[32mok\x1b[0m      good  1.500 s\n"
               "        good.toml:7: mail alice@example.com -> reject \"550 5.7.1 no\"\n");
    BOOST_TEST(summary_text(all) == "4 scenarios: 1 passed, 1 failed, 2 could not be played");
    BOOST_TEST(summary_text({all[0]}) == "1 scenario: 1 passed, 0 failed");
}

BOOST_AUTO_TEST_CASE(json_has_all_of_it) {
    auto const report = nlohmann::json::parse(report_json(four(), "unix:/x"));
    BOOST_TEST(report["schema"] == "milter-scenarios/v1");
    BOOST_TEST(report["milter"] == "unix:/x");
    BOOST_TEST(report["passed"] == 1);
    BOOST_TEST(report["failed"] == 1);
    BOOST_TEST(report["not_played"] == 2);
    auto const& scenarios = report["scenarios"];
    BOOST_REQUIRE_EQUAL(scenarios.size(), 4u);
    BOOST_TEST(scenarios[0]["passed"] == true);
    BOOST_TEST(scenarios[0]["error"].is_null());
    BOOST_TEST(scenarios[0]["seconds"] == 1.5);
    auto const& step = scenarios[1]["steps"][0];
    BOOST_TEST(step["step"] == "mail");
    BOOST_TEST(step["file"] == "bad.toml");
    BOOST_TEST(step["line"] == 7);
    BOOST_TEST(step["said"] == true);
    BOOST_TEST(step["sent"] == true);
    BOOST_TEST(step["status"] == "reject");
    BOOST_TEST(step["stage"] == "mail");
    BOOST_TEST(step["reply"] == "550 5.7.1 no");
    BOOST_TEST(step["unmet"][0]["expected"] == "pass");
    BOOST_TEST(step["unmet"][1]["found"] == "not said: x");
    BOOST_TEST(!step["unmet"][1].contains("expected")); // nothing was
    BOOST_TEST(scenarios[2]["error"] == "odd.toml:1:1: one\nodd.toml:2:1: two");
    BOOST_TEST(scenarios[3]["error"] == "cannot connect to unix:/x: no");
}

BOOST_AUTO_TEST_CASE(junit_has_a_case_for_each_with_failures_and_errors) {
    auto const suite = xml_of(report_junit(four())).get_child("testsuite");
    BOOST_TEST(suite.get<int>("<xmlattr>.tests") == 4);
    BOOST_TEST(suite.get<int>("<xmlattr>.failures") == 1);
    BOOST_TEST(suite.get<int>("<xmlattr>.errors") == 2);
    std::vector<boost::property_tree::ptree> cases;
    for (auto const& [name, node] : suite)
        if (name == "testcase") cases.push_back(node);
    BOOST_REQUIRE_EQUAL(cases.size(), 4u);
    BOOST_TEST(cases[0].get<std::string>("<xmlattr>.name") == "good");
    BOOST_TEST(cases[0].get<std::string>("<xmlattr>.classname") == "good.toml");
    BOOST_TEST(cases[0].get<double>("<xmlattr>.time") == 1.5);
    BOOST_TEST(cases[0].count("failure") == 0u);
    BOOST_TEST(cases[1].get<std::string>("failure.<xmlattr>.message") ==
               "bad.toml:7: mail alice@example.com: expected pass; found: reject");
    BOOST_TEST(cases[1].get<std::string>("failure").find("not said: x\n") != std::string::npos);
    BOOST_TEST(cases[2].get<std::string>("error.<xmlattr>.message") == "odd.toml:1:1: one");
    BOOST_TEST(cases[3].count("error") == 1u);
}

BOOST_AUTO_TEST_CASE(tap_has_a_line_for_each_and_remarks) {
    BOOST_TEST(report_tap(four()) ==
               "TAP version 13\n1..4\n"
               "ok 1 - good\n"
               "not ok 2 - bad\n"
               "# bad.toml:7: mail alice@example.com: expected pass; found: reject\n"
               "# bad.toml:7: mail alice@example.com: not said: x\n"
               "not ok 3 - odd.toml\n"
               "# odd.toml:1:1: one\n"
               "# odd.toml:2:1: two\n"
               "not ok 4 - down\n"
               "# down.toml: cannot connect to unix:/x: no");
    BOOST_TEST(report_tap({played("no # SKIP", {})}) == "TAP version 13\n1..1\nok 1 - no   SKIP");
}

BOOST_AUTO_TEST_CASE(hostile_texts_break_no_report) {
    std::vector<played_scenario> all{played(hostile, {{hostile, hostile, false}}),
                                     broken(hostile, hostile)};
    all.front().wanted.steps.front().text = hostile;
    all.front().result.steps.front().outcome.given.reply = hostile;
    std::string const shown = R"(a<b>&"'\n\x1b[31m\xff]]>\xef\xbf\xbf\\)";
    auto const suite = xml_of(report_junit(all)).get_child("testsuite");
    BOOST_TEST(suite.get<std::string>("testcase.<xmlattr>.name") == shown);
    BOOST_TEST(suite.get<std::string>("testcase.failure")
                   .ends_with("expected " + shown + "; found: " + shown + "\n"));
    auto const report = nlohmann::json::parse(report_json(all, "unix:/x"));
    BOOST_TEST(report["scenarios"][0]["title"].contains("base64"));
    auto const is_plain = [](std::string const& text) {
        return text.find_first_of("\x1b\xff") == std::string::npos;
    };
    BOOST_TEST(is_plain(report_text(all[0], true, false)));
    BOOST_TEST(is_plain(report_text(all[1], true, false)));
    BOOST_TEST(is_plain(report_tap(all)));
    BOOST_TEST(is_plain(report_junit(all)));
}

BOOST_AUTO_TEST_SUITE_END()
