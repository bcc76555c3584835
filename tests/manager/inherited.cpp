// SPDX-License-Identifier: BSL-1.0
// tests/manager/inherited.cpp - whose sockets they are that came with the environment

#include "manager/service/inherited.hpp"

#include <boost/test/unit_test.hpp>

using namespace milter::manager;

BOOST_AUTO_TEST_SUITE(inherited)

BOOST_AUTO_TEST_CASE(sockets_are_for_the_process_that_is_named) {
    auto const ours = parse_inheritance("7", "2", "mta:control", 7);
    BOOST_TEST(ours.count == 2);
    BOOST_TEST(ours.names == (std::vector<std::string>{"mta", "control"}),
               boost::test_tools::per_element());
    BOOST_TEST(parse_inheritance("8", "2", "mta", 7).count == 0);
    BOOST_TEST(parse_inheritance("7", "1", nullptr, 7).count == 1);
}

BOOST_AUTO_TEST_CASE(numbers_that_are_none_mean_no_sockets) {
    for (auto const* fds : {"", "0", "-1", "x", "2x", "257", "99999999999999999999"})
        BOOST_TEST(parse_inheritance("7", fds, nullptr, 7).count == 0, fds);
    for (auto const* pid : {"", "7x", "07 ", "-7"})
        BOOST_TEST(parse_inheritance(pid, "1", nullptr, 7).count == 0, pid);
    BOOST_TEST(parse_inheritance(nullptr, "1", nullptr, 7).count == 0);
    BOOST_TEST(parse_inheritance("7", nullptr, nullptr, 7).count == 0);
    BOOST_TEST(parse_inheritance("7", "256", nullptr, 7).count == 256);
}

BOOST_AUTO_TEST_SUITE_END()
