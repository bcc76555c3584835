// SPDX-License-Identifier: BSL-1.0
// tests/base/version.cpp - the version in the header, in itself and in CMakeLists.txt

#include "milter/version.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(version)

BOOST_AUTO_TEST_CASE(text_is_made_of_the_numbers) {
    auto const text = std::to_string(milter::version_major) + '.' +
                      std::to_string(milter::version_minor) + '.' +
                      std::to_string(milter::version_patch);
    BOOST_TEST(milter::version_string == text);
}

BOOST_AUTO_TEST_CASE(equals_the_version_of_the_build) {
    BOOST_TEST(milter::version_string == MILTER_PROJECT_VERSION);
}

BOOST_AUTO_TEST_SUITE_END()
