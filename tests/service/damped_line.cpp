// SPDX-License-Identifier: BSL-1.0
// tests/service/damped_line.cpp - a flood of lines: the first at once, the last when it is over

#include "manager/service/damped_line.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace milter::manager;

struct fixture {
    poller waits;
    std::vector<std::string> lines;
    std::size_t wanted = 0;
    damped_line::sink const to = [this](log_event&& one) {
        lines.push_back(std::move(one.text));
        if (lines.size() == wanted) waits.stop();
    };
    poller::alarm hang{waits, [this] { waits.stop(); }};

    /// Until there are so many lines.
    void run_for(std::size_t count) {
        wanted = count;
        hang.set(waits.now() + 60s);
        waits.run();
    }
    static log_event line(std::string text) {
        return {severity::warning, 0, "manager", std::move(text)};
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(damped_lines, fixture)

BOOST_AUTO_TEST_CASE(last_line_of_a_flood_is_said_when_it_is_over_with_the_count_of_the_others) {
    damped_line one(waits, to, log_damper(1ms));
    for (auto const* text : {"a", "b", "c", "d"}) one.say(line(text));
    BOOST_TEST(lines == std::vector<std::string>{"a"}, boost::test_tools::per_element());
    run_for(2);
    BOOST_TEST(lines == (std::vector<std::string>{"a", "d (2 more before)"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_was_said_with_a_later_line_is_not_said_again) {
    damped_line one(waits, to, log_damper(1ms));
    one.say(line("a"));
    one.say(line("b"));
    poller::alarm second(waits, [&] { one.say(line("c")); });
    second.set(waits.now() + 1ms); // rings first
    poller::alarm end(waits, [&] { waits.stop(); });
    end.set(waits.now() + 20ms);
    run_for(99);
    BOOST_TEST(lines.size() <= 3U);
    std::size_t said = 0;
    for (auto const& text : lines) said += text.find("more before") == text.npos ? 1U : 2U;
    BOOST_TEST(said == 3U);
}

BOOST_AUTO_TEST_CASE(single_line_is_said_once) {
    damped_line one(waits, to, log_damper(1ms));
    one.say(line("a"));
    poller::alarm end(waits, [&] { waits.stop(); });
    end.set(waits.now() + 20ms);
    run_for(99);
    BOOST_TEST(lines == std::vector<std::string>{"a"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(line_that_dies_in_a_flood_says_nothing_more) {
    {
        damped_line one(waits, to, log_damper(1ms));
        one.say(line("a"));
        one.say(line("b"));
    }
    poller::alarm end(waits, [&] { waits.stop(); });
    end.set(waits.now() + 20ms);
    run_for(99);
    BOOST_TEST(lines.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
