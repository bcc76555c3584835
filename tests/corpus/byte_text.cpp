// SPDX-License-Identifier: BSL-1.0
// tests/corpus/byte_text.cpp - UTF-8 and base64
#include <milter/corpus/byte_text.hpp>

#include <boost/test/unit_test.hpp>

namespace {
using namespace std::string_literals;
using namespace std::string_view_literals;
using milter::corpus::from_base64;
using milter::corpus::is_utf8;
using milter::corpus::to_base64;
} // namespace

BOOST_AUTO_TEST_SUITE(byte_text)

BOOST_AUTO_TEST_CASE(utf8_is_told_from_other_bytes) {
    for (auto const good : {""sv, "a\0b\x7f"sv, "\xc2\x80\xdf\xbf"sv, "\xe0\xa0\x80\xed\x9f\xbf"sv,
                            "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"sv})
        BOOST_TEST(is_utf8(good), good);
    for (auto const bad :
         {"\x80"sv, "\xc1\xbf"sv, "\xe0\x9f\xbf"sv, "\xed\xa0\x80"sv, "\xf0\x8f\xbf\xbf"sv,
          "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv, "a\xc3"sv, "\xe2\x82"sv, "\xff"sv})
        BOOST_TEST(!is_utf8(bad), to_base64(bad));
}

BOOST_AUTO_TEST_CASE(base64_goes_both_ways) { // vectors of RFC 4648, section 10
    struct {
        std::string bytes, text;
    } const rows[] = {{"", ""},
                      {"f", "Zg=="},
                      {"fo", "Zm8="},
                      {"foo", "Zm9v"},
                      {"foob", "Zm9vYg=="},
                      {"fooba", "Zm9vYmE="},
                      {"foobar", "Zm9vYmFy"},
                      {"\0\xff\xfe"s, "AP/+"}};
    for (auto const& row : rows) {
        BOOST_TEST(to_base64(row.bytes) == row.text);
        BOOST_TEST((from_base64(row.text) == row.bytes));
    }
}

BOOST_AUTO_TEST_CASE(other_text_is_no_base64) {
    for (auto const bad : {"Z"sv, "Zg="sv, "Zg"sv, "Z==="sv, "===="sv, "Zg==Zg=="sv, "Zm9*"sv,
                           "Zh=="sv, "Zm9="sv, "Zg=a"sv, " Zg="sv, "Zm8=\n"sv})
        BOOST_TEST(!from_base64(bad), bad);
}

BOOST_AUTO_TEST_CASE(every_byte_survives) {
    std::string all;
    for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
    for (std::size_t cut = 0; cut < 6; ++cut)
        BOOST_TEST((from_base64(to_base64(all.substr(cut))) == all.substr(cut)));
}

BOOST_AUTO_TEST_SUITE_END()
