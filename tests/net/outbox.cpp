// SPDX-License-Identifier: BSL-1.0
// tests/net/outbox.cpp - own and borrowed bytes in order; who lent gets back once

#include "milter/net/outbox.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using milter::net::outbox;

namespace {

std::string text_of(std::vector<boost::asio::const_buffer> const& buffers) {
    std::string text;
    for (auto const& one : buffers) text.append(static_cast<char const*>(one.data()), one.size());
    return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(net_outbox)

BOOST_AUTO_TEST_CASE(bytes_go_out_in_the_order_in_which_they_came) {
    outbox box;
    BOOST_TEST(box.empty());
    box.own("one ");
    std::string const lent = "two ";
    box.borrow(lent, nullptr);
    box.own("three");
    BOOST_TEST(box.size() == 13U);
    BOOST_TEST(text_of(box.buffers()) == "one two three");
}

BOOST_AUTO_TEST_CASE(what_was_written_is_not_offered_again_wherever_the_write_stopped) {
    std::string const lent = "BORROWED";
    for (std::size_t first = 0; first <= 16; ++first) {
        outbox box;
        box.own("own1");
        box.borrow(lent, nullptr);
        box.own("own2");
        box.written(first);
        BOOST_TEST(box.size() == 16 - first);
        BOOST_TEST(text_of(box.buffers()) == std::string("own1BORROWEDown2").substr(first));
        box.written(16 - first);
        BOOST_TEST(box.empty());
        BOOST_TEST(box.buffers().empty());
    }
}

BOOST_AUTO_TEST_CASE(borrowed_bytes_are_given_back_once_when_the_last_is_written) {
    outbox box;
    int given_back = 0;
    box.borrow("abc", [&] { ++given_back; });
    box.written(2);
    BOOST_TEST(given_back == 0);
    box.written(1);
    BOOST_TEST(given_back == 1);
    box.clear();
    BOOST_TEST(given_back == 1);
}

BOOST_AUTO_TEST_CASE(clear_gives_everything_back) {
    outbox box;
    int given_back = 0;
    box.borrow("abc", [&] { ++given_back; });
    box.own("xyz");
    box.borrow("def", [&] { ++given_back; });
    box.written(1);
    box.clear();
    BOOST_TEST(given_back == 2);
    BOOST_TEST(box.empty());
    BOOST_TEST(box.size() == 0U);
    box.own("new");
    BOOST_TEST(text_of(box.buffers()) == "new");
}

BOOST_AUTO_TEST_CASE(nothing_owned_is_nothing_to_write) {
    outbox box;
    box.own("");
    BOOST_TEST(box.empty());
}

BOOST_AUTO_TEST_CASE(nothing_borrowed_is_given_back_with_what_stands_before_it) {
    outbox box;
    int given_back = 0;
    box.own("a");
    box.borrow("", [&] { ++given_back; });
    box.written(1);
    BOOST_TEST(given_back == 1);
    BOOST_TEST(box.empty());
}

BOOST_AUTO_TEST_CASE(a_write_takes_a_bounded_number_of_pieces) {
    outbox box;
    for (std::size_t i = 0; i < 3 * outbox::max_buffers; ++i) box.own("x");
    BOOST_TEST(box.buffers().size() == outbox::max_buffers);
    box.written(outbox::max_buffers);
    BOOST_TEST(box.size() == 2 * outbox::max_buffers);
}

BOOST_AUTO_TEST_CASE(who_gets_bytes_back_may_lend_again_at_once) {
    outbox box;
    box.borrow("abc", [&] { box.own("more"); });
    box.written(3);
    BOOST_TEST(text_of(box.buffers()) == "more");
    BOOST_TEST(box.size() == 4U);
}

BOOST_AUTO_TEST_SUITE_END()
