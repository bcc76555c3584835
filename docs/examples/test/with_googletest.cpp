// SPDX-License-Identifier: BSL-1.0
// with_googletest.cpp - a milter tried in process, by GoogleTest
#include "../tiny_milter.hpp"
#include <milter/test/handler.hpp>
#include <milter/test/mta.hpp>

#include <gtest/gtest.h>

namespace test = milter::test;

namespace {

class TinyMilter : public ::testing::Test {
protected:
    test::handler<decltype(&tiny::answer)> milter{tiny::options(), tiny::answer};
    test::mta<decltype(milter)> mta{milter};
};

TEST_F(TinyMilter, RefusesNobody) {
    EXPECT_EQ(mta.rcpt("<nobody@example.org>"), test::replies("550 5.1.1 Nobody lives here"));
    EXPECT_EQ(mta.rcpt("<bob@example.org>"), test::proceeds);
}

TEST_F(TinyMilter, MarksEachMessage) {
    auto const done = mta.deliver(test::mail::parse("Subject: hi\n\ntext\n"));
    EXPECT_TRUE(done.accepted());
    EXPECT_EQ(done.result.header("X-Tiny"), "was here");
}

} // namespace
