// SPDX-License-Identifier: BSL-1.0
// tests/service/counters.cpp - what messages add up to, over threads and reloads

#include "manager/service/counters.hpp"

#include <boost/test/unit_test.hpp>

#include <thread>

using namespace milter::manager;

namespace {

std::vector<milter_config> named(std::initializer_list<char const*> names) {
    std::vector<milter_config> all;
    for (auto const* name : names) all.emplace_back().name = name;
    return all;
}

decision message(std::string verdict, std::string of_a, std::string of_b) {
    decision one;
    one.verdict = std::move(verdict);
    one.milters.resize(2);
    one.milters[0].name = "a";
    one.milters[0].verdict = std::move(of_a);
    one.milters[1].name = "b";
    one.milters[1].verdict = std::move(of_b);
    return one;
}

struct fixture {
    counters all;

    status_report of(std::initializer_list<char const*> names) const {
        status_report report;
        for (auto const* name : names) report.milters.emplace_back().name = name;
        all.fill(report);
        return report;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(counters_of_messages, fixture)

BOOST_AUTO_TEST_CASE(verdicts_and_milters_are_counted) {
    all.watch(named({"a", "b"}));
    all.count(message("accept", "continue", "accept"));
    all.count(message("reject", "reject", "not asked"));
    all.count(message("tempfail", "error", "not asked"));
    all.count(message("unheard of", "error", "continue"));
    auto const report = of({"a", "b", "c"});
    BOOST_TEST((report.messages == std::array<std::uint64_t, 7>{1, 1, 1, 0, 0, 0}));
    BOOST_TEST(report.milters[0].messages == 4u);
    BOOST_TEST(report.milters[0].failures == 2u);
    BOOST_TEST(report.milters[1].messages == 2u);
    BOOST_TEST(report.milters[1].failures == 0u);
    BOOST_TEST(report.milters[2].messages == 0u);
}

BOOST_AUTO_TEST_CASE(evaluations_are_counted_by_milter_and_not_as_messages) {
    all.watch(named({"a", "b"}));
    auto const evaluated = [](std::optional<bool> agrees, std::string verdict,
                              std::string dropped) {
        evaluation one;
        one.milter = "b";
        one.would.verdict = std::move(verdict);
        one.agrees = agrees;
        one.dropped = std::move(dropped);
        return one;
    };
    all.count(evaluated(true, "continue", ""));
    all.count(evaluated(false, "reject", ""));
    all.count(evaluated(std::nullopt, "error", ""));
    all.count(evaluated(std::nullopt, "no answer", "too far behind"));
    auto const report = of({"a", "b"});
    BOOST_TEST((report.messages == std::array<std::uint64_t, 7>{}));
    BOOST_TEST(report.milters[0].messages == 0u);
    BOOST_TEST(report.milters[1].messages == 0u);
    auto const& counts = report.milters[1].evaluation;
    BOOST_TEST(counts.messages == 4u);
    BOOST_TEST(counts.compared == 2u);
    BOOST_TEST(counts.differing == 1u);
    BOOST_TEST(counts.failed == 1u);
    BOOST_TEST(counts.dropped == 1u);
}

BOOST_AUTO_TEST_CASE(the_last_warning_of_a_milter_is_kept) {
    all.watch(named({"a"}));
    wall_time const then{std::chrono::seconds(5)};
    all.note({severity::warning, 1, "a", "cannot connect"}, wall_time{});
    all.note({severity::error, 1, "a", std::string(1000, 'x')}, then);
    all.note({severity::info, 1, "a", "nothing"}, wall_time{});
    all.note({severity::warning, 1, "mta", "not a milter"}, wall_time{});
    auto const report = of({"a"});
    BOOST_TEST(report.milters[0].last_problem == std::string(record_text_limit, 'x'));
    BOOST_TEST((report.milters[0].last_problem_at == then));
}

BOOST_AUTO_TEST_CASE(a_milter_that_stays_keeps_its_numbers) {
    all.watch(named({"a", "b"}));
    all.count(message("accept", "continue", "continue"));
    all.watch(named({"b", "c"}));
    all.watch(named({"a", "b", "c"}));
    auto const report = of({"a", "b", "c"});
    BOOST_TEST(report.milters[0].messages == 0u);
    BOOST_TEST(report.milters[1].messages == 1u);
    BOOST_TEST(report.messages[0] == 1u);
}

BOOST_AUTO_TEST_CASE(threads_lose_nothing) {
    all.watch(named({"a", "b"}));
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([this] {
            for (int n = 0; n < 500; ++n) all.count(message("accept", "continue", "error"));
        });
    for (auto& one : threads) one.join();
    auto const report = of({"a", "b"});
    BOOST_TEST(report.messages[0] == 2000u);
    BOOST_TEST(report.milters[1].failures == 2000u);
}

BOOST_AUTO_TEST_SUITE_END()
