// SPDX-License-Identifier: BSL-1.0
// tests/compat/setreply.cpp - which texts smfi_setreply() and smfi_setmlreply() take
#include <milter/compat/setreply.hpp>

#include <boost/test/unit_test.hpp>

#include <support/print_error.hpp>

#include <string>
#include <vector>

namespace {

using namespace milter;

std::string line(char const* code, char const* enhanced, char const* message) {
    return compat::reply_line(code, enhanced, message).value_or("refused");
}

std::string lines(char const* code, char const* enhanced, std::vector<char const*> const& texts) {
    return compat::reply_lines(code, enhanced, texts).value_or("refused");
}

} // namespace

BOOST_AUTO_TEST_SUITE(setreply)

BOOST_AUTO_TEST_CASE(a_text_is_made_of_what_is_given) {
    BOOST_TEST(line("550", "5.7.1", "no") == "550 5.7.1 no");
    BOOST_TEST(line("550", nullptr, "no") == "550 no");
    BOOST_TEST(line("451", "4.7.1", nullptr) == "451 4.7.1");
    BOOST_TEST(line("451", nullptr, nullptr) == "451 ");
    BOOST_TEST(line("550", "5.123.456", "100%%") == "550 5.123.456 100%%");
}

BOOST_AUTO_TEST_CASE(codes_that_are_none_are_refused) {
    for (auto const* code : {"", "5", "55", "5500", "250", "354", "650", "5x0", "55x", "-50"})
        BOOST_TEST(line(code, nullptr, "no") == "refused", code);
    BOOST_TEST(line(nullptr, nullptr, "no") == "refused");
    for (auto const* code : {"", "5", "5.", "5.7", "5.7.", "5..1", "5.7.1 ", "5.7.1234", "5.1234.1",
                             "3.7.1", "5.7.1x", "x.7.1"})
        BOOST_TEST(line("550", code, "no") == "refused", code);
}

BOOST_AUTO_TEST_CASE(a_line_end_within_a_text_and_one_that_is_too_long_are_refused) {
    BOOST_TEST(line("550", "5.7.1", "a\rb") == "refused");
    BOOST_TEST(line("550", "5.7.1", "a\nb") == "refused");
    BOOST_TEST(line("550", "5.7.1", std::string(981, 'x').c_str()) == "refused");
    BOOST_TEST(line("550", "5.7.1", std::string(980, 'x').c_str()).size() == 990U);
}

BOOST_AUTO_TEST_CASE(what_postfix_would_call_malformed_is_repaired) {
    auto const repaired = line("550", "2.1.5", "odd");
    BOOST_TEST(!proto::check_reply_text(repaired));
    BOOST_TEST(repaired.find("2.1.5 odd") != repaired.npos, repaired);
    BOOST_TEST(!proto::check_reply_text(line("451", nullptr, "5 minutes")));
}

BOOST_AUTO_TEST_CASE(several_lines_have_the_codes_on_each) {
    BOOST_TEST(lines("550", "5.1.1", {"a"}) == "550 5.1.1 a");
    BOOST_TEST(lines("550", "5.1.1", {"a", "b", "c"}) ==
               "550-5.1.1 a\r\n550-5.1.1 b\r\n550 5.1.1 c");
    BOOST_TEST(lines("451", nullptr, {"a", "b"}) == "451-4.0.0 a\r\n451 4.0.0 b");
    BOOST_TEST(lines("550", nullptr, {}) == "550 5.0.0");
}

BOOST_AUTO_TEST_CASE(no_more_than_32_lines) {
    BOOST_TEST(lines("550", "5.1.1", std::vector<char const*>(32, "x")) != "refused");
    BOOST_TEST(lines("550", "5.1.1", std::vector<char const*>(33, "x")) == "refused");
    BOOST_TEST(lines("550", "5.1.1", {"fine", "not\r\nfine"}) == "refused");
}

BOOST_AUTO_TEST_SUITE_END()
