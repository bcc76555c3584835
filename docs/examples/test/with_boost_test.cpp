// SPDX-License-Identifier: BSL-1.0
// with_boost_test.cpp - a milter tried in process, by Boost.Test
#define BOOST_TEST_MODULE tiny_milter
#define BOOST_TEST_DYN_LINK
#include "../tiny_milter.hpp"
#include <milter/test/handler.hpp>
#include <milter/test/mta.hpp>

#include <boost/test/unit_test.hpp>

namespace test = milter::test;

namespace {

struct an_mta {
    test::handler<decltype(&tiny::answer)> milter{tiny::options(), tiny::answer};
    test::mta<decltype(milter)> mta{milter};
};

} // namespace

BOOST_FIXTURE_TEST_CASE(nobody_is_refused, an_mta) {
    BOOST_TEST(mta.rcpt("<nobody@example.org>") == test::replies("550 5.1.1 Nobody lives here"));
    BOOST_TEST(mta.rcpt("<bob@example.org>") == test::proceeds);
}

BOOST_FIXTURE_TEST_CASE(each_message_is_marked, an_mta) {
    for (int message = 1; message <= 2; ++message) {
        auto const done = mta.deliver(test::mail::parse("Subject: hi\n\ntext\n"));
        BOOST_TEST(done.accepted());
        BOOST_TEST(done.result.header("X-Tiny") == "was here");
    }
}
