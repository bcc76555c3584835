// SPDX-License-Identifier: BSL-1.0
// tests/load/mix.cpp - in which order messages take turns

#include "load/mix.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace {

using milter::load::mix;

std::vector<std::size_t> take(mix& from, std::size_t count) {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(from.next());
    return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(load_mix)

BOOST_AUTO_TEST_CASE(messages_take_turns_in_their_order) {
    mix given(3, mix::order::given, 1, 2);
    std::vector<std::size_t> const expected{2, 0, 1, 2};
    BOOST_TEST(take(given, 4) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(shuffled_ones_come_once_a_round_and_the_same_way_for_the_same_seed) {
    mix one(50, mix::order::shuffled, 7), same(50, mix::order::shuffled, 7);
    mix other(50, mix::order::shuffled, 8);
    auto first = take(one, 50), second = take(one, 50);
    BOOST_TEST(first == take(same, 50), boost::test_tools::per_element());
    BOOST_TEST((first != take(other, 50)));
    BOOST_TEST((first != second));
    for (auto* round : {&first, &second}) {
        std::sort(round->begin(), round->end());
        for (std::size_t i = 0; i < 50; ++i) BOOST_TEST((*round)[i] == i);
    }
}

BOOST_AUTO_TEST_CASE(one_message_is_always_next) {
    mix alone(1, mix::order::shuffled, 1);
    BOOST_TEST(alone.next() == 0U);
    BOOST_TEST(alone.next() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
