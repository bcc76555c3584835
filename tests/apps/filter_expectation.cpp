// SPDX-License-Identifier: BSL-1.0
// tests/apps/filter_expectation.cpp - expectations on the MTA, faults by a seed, styles, recordings
#include "cli/corpus_file.hpp"
#include "programs_fixture.hpp"
#include "test-filter/expectation.hpp"
#include "test-filter/fault_schedule.hpp"
#include "test-filter/script_toml.hpp"
#include "test-filter/style.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <vector>

using namespace milter::test_filter;
using namespace programs_test;
namespace wire = milter::wire;
using code = wire::command_code;

namespace {

std::string problem_of(std::string_view text) {
    try {
        parse_expectation(text, false);
    } catch (script_error const& why) {
        return why.what();
    }
    return {};
}

struct watched {
    std::vector<expectation> wanted;
    seen state;
    milter::proto::macro_store macros;

    std::vector<std::string> after(std::vector<std::string> const& recipients) {
        expectation_watch watch(wanted);
        state.message = 1;
        for (auto const& one : recipients) {
            state.recipients.push_back(one);
            watch.command(code::rcpt, state, macros);
        }
        return watch.unmet();
    }
};

using lines = std::vector<std::string>;

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_filter_expectation, programs_fixture)

BOOST_AUTO_TEST_CASE(each_command_of_a_stage_meets_the_condition_and_one_comes) {
    watched one{{parse_expectation("rcpt=rcpt~@example.org", false)}, {}, {}};
    BOOST_TEST(one.after({"<a@example.org>", "<b@example.org>"}) == lines{},
               boost::test_tools::per_element());
    one.state = {};
    auto const broken = one.after({"<a@example.org>", "<b@example.com>", "<c@example.com>"});
    BOOST_TEST(broken ==
                   lines{"expected rcpt=rcpt~@example.org; 2 of 3 commands did otherwise, the "
                         "first: session 1, message 1, rcpt"},
               boost::test_tools::per_element());
    one.state = {};
    BOOST_TEST(one.after({}) == lines{"expected rcpt=rcpt~@example.org; no such command came"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_never_to_come_may_be_absent) {
    watched one{{parse_expectation("rcpt=rcpt=bob@example.org", true)}, {}, {}};
    BOOST_TEST(one.after({}).empty());
    BOOST_TEST(one.after({"<al@example.org>"}).empty());
    BOOST_TEST(one.after({"<bob@example.org>"}).size() == 1u);
    watched all{{parse_expectation("data", true)}, {}, {}};
    BOOST_TEST(all.after({"<bob@example.org>"}).empty());
}

BOOST_AUTO_TEST_CASE(expectation_that_cannot_be_read_is_told) {
    BOOST_TEST(problem_of("rcpt").empty());
    BOOST_TEST(problem_of("recipients=rcpt=a").find("unknown stage") != std::string::npos);
    BOOST_TEST(problem_of("rcpt=colour=a").find("unknown condition \"colour\"") == 0u);
}

BOOST_AUTO_TEST_CASE(faults_are_those_of_the_seed) {
    fault_schedule one;
    read_fault_rate("10%,42", one);
    one.kinds = usual_faults();
    auto const chosen = [&](fault_schedule const& from) {
        std::vector<action const*> all;
        for (std::size_t session = 1; session <= 100; ++session)
            for (std::size_t command = 0; command < 10; ++command)
                all.push_back(from.at(session, command));
        return all;
    };
    auto const first = chosen(one);
    BOOST_TEST((chosen(one) == first));
    auto const faults =
        std::count_if(first.begin(), first.end(), [](auto* fault) { return fault; });
    BOOST_TEST(faults > 60); // 100 on the average
    BOOST_TEST(faults < 140);
    std::set<action const*> const kinds(first.begin(), first.end());
    BOOST_TEST(kinds.size() == one.kinds.size() + 1); // and none
    auto other = one;
    other.seed = 43;
    BOOST_TEST((chosen(other) != first));
    one.rate = 1;
    BOOST_TEST(one.at(1, 0) != nullptr);
    one.rate = 0;
    BOOST_TEST(one.at(1, 0) == nullptr);
    BOOST_CHECK_THROW(read_fault_rate("2", one), script_error);
    BOOST_CHECK_THROW(read_fault_rate("1%,x", one), script_error);
}

BOOST_AUTO_TEST_CASE(script_has_expectations_and_faults) {
    auto const plan = parse_script(R"([[expect]]
on = "rcpt"
that = ["macro:{rcpt_addr}", "rcpt~@example.org"]
[[expect]]
on = "unknown"
never = true
[faults]
rate = "1%"
seed = 7
kinds = ["close", "delay 2s"]
)",
                                   "s.toml");
    BOOST_TEST_REQUIRE(plan.expected.size() == 2u);
    BOOST_TEST(plan.expected[0].text == "rcpt=macro:{rcpt_addr}, rcpt~@example.org");
    BOOST_TEST(plan.expected[0].that.size() == 2u);
    BOOST_TEST(plan.expected[1].never);
    BOOST_TEST(plan.faults.rate == 0.01);
    BOOST_TEST(plan.faults.seed == 7u);
    BOOST_TEST(plan.faults.kinds.size() == 2u);
}

BOOST_AUTO_TEST_CASE(styles_negotiate_as_the_milters_they_are_named_after) {
    for (auto const& style : filter_styles()) {
        start({"--as", std::string(style.name), "--sessions", "1"});
        meets({"--expect", "pass|accept"});
        BOOST_TEST(filter->wait() == 0, style.name);
        auto const out = filter->out();
        auto const said = "version=" + std::to_string(style.version) +
                          " actions=" + to_string(style.actions) +
                          " steps=" + to_string(style.steps);
        BOOST_TEST(contains(out, said), style.name << ": " << out);
    }
    BOOST_TEST(run_filter({"-s", socket, "--as", "exim"}).exit_code == 2);
}

BOOST_AUTO_TEST_CASE(exit_status_tells_whether_the_mta_did_as_expected) {
    start({"--sessions", "1", "--expect", "connect=macro:j", "--expect", "rcpt=rcpt=b@test",
           "--expect-never", "unknown"});
    meets({"-r", "b@test"});
    BOOST_TEST(filter->wait() == 0, filter->err());
    start({"--sessions", "1", "--expect", "connect=macro:j", "--expect", "rcpt=rcpt=b@test"});
    meets({"-r", "c@test"});
    BOOST_TEST(filter->wait() == 1);
    BOOST_TEST(contains(filter->err(), "milter-test-filter: expected rcpt=rcpt=b@test; 1 of 1 "
                                       "commands did otherwise, the first: session 1, message 1, "
                                       "rcpt\n"));
}

BOOST_AUTO_TEST_CASE(faults_break_sessions_and_are_repeated_by_their_seed) {
    auto const outcome = [&] {
        start({"--faults", "30%,5", "--fault", "close"});
        std::string all;
        for (int i = 0; i < 8; ++i) all += std::to_string(server({}).exit_code);
        filter->stop();
        return all;
    };
    auto const first = outcome();
    BOOST_TEST(first.find('1') != first.npos, first);
    BOOST_TEST(outcome() == first);
}

BOOST_AUTO_TEST_CASE(options_of_the_older_client_are_refused_with_what_does_it_here) {
    auto const daemon = run_filter({"-s", socket, "--daemon", "--n-workers=2"});
    BOOST_TEST(daemon.exit_code == 2);
    BOOST_TEST(daemon.err ==
               "milter-test-filter: --daemon: it stays in the foreground; in the background: "
               "milter-test-filter ... &, or systemd-run\n"
               "milter-test-filter: --n-workers=2: nothing of that kind is to be set: leave it "
               "out\n");
    auto const wrong = run_filter({"-s", socket, "--deamon"});
    BOOST_TEST(wrong.exit_code == 2);
    BOOST_TEST(contains(wrong.err, "--deamon"));
    BOOST_TEST(contains(wrong.err, "Run with --help"));
}

BOOST_AUTO_TEST_CASE(sessions_are_recorded_as_a_corpus) {
    auto const file = dir / "seen.jsonl";
    start({"--record", file, "--sessions", "2", "--on", "rcpt=reply 550 5.1.1 no", "--when",
           "rcpt=b@test"});
    meets({"-r", "b@test", "-r", "c@test"});
    meets({"--quit-after", "helo"});
    BOOST_TEST(filter->wait() == 0, filter->err());
    std::vector<milter::corpus::conversation> talks;
    milter::cli::corpus_events events;
    events.header = [](milter::corpus::corpus_header const& header) {
        BOOST_TEST(header.creator.starts_with("milter-test-filter "));
    };
    events.conversation = [&](milter::corpus::conversation&& talk) {
        talks.push_back(std::move(talk));
    };
    events.problem = [](std::string const& problem) { BOOST_ERROR(problem); };
    milter::cli::read_corpus(file, events);
    BOOST_TEST_REQUIRE(talks.size() == 2u);
    std::string story;
    for (auto const& event : talks[0].events)
        if (event.kind == milter::corpus::event_kind::packet && event.code != 'D')
            story += static_cast<char>(event.code);
    BOOST_TEST(story == "OOCcHcMcRyRcTcLcLcNcBcEcAAQ");
    BOOST_TEST((talks[0].state == milter::corpus::completeness::complete), talks[0].why);
    BOOST_TEST(talks[0].mta.name == "Postfix");
    BOOST_TEST(talks[1].began.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
