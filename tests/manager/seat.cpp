// SPDX-License-Identifier: BSL-1.0
// tests/manager/seat.cpp - how full a milter is

#include "manager/core/seat.hpp"

#include <boost/test/unit_test.hpp>

using namespace milter::manager;

BOOST_AUTO_TEST_SUITE(manager_seat)

BOOST_AUTO_TEST_CASE(share_of_places_is_what_is_taken_of_those_there_are) {
    BOOST_TEST((percent_taken(0, 10) == 0u));
    BOOST_TEST((percent_taken(3, 10) == 30u));
    BOOST_TEST((percent_taken(2, 3) == 66u));
    BOOST_TEST((percent_taken(10, 10) == 100u));
    BOOST_TEST((percent_taken(20, 10) == 100u)); // a reload made it smaller
}

BOOST_AUTO_TEST_CASE(milter_without_a_limit_has_no_share) {
    BOOST_TEST((percent_taken(5, 0) == std::nullopt));
}

BOOST_AUTO_TEST_SUITE_END()
