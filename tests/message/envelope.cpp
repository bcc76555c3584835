// SPDX-License-Identifier: BSL-1.0
// tests/message/envelope.cpp - addresses as the client wrote them

#include "milter/message/envelope.hpp"

#include <boost/test/unit_test.hpp>

namespace message = milter::message;
namespace wire = milter::wire;
using namespace std::string_view_literals;

BOOST_AUTO_TEST_SUITE(envelope)

BOOST_AUTO_TEST_CASE(null_sender_is_written_in_two_ways_76) {
    BOOST_TEST(message::is_null_sender("<>"));
    BOOST_TEST(message::is_null_sender(""));
    for (auto const* address : {"< >", "<a@b>", "a@b", "<", ">", "<><>"})
        BOOST_TEST(!message::is_null_sender(address));
}

BOOST_AUTO_TEST_CASE(brackets_are_taken_off_in_pairs_77) {
    std::pair<std::string_view, std::string_view> const rows[] = {
        {"<a@b>", "a@b"}, {"a@b", "a@b"},   {"<>", ""},
        {"", ""},         {"<", "<"},       {"<a", "<a"},
        {"a>", "a>"},     {"<<a>>", "<a>"}, {"<\"a b\"@c>", "\"a b\"@c"},
    };
    for (auto const& [address, bare] : rows) BOOST_TEST(message::bare_address(address) == bare);
}

BOOST_AUTO_TEST_CASE(mailbox_outlives_its_packet_with_its_arguments_75_228) {
    message::mailbox sender;
    {
        std::string text("<someone@example.com>SIZE=1000\0BODY=8BITMIME\0", 45);
        std::string_view const all = text;
        sender =
            message::to_mailbox(wire::mail{all.substr(0, 21), wire::zstr_list(all.substr(21))});
        text.assign(text.size(), '#');
    }
    BOOST_TEST(sender.address == "<someone@example.com>");
    auto const arguments = sender.arguments();
    BOOST_TEST(std::vector<std::string>(arguments.begin(), arguments.end()) ==
                   (std::vector<std::string>{"SIZE=1000", "BODY=8BITMIME"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(recipient_without_arguments_has_none) {
    auto const one = message::to_mailbox(wire::rcpt{"b@c", {}});
    BOOST_TEST(one.address == "b@c");
    BOOST_TEST(one.arguments().empty());
}

BOOST_AUTO_TEST_CASE(cleared_envelope_is_empty) {
    message::envelope all;
    all.sender = message::to_mailbox(wire::mail{"<a@b>", wire::zstr_list("X\0"sv)});
    all.recipients.push_back(message::to_mailbox(wire::rcpt{"<c@d>", {}}));
    all.clear();
    BOOST_TEST(all.sender.address == "");
    BOOST_TEST(all.sender.arguments().empty());
    BOOST_TEST(all.recipients.empty());
}

BOOST_AUTO_TEST_SUITE_END()
