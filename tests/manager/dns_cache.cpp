// SPDX-License-Identifier: BSL-1.0
// tests/manager/dns_cache.cpp - what lists said is kept while it holds, within bounds

#include "manager/core/dns_cache.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>

using namespace milter::manager;
using namespace std::chrono_literals;
using milter::proto::time_point;

namespace {

dns_question about(std::uint32_t number, std::uint32_t zone = 0) {
    std::array<std::uint8_t, 4> const bytes{
        static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
        static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
    return {zone, dns_subject::from(bytes).value()};
}

struct fixture {
    dns_cache cache{4, 17};
    time_point now{100s};

    void keep(std::uint32_t number, listing said = listing::listed) {
        cache.keep(about(number), said, now + 10s, now);
    }
    bool knows(std::uint32_t number) { return cache.find(about(number), now).has_value(); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(manager_dns_cache, fixture)

BOOST_AUTO_TEST_CASE(answer_is_known_until_its_time_is_over) {
    keep(1, listing::not_listed);
    BOOST_TEST((cache.find(about(1), now + 9s) == listing::not_listed));
    BOOST_TEST((cache.find(about(1), now + 10s) == std::nullopt));
    BOOST_TEST(!knows(2));
}

BOOST_AUTO_TEST_CASE(zones_and_families_have_their_own_answers) {
    keep(1);
    BOOST_TEST((cache.find(about(1, 1), now) == std::nullopt));
    std::array<std::uint8_t, 16> const longer{0, 0, 0, 1};
    BOOST_TEST((cache.find({0, dns_subject::from(longer).value()}, now) == std::nullopt));
}

BOOST_AUTO_TEST_CASE(later_answer_replaces_the_earlier) {
    keep(1, listing::failed);
    keep(1, listing::listed);
    BOOST_TEST((cache.find(about(1), now) == listing::listed));
    BOOST_TEST(cache.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_does_not_hold_is_not_kept) {
    cache.keep(about(1), listing::listed, now, now);
    BOOST_TEST(cache.size() == 0u);
}

BOOST_AUTO_TEST_CASE(bound_holds_and_who_is_asked_for_stays) {
    for (std::uint32_t i = 0; i < 1000; ++i) {
        keep(i);
        BOOST_TEST_REQUIRE(knows(0));
        BOOST_TEST_REQUIRE(cache.size() <= 4u);
    }
    BOOST_TEST(cache.size() == 4u);
}

BOOST_AUTO_TEST_CASE(what_is_over_goes_first) {
    for (std::uint32_t i = 0; i < 4; ++i) keep(i);
    BOOST_TEST(knows(0)); // spared once, if it still held
    now += 10s;
    keep(4);
    BOOST_TEST(!knows(0));
    BOOST_TEST(knows(4));
}

BOOST_AUTO_TEST_CASE(hand_takes_few_steps_where_all_are_spared) {
    dns_cache large(10'000, 17);
    for (std::uint32_t i = 0; i < 10'000; ++i)
        large.keep(about(i), listing::listed, now + 10s, now);
    for (std::uint32_t i = 0; i < 10'000; ++i) large.find(about(i), now);
    large.keep(about(10'000), listing::listed, now + 10s, now);
    BOOST_TEST(large.find(about(10'000), now).has_value());
    BOOST_TEST(!large.find(about(64), now).has_value());
    BOOST_TEST(large.size() == 10'000u);
}

BOOST_AUTO_TEST_CASE(cache_without_room_keeps_nothing) {
    dns_cache none(0, 17);
    none.keep(about(1), listing::listed, now + 10s, now);
    BOOST_TEST(none.size() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
