// SPDX-License-Identifier: BSL-1.0
// tests/base/ascii.cpp - only A to Z have another case

#include "milter/ascii.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(ascii)

BOOST_AUTO_TEST_CASE(every_byte_but_26_stays) {
    for (int byte = 0; byte < 256; ++byte) {
        auto const c = static_cast<char>(byte);
        bool const capital = byte >= 'A' && byte <= 'Z';
        BOOST_TEST(milter::to_lower(c) == (capital ? static_cast<char>(byte + 32) : c));
    }
}

BOOST_AUTO_TEST_CASE(text_is_lowered_byte_by_byte) {
    BOOST_TEST(milter::to_lower(std::string_view("X-Mail\xc4ter@[Z]")) == "x-mail\xc4ter@[z]");
    BOOST_TEST(milter::to_lower(std::string_view()) == "");
}

BOOST_AUTO_TEST_CASE(texts_are_equal_in_any_case_and_no_other_way) {
    using milter::equal_ignoring_case;
    BOOST_TEST(equal_ignoring_case("", ""));
    BOOST_TEST(equal_ignoring_case("Subject", "sUBJECT"));
    BOOST_TEST(!equal_ignoring_case("Subject", "Subjec"));
    BOOST_TEST(!equal_ignoring_case("Subjec", "Subject"));
    BOOST_TEST(!equal_ignoring_case("a", ""));
    BOOST_TEST(!equal_ignoring_case("[", "{"));
    BOOST_TEST(!equal_ignoring_case("@", "`"));
    BOOST_TEST(!equal_ignoring_case("\xc4", "\xe4"));
}

BOOST_AUTO_TEST_SUITE_END()
