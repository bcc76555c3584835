// SPDX-License-Identifier: BSL-1.0
// tests/message/noted_edits.cpp - edits of one message, kept until its verdict
#include "milter/message/noted_edits.hpp"

#include <milter/wire/reply.hpp>

#include <boost/test/unit_test.hpp>

#include <support/print_error.hpp>

#include <string>
#include <vector>

namespace wire = milter::wire;
using milter::message::noted_edits;

BOOST_AUTO_TEST_SUITE(message_noted_edits)

BOOST_AUTO_TEST_CASE(each_edit_has_its_words_and_a_replaced_body_is_one) {
    noted_edits all;
    for (wire::any_reply const& one :
         {wire::any_reply(wire::add_header{"X-A", "1"}),
          wire::any_reply(wire::replace_body{"some "}), wire::any_reply(wire::replace_body{"text"}),
          wire::any_reply(wire::progress{}), wire::any_reply(wire::quarantine{"why"}),
          wire::any_reply(wire::replace_body{" more"})})
        BOOST_TEST(!all.note(one, false));
    BOOST_CHECK((all.texts == std::vector<std::string>{"add_header X-A: 1", "replace_body",
                                                       "quarantine why", "replace_body"}));
    BOOST_TEST(all.body == "some text more");
    BOOST_TEST(all.list.replaces_body);
    BOOST_TEST(all.list.quarantine.value() == "why");
    BOOST_TEST(all.list.headers.size() == 1U);
    BOOST_TEST(all.list.headers.at(0).value == " 1"); // with the blank that the MTA adds
    BOOST_TEST(all.keepalives == 1U);
}

BOOST_AUTO_TEST_CASE(a_verdict_is_no_edit) {
    noted_edits all;
    BOOST_TEST(!all.note(wire::accept{}, true));
    BOOST_TEST(all.texts.empty());
    BOOST_TEST(all.list.empty());
}

BOOST_AUTO_TEST_CASE(what_is_beyond_the_limits_is_not_kept) {
    milter::message::edit_limits const limits{2, 20, 10};
    noted_edits all;
    BOOST_TEST(!all.note(wire::replace_body{"12345"}, true, limits));
    BOOST_TEST(!all.note(wire::replace_body{"67890"}, true, limits));
    BOOST_TEST(all.note(wire::replace_body{"1"}, true, limits) == milter::errc::limit_exceeded);
    BOOST_TEST(all.body == "1234567890");
    BOOST_TEST(!all.note(wire::add_rcpt{"<a@b>"}, true, limits));
    BOOST_TEST(all.note(wire::add_rcpt{"<c@d>"}, true, limits) == milter::errc::limit_exceeded);
    BOOST_CHECK((all.texts == std::vector<std::string>{"replace_body", "add_rcpt <a@b>"}));

    noted_edits long_ones;
    BOOST_TEST(long_ones.note(wire::quarantine{"more than twenty bytes"}, true, limits) ==
               milter::errc::limit_exceeded);
}

BOOST_AUTO_TEST_SUITE_END()
