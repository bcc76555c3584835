// SPDX-License-Identifier: BSL-1.0
// tests/service/machine_load.cpp - how busy the machine is, by what the system says of it

#include "manager/service/machine_load.hpp"

#include <boost/test/unit_test.hpp>

#include <support/temp_dir.hpp>

#include <string>

using namespace milter::manager;

namespace {

struct fixture {
    support::temp_dir dir;
    boost::asio::io_context context;

    std::string stat(unsigned busy, unsigned idle) const {
        return dir.write("stat", "cpu  " + std::to_string(busy) + " 0 0 " + std::to_string(idle) +
                                     " 0 0 0 0 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n");
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(manager_machine_load, fixture)

BOOST_AUTO_TEST_CASE(first_line_is_read) {
    auto const found = parse_cpu_times("cpu  1 20 300 4000 50000 600000 7000000 80000000 5 6\n"
                                       "cpu0 9 9 9 9 9 9 9 9 9 9\n");
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->busy == 87600321u); // guests are users already
    BOOST_TEST(found->all == 87654321u);
}

BOOST_AUTO_TEST_CASE(other_text_says_nothing) {
    for (auto const* text :
         {"", "cpu", "cpu  1 2 3 4 5 6 7 8", "cpu0 1 2 3 4 5 6 7 8\n", "cpu  1 2 3 4 5 6 7\n",
          "cpu  1 2 x 4 5 6 7 8\n", "cpu  1 2 3 4 5 6 7 99999999999999999999999\n",
          "intr 1\ncpu  1 2 3 4 5 6 7 8\n", "cpu  -1 2 3 4 5 6 7 8\n"})
        BOOST_TEST(!parse_cpu_times(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(share_is_of_the_time_between) {
    BOOST_TEST((busy_percent({100, 1000}, {125, 1100}) == 25u));
    BOOST_TEST((busy_percent({100, 1000}, {100, 1100}) == 0u));
    BOOST_TEST((busy_percent({100, 1000}, {200, 1100}) == 100u));
    BOOST_TEST((busy_percent({0, 0}, {2, 3}) == 67u));
    BOOST_TEST((busy_percent({100, 1000}, {300, 1100}) == 100u));
}

BOOST_AUTO_TEST_CASE(no_time_and_time_backwards_say_nothing) {
    BOOST_TEST((busy_percent({100, 1000}, {100, 1000}) == std::nullopt));
    BOOST_TEST((busy_percent({100, 1000}, {120, 990}) == std::nullopt));
    BOOST_TEST((busy_percent({100, 1000}, {90, 1010}) == std::nullopt));
}

BOOST_AUTO_TEST_CASE(snapshot_shows_what_was_seen_last) {
    machine_load load(context, stat(100, 900));
    BOOST_TEST((load.snapshot(7).cpu_percent == std::nullopt));
    stat(140, 960);
    load.look();
    BOOST_TEST((load.snapshot(7).cpu_percent == 40u));
    BOOST_TEST(load.snapshot(7).sessions == 7u);
    load.look(); // no time has gone by
    BOOST_TEST((load.snapshot(7).cpu_percent == 40u));
    stat(140, 1060);
    load.look();
    BOOST_TEST((load.snapshot(7).cpu_percent == 0u));
}

BOOST_AUTO_TEST_CASE(it_looks_by_itself) {
    machine_load load(context, stat(100, 900));
    stat(150, 950);
    context.run_one();
    BOOST_TEST((load.snapshot(0).cpu_percent == 50u));
}

BOOST_AUTO_TEST_CASE(nothing_is_known_where_the_system_does_not_say) {
    machine_load load(context, dir / "none");
    load.look();
    BOOST_TEST((load.snapshot(0).cpu_percent == std::nullopt));
    BOOST_TEST(context.run() == 0u); // and nobody looks
}

BOOST_AUTO_TEST_CASE(this_machine_says) {
    machine_load load(context);
    context.run_one();
    auto const percent = load.snapshot(0).cpu_percent;
    BOOST_REQUIRE(percent.has_value());
    BOOST_TEST(*percent <= 100u);
}

BOOST_AUTO_TEST_SUITE_END()
