// SPDX-License-Identifier: BSL-1.0
// with_catch2.cpp - a milter tried in process, by Catch2 (version 2, as Debian 12 has it)
#define CATCH_CONFIG_MAIN
#include "../tiny_milter.hpp"
#include <milter/test/handler.hpp>
#include <milter/test/mta.hpp>

#include <catch2/catch.hpp>

namespace test = milter::test;

TEST_CASE("tiny milter") {
    test::handler milter(tiny::options(), tiny::answer);
    test::mta mta(milter);

    SECTION("nobody is refused") {
        CHECK(mta.rcpt("<nobody@example.org>") == test::replies("550 5.1.1 Nobody lives here"));
        CHECK(mta.rcpt("<bob@example.org>") == test::proceeds);
    }
    SECTION("each message is marked") {
        auto const done = mta.deliver(test::mail::parse("Subject: hi\n\ntext\n"));
        CHECK(done.accepted());
        CHECK(done.result.header("X-Tiny") == "was here");
    }
}
