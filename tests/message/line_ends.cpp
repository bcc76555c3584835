// SPDX-License-Identifier: BSL-1.0
// tests/message/line_ends.cpp - a replaced body with the line ends an MTA gives it

#include "milter/message/line_ends.hpp"

#include <boost/test/unit_test.hpp>

#include <support/every_split.hpp>
#include <support/hex.hpp>

using namespace std::string_view_literals;

namespace {

std::string ended(support::pieces const& body) {
    milter::message::line_ends lines;
    std::string out;
    for (auto const& piece : body) lines.append(out, piece.view());
    lines.finish(out);
    return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(line_ends)

BOOST_AUTO_TEST_CASE(every_line_ends_with_crlf_however_the_body_is_split_169) {
    std::pair<std::string_view, std::string_view> const rows[] = {
        {"a\r\nb\r\n", "a\r\nb\r\n"},
        {"a\nb\n", "a\r\nb\r\n"},
        {"a\n\nb", "a\r\n\r\nb\r\n"},
        {"\n", "\r\n"},
        {"\r\n", "\r\n"},
        {"a", "a\r\n"},
        {"a\rb\r\n", "a\rb\r\n"},
        {"a\r\r\nb\n", "a\r\r\nb\r\n"},
        {"a\n\rb\n", "a\r\n\rb\r\n"},
        {"a\0b\n"sv, "a\0b\r\n"sv},
        {"\x80\n\xff", "\x80\r\n\xff\r\n"},
    };
    for (auto const& row : rows) // no structured binding: clang 14 cannot capture it
        support::for_every_split(row.first, [&](support::pieces const& pieces) {
            BOOST_TEST_CONTEXT(pieces.name())
            BOOST_TEST(support::to_hex(ended(pieces)) == support::to_hex(row.second));
        });
}

BOOST_AUTO_TEST_CASE(empty_body_stays_empty_171) { BOOST_TEST(ended(support::whole("")) == ""); }

BOOST_AUTO_TEST_CASE(ended_body_is_not_changed_again) {
    auto const once = ended(support::whole("a\nb\rc\r\n\nd"));
    BOOST_TEST(support::to_hex(ended(support::whole(once))) == support::to_hex(once));
}

BOOST_AUTO_TEST_SUITE_END()
