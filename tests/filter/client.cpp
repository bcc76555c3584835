// SPDX-License-Identifier: BSL-1.0
// tests/filter/client.cpp - clients and addresses as handlers see them

#include "milter/filter/client.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

namespace filter = milter::filter;
namespace wire = milter::wire;
using namespace std::string_view_literals;

BOOST_AUTO_TEST_SUITE(client)

BOOST_AUTO_TEST_CASE(an_address_of_sendmail_has_no_tag) {
    filter::client const from({"mx", wire::family::inet6, 25, "IPv6:2001:db8::1"});
    BOOST_TEST(from.address() == "2001:db8::1");
    BOOST_TEST(from.name() == "mx");
    BOOST_TEST(from.port() == 25);
}

BOOST_AUTO_TEST_CASE(an_address_has_its_parts) {
    struct row {
        std::string_view raw, mailbox, local_part, domain;
    };
    for (auto const& [raw, mailbox, local_part, domain] : {
             row{"<a@example.com>", "a@example.com", "a", "example.com"},
             row{"a@example.com", "a@example.com", "a", "example.com"},
             row{"<\"a@b\"@example.com>", "\"a@b\"@example.com", "\"a@b\"", "example.com"},
             row{"<postmaster>", "postmaster", "postmaster", ""},
             row{"<>", "", "", ""},
         }) {
        filter::envelope_address const one(wire::mail{raw, {}});
        BOOST_TEST(one.raw() == raw);
        BOOST_TEST(one.mailbox() == mailbox);
        BOOST_TEST(one.local_part() == local_part);
        BOOST_TEST(one.domain() == domain);
        BOOST_TEST(one.is_null() == mailbox.empty());
    }
    BOOST_TEST((filter::recipient(wire::rcpt{"<a@b>", {}}) == "a@b"sv));
    BOOST_TEST((filter::recipient(wire::rcpt{"a@b", {}}) == "<a@b>"sv));
}

BOOST_AUTO_TEST_CASE(arguments_are_found_by_name) {
    filter::sender const from(
        wire::mail{"<a@b>", wire::zstr_list("SIZE=1000\0SMTPUTF8\0BODY=8=BIT\0"sv)});
    BOOST_TEST(from.argument("size").value() == "1000");
    BOOST_TEST(from.argument("BODY").value() == "8=BIT");
    BOOST_TEST(from.argument("SMTPUTF8").value() == "");
    BOOST_TEST(!from.argument("SIZ"));
}

BOOST_AUTO_TEST_SUITE_END()
