// SPDX-License-Identifier: BSL-1.0
// tests/manager/printable.cpp - what of a foreign text reaches a terminal

#include "manager/config/printable.hpp"

#include <boost/test/unit_test.hpp>

#include <support/exact_copy.hpp>

using namespace milter::manager;
using namespace std::string_view_literals;

BOOST_AUTO_TEST_SUITE(printable_text)

BOOST_AUTO_TEST_CASE(text_stays_and_what_disturbs_is_escaped) {
    struct {
        std::string_view given, shown;
    } const rows[] = {
        {"", ""},
        {R"(plain "text" \ stays)", R"(plain "text" \ stays)"},
        {"Größe 大 🙂", "Größe 大 🙂"},
        {"a\nb\rc\td", R"(a\nb\rc\td)"},
        {"\0\x1b[2J\x7f"sv, R"(\x00\x1b[2J\x7f)"},
        {"\xc2\x9b", R"(\xc2\x9b)"},           // CSI as one character
        {"a\xe2\x80\xae", R"(a\xe2\x80\xae)"}, // right-to-left override
        {"\xe2\x80\xa8", R"(\xe2\x80\xa8)"},   // line separator
        {"\xef\xbb\xbf", R"(\xef\xbb\xbf)"},   // byte order mark
        {"\xff\xfe", R"(\xff\xfe)"},
        {"\x80", R"(\x80)"}, // no lead
        {"\xc3", R"(\xc3)"}, // cut off
        {"\xe5\xa4", R"(\xe5\xa4)"},
        {"\xc3(", R"(\xc3()"},
        {"\xc0\xaf", R"(\xc0\xaf)"}, // overlong
        {"\xe0\x80\xaf", R"(\xe0\x80\xaf)"},
        {"\xed\xa0\x80", R"(\xed\xa0\x80)"},         // surrogate
        {"\xf4\x90\x80\x80", R"(\xf4\x90\x80\x80)"}, // beyond Unicode
    };
    for (auto const& row : rows) {
        support::exact_copy const given(row.given);
        BOOST_TEST(printable(given.view()) == row.shown);
    }
}

BOOST_AUTO_TEST_CASE(quoted_text_is_cut_between_characters) {
    BOOST_TEST(in_quotes("abc", 3) == R"("abc")");
    BOOST_TEST(in_quotes("abcd", 3) == R"("abc...")");
    BOOST_TEST(in_quotes("abä", 3) == R"("ab...")");
    BOOST_TEST(in_quotes("\x80\x80\x80\x80", 3) == R"("...")");
}

BOOST_AUTO_TEST_SUITE_END()
