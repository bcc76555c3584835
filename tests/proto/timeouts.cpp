// SPDX-License-Identifier: BSL-1.0
// tests/proto/timeouts.cpp - the defaults are those of the programs they are named after

#include "milter/proto/timeouts.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(timeouts)

BOOST_AUTO_TEST_CASE(defaults_are_those_of_the_named_sources_201) {
    milter::proto::mta_timeouts const defaults;
    BOOST_TEST((defaults.connect == 30s));
    BOOST_TEST((defaults.negotiate == 30s));
    BOOST_TEST((defaults.command == milter::proto::postfix_command_timeout));
    BOOST_TEST((defaults.content == 300s));
    BOOST_TEST((defaults.end_of_message == 300s));
    BOOST_TEST((defaults.write == 10s));
    BOOST_TEST((milter::proto::filter_idle_timeout == 7210s));
    BOOST_TEST((milter::proto::sendmail_read_timeout == 10s));
}

BOOST_AUTO_TEST_CASE(keepalives_come_before_any_mta_gives_up_199) {
    BOOST_TEST((milter::proto::progress_interval <= 5s));
    BOOST_TEST((2 * milter::proto::progress_interval <= milter::proto::sendmail_read_timeout));
}

BOOST_AUTO_TEST_CASE(never_is_later_than_any_time) {
    BOOST_TEST((milter::proto::never > milter::proto::clock::now() + 24h * 36500));
}

BOOST_AUTO_TEST_CASE(a_wait_without_limit_never_ends) {
    using milter::proto::after;
    using milter::proto::duration;
    using milter::proto::never;
    using milter::proto::time_point;
    time_point const now(1h), early(-1h);
    BOOST_TEST((after(now, 5s) == now + 5s));
    BOOST_TEST((after(now, 0s) == now));
    BOOST_TEST((after(now, -5s) == now - 5s));
    BOOST_TEST((after(now, duration::max()) == never));
    BOOST_TEST((after(now, never - now) == never));
    BOOST_TEST((after(now, never - now - 1s) == never - 1s));
    BOOST_TEST((after(early, duration::max()) == never - 1h));
}

BOOST_AUTO_TEST_SUITE_END()
