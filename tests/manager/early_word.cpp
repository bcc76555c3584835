// SPDX-License-Identifier: BSL-1.0
// tests/manager/early_word.cpp - what a milter says to be left in peace: the MTA, which would stop for all, never hears it
//
// Source: protocol.md 9.5, 9.7; statements 233, 238.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

/// An MTA that has every command answered, and so could be told.
wire::negotiate offer_without_no_reply() {
    wire::negotiate offer;
    offer.steps &= ~wire::step::all_nr;
    return offer;
}

/// All answers of a message but the last, in a session begun.
std::vector<std::string> answers_before_the_end(manager_rig& rig) {
    std::vector<std::string> heard{rig.send(wire::mail{"<a@client.test>", {}}),
                                   rig.send(wire::rcpt{"<b@mx.test>", {}}),
                                   rig.send(wire::rcpt{"<c@mx.test>", {}}),
                                   rig.send(wire::data{}),
                                   rig.send(wire::header{"Subject", " one"}),
                                   rig.send(wire::header{"To", " b@mx.test"}),
                                   rig.send(wire::end_of_headers{}),
                                   rig.send(wire::body{std::string(wire::default_data_limit, 'x')}),
                                   rig.send(wire::body{std::string(wire::default_data_limit, 'y')}),
                                   rig.send(wire::body{"z\r\n"})};
    return heard;
}

constexpr auto per_element = boost::test_tools::per_element();
std::vector<std::string> const nothing_said(10, "continue");

} // namespace

BOOST_AUTO_TEST_SUITE(early_word)

BOOST_AUTO_TEST_CASE(accept_of_every_milter_is_passed_on_at_the_end_at_the_earliest_233) {
    for (std::size_t const milters : {1U, 3U})
        for (std::string const stage :
             {"connect", "helo", "mail", "rcpt", "data", "header", "end_of_headers", "body"})
            BOOST_TEST_CONTEXT(stage << " by each of " << milters) {
                manager_rig rig(milters);
                rig.mta.offer = offer_without_no_reply();
                for (std::size_t k = 0; k < milters; ++k)
                    rig.filter(k).on(stage, say(wire::accept{}), once);
                BOOST_TEST(rig.begin() == "continue, continue");
                BOOST_TEST(answers_before_the_end(rig) == nothing_said, per_element);
                bool const in_content =
                    stage == "header" || stage == "end_of_headers" || stage == "body";
                BOOST_TEST(rig.end() == (in_content && milters == 1 ? "accept" : "continue"));
                for (std::size_t k = 0; k < milters; ++k)
                    BOOST_TEST(rig.filter(k).judged().empty());
                BOOST_TEST(answers_before_the_end(rig) == nothing_said, per_element);
                BOOST_TEST(rig.end() == "continue");
                bool const of_client = stage == "connect" || stage == "helo";
                for (std::size_t k = 0; k < milters; ++k)
                    BOOST_TEST(rig.filter(k).judged().size() == (of_client ? 0U : 1U));
            }
}

BOOST_AUTO_TEST_CASE(skip_of_every_milter_is_never_passed_on_238) {
    for (std::size_t const milters : {1U, 3U}) BOOST_TEST_CONTEXT(milters << " milters") {
            manager_rig rig(milters);
            rig.mta.offer = offer_without_no_reply();
            for (std::size_t k = 0; k < milters; ++k) {
                rig.filter(k).wants.steps = wire::step::skip;
                rig.filter(k).on("body", say(wire::skip{}), once);
            }
            rig.begin();
            BOOST_TEST(wire::any(rig.mta.agreed().steps, wire::step::skip));
            for (int message = 0; message < 2; ++message) {
                BOOST_TEST(answers_before_the_end(rig) == nothing_said, per_element);
                BOOST_TEST(rig.end() == "continue");
                for (std::size_t k = 0; k < milters; ++k)
                    BOOST_TEST(rig.filter(k).message().chunks.size() == (message == 0 ? 1U : 3U));
            }
        }
}

BOOST_AUTO_TEST_SUITE_END()
