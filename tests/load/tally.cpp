// SPDX-License-Identifier: BSL-1.0
// tests/load/tally.cpp - what is kept of many sessions, and how much of it

#include "load/tally.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace {

using namespace std::chrono_literals;
namespace load = milter::load;

} // namespace

BOOST_AUTO_TEST_SUITE(load_tally)

BOOST_AUTO_TEST_CASE(long_replies_are_cut_and_many_are_others) {
    load::tally seen;
    std::string const long_one = "550 " + std::string(1 << 20, 'x');
    seen.note_refusal(load::stage::rcpt, long_one);
    seen.note_refusal(load::stage::rcpt, long_one + "y");
    BOOST_REQUIRE(seen.refusals.size() == 1U);
    auto const& [text, count] = *seen.refusals.begin();
    BOOST_TEST(text == "rcpt: " + long_one.substr(0, load::tally::most_reply_bytes) + "...");
    BOOST_TEST(count == 2U);
    for (std::size_t i = 0; i < 2 * load::tally::most_replies; ++i)
        seen.note_refusal(load::stage::mail, "550 " + std::to_string(i));
    BOOST_TEST(seen.refusals.size() == load::tally::most_replies + 1);
    BOOST_TEST(seen.refusals["(others)"] == load::tally::most_replies + 1);
}

BOOST_AUTO_TEST_CASE(what_was_never_sent_is_felt_at_least_as_long_as_it_waited) {
    load::tally one, other;
    one.message.record(1ms, 9ms, true);
    other.waits.record(5'000'000, 3);
    one.merge(other);
    BOOST_TEST(one.unsent() == 3U);
    auto const felt = one.felt_at_least();
    BOOST_TEST(felt.count() == 4U);
    BOOST_TEST(felt.min() == 5'000'000U);
    BOOST_TEST(felt.max() == 10'000'000U);
    BOOST_TEST(one.message.felt().count() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
