// SPDX-License-Identifier: BSL-1.0
// tests/manager/control_json.cpp - requests of the control socket, good, bad and forbidden

#include "manager/config/control_json.hpp"

#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

using namespace milter::manager;
using namespace std::chrono_literals;
using json = nlohmann::json;

namespace {

constexpr control_peer root{0, true};
constexpr control_peer guest{1234, false};

/// A manager that notes what it is told.
struct fixture {
    reload_outcome reload_gives;
    std::vector<std::string> told;
    control_actions actions{
        [this] {
            told.emplace_back("status");
            status_report report;
            report.version = "1.2";
            report.pid = 7;
            report.now = report.started + 61s;
            report.listeners = {{"unix:/l", "inbound", 5, 2, true, false},
                                {"unix:/m", "", 0, 0, false, false}};
            report.milters = {{"a",
                               {{"unix:/a", "up", {}, ""}, {"unix:/b", "down", 871ms, "no one"}},
                               true,
                               "100%",
                               3,
                               1,
                               "gone\x1b",
                               {},
                               4,
                               10,
                               false,
                               {}},
                              {"b",
                               {{"unix:/c", "untried", {}, ""}},
                               true,
                               "5%",
                               0,
                               0,
                               "",
                               {},
                               0,
                               200,
                               true,
                               {9, 8, 7, 6, 5}}};
            report.lists = {
                {"zen.example.org", "dnsbl", "down", 871ms, 9, 4, 2, 3, 4, "no answer"}};
            report.answers = {5, 100, 1};
            report.sets = {{"partners", "domains", "file", "sets/p.txt", 7, {}, "gone"},
                           {"own", "addresses", "list", "", 1, {}, ""}};
            report.memory = 1024;
            report.memory_limit = 4096;
            report.evaluation_memory = 512;
            report.evaluation_memory_limit = 2048;
            report.messages = {1, 2, 3, 4, 5, 6, 7};
            return report;
        },
        [this](control_peer const& by) {
            told.push_back("reload by " + std::to_string(by.uid));
            return reload_gives;
        },
        [this](control_peer const& by, std::optional<milter::proto::duration> patience) {
            told.push_back("drain by " + std::to_string(by.uid));
            return drain_outcome{3, patience.value_or(30s)};
        }};

    control_answer ask(std::string_view line, control_peer const& peer = root) const {
        return answer_control(line, peer, actions);
    }
    json answer(std::string_view line, control_peer const& peer = root) const {
        return json::parse(ask(line, peer).line);
    }
    std::string refusal(std::string_view line, control_peer const& peer = root) const {
        auto const said = answer(line, peer);
        BOOST_TEST(said["ok"] == false);
        return said["reason"].get<std::string>() + ": " + said["error"].get<std::string>();
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(control_requests, fixture)

BOOST_AUTO_TEST_CASE(status_has_everything) {
    auto const said = answer(R"({"command":"status"})");
    BOOST_TEST(said["ok"] == true);
    BOOST_TEST(said["version"] == "1.2");
    BOOST_TEST(said["pid"] == 7);
    BOOST_TEST(said["state"] == "running");
    BOOST_TEST(said["uptime"] == 61);
    BOOST_TEST(!said.contains("last_reload"));
    BOOST_TEST(said["listeners"][0] ==
               json::parse(R"({"address":"unix:/l","profile":"inbound","accepted":5,"sessions":2,)"
                           R"("inherited":true})"));
    BOOST_TEST(!said["listeners"][1].contains("profile"));
    BOOST_TEST(said["messages"]["reject"] == 2);
    BOOST_TEST(said["milters"][1]["evaluation"] ==
               json::parse(R"({"messages":9,"compared":8,"differing":7,"failed":6,"dropped":5})"));
    auto const& milter = said["milters"][0];
    BOOST_TEST(milter["sockets"] == json::parse(R"(["unix:/a","unix:/b"])"));
    BOOST_TEST(milter["endpoints"] ==
               json::parse(R"([{"socket":"unix:/a","state":"up"},{"socket":"unix:/b",)"
                           R"("state":"down","retry_in_ms":871,"last_error":"no one"}])"));
    BOOST_TEST(milter["mode"] == "enforce");
    BOOST_TEST(milter["share"] == "100%");
    BOOST_TEST(said["milters"][1]["mode"] == "evaluate");
    BOOST_TEST(said["milters"][1]["share"] == "5%");
    BOOST_TEST(milter["messages"] == 3);
    BOOST_TEST(milter["failures"] == 1);
    BOOST_TEST(milter["sessions"] == 4);
    BOOST_TEST(milter["max_sessions"] == 10);
    BOOST_TEST(said["memory"] == json::parse(R"({"now":1024,"limit":4096})"));
    BOOST_TEST(said["evaluation_memory"] == json::parse(R"({"now":512,"limit":2048})"));
    BOOST_TEST(milter["last_problem"]["text"] == "gone\x1b");
    BOOST_TEST(said["lists"] ==
               json::parse(R"([{"zone":"zen.example.org","kind":"dnsbl","state":"down","asked":9,)"
                           R"("cached":4,"listed":2,"not_listed":3,"failed":4,"retry_in_ms":871,)"
                           R"("last_error":"no answer"}])"));
    BOOST_TEST(said["list_answers"] == json::parse(R"({"kept":5,"limit":100,"questions":1})"));
    BOOST_TEST(said["sets"] ==
               json::parse(R"([{"name":"partners","kind":"domains","source":"file",)"
                           R"("file":"sets/p.txt","entries":7,"read":"1970-01-01T00:00:00.000Z",)"
                           R"("last_error":"gone"},{"name":"own","kind":"addresses",)"
                           R"("source":"list","entries":1,"read":"1970-01-01T00:00:00.000Z"}])"));
}

BOOST_AUTO_TEST_CASE(an_answer_is_one_line) {
    for (auto const* line : {R"({"command":"status"})", R"({"command":"a\nb"})", "\n"})
        BOOST_TEST(ask(line).line.find_first_of("\n\r\x1b") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(reload_tells_its_problems) {
    reload_gives.problems = {"m:1:1: warning: x"};
    reload_gives.file = "/etc/m";
    auto said = answer(R"({"command":"reload"})");
    BOOST_TEST(said["ok"] == true);
    BOOST_TEST(said["problems"] == json::parse(R"(["m:1:1: warning: x"])"));
    BOOST_TEST(said["configuration"] == "/etc/m");
    reload_gives = {control_refusal::configuration, "m has errors", {"m:2:3: y\n  hint"}, {}};
    said = answer(R"({"command":"reload"})");
    BOOST_TEST(said["ok"] == false);
    BOOST_TEST(said["reason"] == "configuration");
    BOOST_TEST(said["error"] == "m has errors");
    BOOST_TEST(said["problems"][0] == "m:2:3: y\n  hint");
    BOOST_TEST(told == (std::vector<std::string>{"reload by 0", "reload by 0"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(drain_has_a_time_and_may_be_waited_for) {
    auto const plain = ask(R"({"command":"drain"})");
    BOOST_TEST(json::parse(plain.line) ==
               json::parse(R"({"ok":true,"sessions":3,"timeout":"30s"})"));
    BOOST_TEST(!plain.waits);
    auto const waiting = ask(R"({"command":"drain","timeout":"90s","wait":true})");
    BOOST_TEST(json::parse(waiting.line)["timeout"] == "90s");
    BOOST_TEST((waiting.waits == 90s));
    BOOST_TEST(!ask(R"({"command":"drain","wait":false})").waits);
    BOOST_TEST(json::parse(stopped_line(2)) ==
               json::parse(R"({"ok":true,"state":"stopped","cut_off":2})"));
}

BOOST_AUTO_TEST_CASE(others_may_only_ask_how_it_is) {
    BOOST_TEST(answer(R"({"command":"status"})", guest)["ok"] == true);
    for (auto const* line : {R"({"command":"reload"})", R"({"command":"drain"})"})
        BOOST_TEST(refusal(line, guest) == "permission: user 1234 may only ask for the status");
    BOOST_TEST(told == std::vector<std::string>{"status"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_no_request_is_answered_and_changes_nothing) {
    struct {
        std::string line, error;
    } const rows[] = {
        {"", "not a JSON object in one line"},
        {"{", "not a JSON object in one line"},
        {"[]", "not a JSON object in one line"},
        {"status", "not a JSON object in one line"},
        {"{\"command\":\"\xff\"}", "not a JSON object in one line"},
        {std::string(4000, '['), "not a JSON object in one line"},
        {std::string(4097, ' '), "longer than 4096 bytes"},
        {"{}", "no \"command\"; there are status, reload and drain"},
        {R"({"command":1})", "no \"command\"; there are status, reload and drain"},
        {R"({"command":"stop"})", "unknown command \"stop\"; there are status, reload and drain"},
        {R"({"command":"a\u001b"})",
         "unknown command \"a\\x1b\"; there are status, reload and drain"},
        {R"({"command":"status","wait":true})", "status has no \"wait\""},
        {R"({"command":"reload","file":"x"})", "reload has no \"file\""},
        {R"({"command":"drain","time":"1s"})", "drain has no \"time\""},
        {R"({"command":"drain","timeout":1})", "timeout is a text such as \"30s\""},
        {R"({"command":"drain","wait":"yes"})", "wait is true or false"},
    };
    for (auto const& row : rows) BOOST_TEST(refusal(row.line) == "request: " + row.error);
    for (auto const* time : {"2h", "-1s", "soon"}) {
        auto const line = R"({"command":"drain","timeout":")" + std::string(time) + "\"}";
        BOOST_TEST(refusal(line).substr(0, 18) == "request: timeout: ", line);
    }
    BOOST_TEST(told.empty());
}

BOOST_AUTO_TEST_SUITE_END()
