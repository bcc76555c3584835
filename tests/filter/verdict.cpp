// SPDX-License-Identifier: BSL-1.0
// tests/filter/verdict.cpp - what handlers may return

#include "milter/filter/verdict.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <type_traits>

namespace filter = milter::filter;
namespace wire = milter::wire;

BOOST_AUTO_TEST_SUITE(verdict)

BOOST_AUTO_TEST_CASE(a_verdict_without_a_value_is_tempfail) {
    BOOST_TEST((filter::verdict{}.code() == wire::reply_code::tempfail));
    BOOST_TEST((filter::body_verdict{}.code() == wire::reply_code::tempfail));
}

BOOST_AUTO_TEST_CASE(words_become_verdicts) {
    BOOST_TEST((filter::verdict(filter::accept).code() == wire::reply_code::accept));
    BOOST_TEST((filter::body_verdict(filter::skip).code() == wire::reply_code::skip));
    static_assert(!std::is_convertible_v<filter::skip_verdict, filter::verdict>);
}

BOOST_AUTO_TEST_CASE(a_reply_is_put_right_for_both_mtas) {
    BOOST_TEST(filter::reply("550 5.7.1 100% spam").text() == "550 5.7.1 100%% spam");
    BOOST_TEST(filter::reply("550 5.7.1 100%% spam").text() == "550 5.7.1 100%% spam");
    BOOST_TEST(filter::reply("451 4.7.1 one\n4.7.1 two").text() ==
               "451-4.7.1 one\r\n451 4.7.1 two");
    BOOST_TEST((filter::reply("550 no").code() == wire::reply_code::reply_text));
}

BOOST_AUTO_TEST_CASE(what_is_no_refusal_is_not_a_reply) {
    for (auto const* text : {"", "250 Ok", "no", "55 x", "650 x"})
        BOOST_CHECK_THROW(filter::reply(text), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
