// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_evaluate.cpp - milter-manager with a milter that is tried on real mail

#include "control_fixture.hpp"

#include <string>

using namespace manager_test;

namespace {

struct evaluate_fixture : control_fixture {
    /// Asked again until `done` of the status is true.
    template <class Condition> json status_when(Condition done) const {
        auto said = status();
        for (int i = 0; i < 1000 && !done(said); ++i) said = status();
        return said;
    }

    json evaluation() {
        manager->stop();
        auto const out = manager->out();
        auto const at = out.find(R"("event":"evaluation")");
        BOOST_TEST_REQUIRE(at != out.npos, out);
        auto const begin = out.rfind('\n', at) + 1; // npos + 1 is the beginning
        return json::parse(out.substr(begin, out.find('\n', at) - begin));
    }
};

bool has_differed(json const& status) {
    return status["milters"][1]["evaluation"]["differing"] == 1;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_manager_evaluate, evaluate_fixture)

BOOST_AUTO_TEST_CASE(verdict_comes_when_the_mta_has_gone_and_is_in_log_and_status) {
    filter("old", {"--add-header", "X-Old: yes"});
    filter("next", {"--on", "eom=progress 3 100ms", "--then", "reply 550 5.7.1 new rule"},
           "mode = \"evaluate\"");
    settings += "[limits]\nevaluation_memory = \"2MiB\"\n";
    start();
    meets({"--expect", "pass", "--expect-header", "X-Old: yes"});
    auto const said = status_when(has_differed);
    BOOST_TEST(has_differed(said), said.dump());
    BOOST_TEST(said["milters"][1]["evaluation"]["messages"] == 1);
    BOOST_TEST(said["milters"][1]["max_sessions"] == 200);
    BOOST_TEST(said["messages"]["accept"] == 1);
    BOOST_TEST(said["evaluation_memory"] == json::parse(R"({"now":0,"limit":2097152})"));
    auto const shown = verb({"status"}).out;
    BOOST_TEST(contains(shown, "of at most 256 MiB; for evaluation 0 B of at most 2 MiB\n"));
    BOOST_TEST(contains(shown,
                        "\nEVALUATED  SHARE  MESSAGES  COMPARED  DIFFERING  FAILED  DROPPED\n"
                        "next       100%   1         1         1          0       0\n"));
    BOOST_TEST(contains(shown, "0, evaluated 1  0 "), shown);
    auto const record = evaluation();
    BOOST_TEST(record["milter"] == "next");
    BOOST_TEST(record["agrees"] == false);
    BOOST_TEST(record["verdict"] == "reject");
    BOOST_TEST(record["text"] == "550 5.7.1 new rule");
    BOOST_TEST(record["enforced"]["verdict"] == "accept");
    BOOST_TEST(record["enforced"]["edit_count"] == 1);
}

BOOST_AUTO_TEST_CASE(milter_that_a_rule_has_evaluated_is_in_log_and_status) {
    filter("old", {});
    filter("next", {"--on", "eom=reply 550 5.7.1 new rule"});
    settings += "[[rule]]\nname = \"try\"\nwhen = 'not sender.null'\nevaluate = [\"next\"]\n";
    start();
    meets({"--expect", "pass"});
    auto const said = status_when(has_differed);
    BOOST_TEST(has_differed(said), said.dump());
    BOOST_TEST(said["milters"][1]["mode"] == "enforce");
    BOOST_TEST(said["milters"][1]["messages"] == 0);
    auto const shown = verb({"status"}).out;
    BOOST_TEST(contains(shown, "\nnext       100%   1         1         1          0       0\n"),
               shown);
    manager->stop();
    BOOST_TEST(contains(manager->out(),
                        R"({"name":"next","verdict":"not asked","reason":"evaluated","ms":0.0})"),
               manager->out());
}

BOOST_AUTO_TEST_CASE(milter_that_hangs_holds_up_nobody) {
    filter("old", {});
    filter("next", {"--on", "mail=silence"},
           "mode = \"evaluate\"\ntimeout = { command = \"50ms\" }\n");
    start();
    for (int i = 0; i < 5; ++i) meets({"--expect", "pass"});
    auto const said =
        status_when([](json const& now) { return now["milters"][1]["evaluation"]["failed"] == 5; });
    BOOST_TEST(said["milters"][1]["evaluation"]["failed"] == 5);
    BOOST_TEST(said["milters"][1]["evaluation"]["differing"] == 0);
    BOOST_TEST(said["sessions"]["now"] == 0);
    BOOST_TEST(!evaluation().contains("agrees"));
}

BOOST_AUTO_TEST_CASE(copy_at_work_is_no_session_and_its_end_is_that_of_the_manager) {
    filter("old", {});
    filter("next", {"--on", "mail=silence"},
           "mode = \"evaluate\"\ntimeout = { command = \"1h\" }\n");
    start();
    meets({"--expect", "pass"});
    auto const said = status_when([](json const& now) { return now["sessions"]["now"] == 0; });
    BOOST_TEST(said["sessions"]["now"] == 0);
    BOOST_TEST(said["milters"][1]["sessions"] == 1);
    BOOST_TEST(said["milters"][1]["evaluation"]["messages"] == 0);
    BOOST_TEST(said["evaluation_memory"]["now"].get<int>() > 0);
    BOOST_TEST(said["memory"]["now"] == 0);
    BOOST_TEST(verb({"drain", "--wait"}).exit_code == 0); // which does not wait for it
    BOOST_TEST(evaluation()["dropped"] == "the manager ended");
}

BOOST_AUTO_TEST_SUITE_END()
