// SPDX-License-Identifier: BSL-1.0
// tests/manager/nothing_is_lost.cpp - what one peer says comes to the others whole, and nothing else does
//
// Ends of names: the defect of milter manager 2.3.2 that dropped or rewrote it there (docs/operations.md, "Moving from
// milter manager").

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

using list = std::vector<std::string>;
constexpr auto per_element = boost::test_tools::per_element();

wire::zstr_list packed(std::string const& raw) { return wire::zstr_list(raw); }

} // namespace

BOOST_AUTO_TEST_SUITE(nothing_is_lost)

BOOST_AUTO_TEST_CASE(esmtp_arguments_come_to_every_milter_E1) {
    manager_rig rig(2);
    rig.begin();
    std::string const of_mail("SIZE=1000\0BODY=8BITMIME\0AUTH=<>", 31);
    std::string const of_rcpt("NOTIFY=SUCCESS,DELAY\0ORCPT=rfc822;b@mx.test", 43);
    auto const mail = of_mail + '\0', rcpt = of_rcpt + '\0';
    rig.send(wire::mail{"<a@client.test>", packed(mail)});
    rig.send(wire::rcpt{"<b@mx.test>", packed(rcpt)});
    for (std::size_t k = 0; k < 2; ++k) {
        BOOST_TEST(rig.filter(k).last("mail") ==
                   "mail \"<a@client.test>\" \"SIZE=1000\" \"BODY=8BITMIME\" \"AUTH=<>\"");
        BOOST_TEST(rig.filter(k).last("rcpt") ==
                   "rcpt \"<b@mx.test>\" \"NOTIFY=SUCCESS,DELAY\" \"ORCPT=rfc822;b@mx.test\"");
    }
}

BOOST_AUTO_TEST_CASE(list_of_macros_of_one_milter_takes_none_from_another_E12) {
    manager_rig rig(2);
    rig.mta.like_postfix();
    auto const mail = static_cast<std::size_t>(wire::macro_stage::mail);
    rig.filter(0).wants.lists[mail] = "{auth_authen}";
    rig.filter(0).wants.actions |= wire::action::set_macro_list;
    rig.begin();
    // the MTA is asked for what the other one gets without a list, too
    auto const& asked = rig.mta.agreed().lists[mail];
    BOOST_REQUIRE(asked.has_value());
    for (std::string_view const name : {"{auth_authen}", "{mail_addr}", "i"})
        BOOST_TEST((asked->find(name) != std::string::npos), name);
    rig.message();
    BOOST_TEST(rig.filter(0).macros("mail") == list{"\"{auth_authen}\"=\"alice\""}, per_element);
    BOOST_TEST(rig.filter(1).macros("mail") ==
                   list{"\"{auth_authen}\"=\"alice\" \"{mail_addr}\"=\"a@client.test\""},
               per_element);
}

BOOST_AUTO_TEST_CASE(milter_with_a_list_of_one_stage_has_the_macros_of_the_others_E12) {
    manager_rig rig(1);
    rig.mta.like_postfix();
    rig.filter(0).wants.lists[static_cast<std::size_t>(wire::macro_stage::mail)] = "{mail_addr}";
    rig.filter(0).wants.actions |= wire::action::set_macro_list;
    rig.begin();
    rig.message();
    auto const& filter = rig.filter(0);
    BOOST_TEST(filter.macros("mail") == list{"\"{mail_addr}\"=\"a@client.test\""}, per_element);
    BOOST_REQUIRE(filter.macros("rcpt").size() == 1U);
    BOOST_TEST(filter.macros("rcpt")[0].find("\"{rcpt_addr}\"=\"b@mx.test\"") != std::string::npos);
    BOOST_TEST(filter.macros("end_of_message") == list{"\"i\"=\"4711\""}, per_element);
}

BOOST_AUTO_TEST_CASE(mta_grants_no_action_that_no_milter_wants_E14) {
    manager_rig rig(2);
    rig.filter(0).wants.actions = wire::action::add_header;
    rig.filter(1).wants.actions = wire::action::change_from;
    rig.negotiate();
    BOOST_TEST(
        (rig.mta.agreed().actions == (wire::action::add_header | wire::action::change_from)));

    manager_rig none(1);
    none.filter(0).wants.actions = wire::action::none;
    none.negotiate();
    BOOST_TEST((none.mta.agreed().actions == wire::action::none));
}

BOOST_AUTO_TEST_CASE(header_inserted_among_others_of_its_name_is_one_request_E19) {
    for (std::size_t const milters : {1U, 2U}) BOOST_TEST_CONTEXT(milters) {
            manager_rig rig(milters);
            rig.filter(0).on("end_of_message",
                             say(wire::insert_header{0, "Received", "from here"}, wire::proceed{}),
                             once);
            rig.filter(0).on("end_of_message",
                             say(wire::insert_header{1, "Authentication-Results", "mx.test; none"},
                                 wire::proceed{}));
            rig.begin();
            rig.envelope();
            rig.content({{"Received", " one"}, {"Received", " two"}, {"Received", " three"}});
            BOOST_TEST(rig.end() == "insert_header 0 \"Received\" \" from here\"; continue");
            rig.envelope();
            rig.content({{"Authentication-Results", " other.test; pass"}, {"From", " a"}});
            BOOST_TEST(rig.end() ==
                       "insert_header 1 \"Authentication-Results\" \" mx.test; none\"; continue");
        }
}

BOOST_AUTO_TEST_CASE(headers_that_two_milters_insert_leave_those_of_the_message_alone_E19) {
    manager_rig rig(2);
    rig.filter(0).on("end_of_message",
                     say(wire::insert_header{0, "Received", "first"}, wire::proceed{}));
    rig.filter(1).on("end_of_message",
                     say(wire::insert_header{0, "Received", "second"}, wire::proceed{}));
    rig.begin();
    rig.envelope();
    rig.content({{"Received", " one"}, {"Received", " two"}});
    auto const heard = rig.end();
    BOOST_TEST(heard.find("change_header") == std::string::npos, heard);
    for (std::string_view const part : {"\" first\"", "\" second\"", "; continue"})
        BOOST_TEST((heard.find(part) != std::string::npos), heard);
}

BOOST_AUTO_TEST_CASE(body_with_zeros_comes_as_it_is_also_in_the_last_packet_E22) {
    manager_rig rig(2);
    std::string const zeros("a\0b\0\0c\r\n", 8);
    std::string const last("d\0e\r\n", 5);
    rig.begin();
    rig.envelope();
    rig.content(manager_rig::usual_headers(), zeros);
    BOOST_TEST(rig.send(wire::end_of_message{last}) == "continue");
    for (std::size_t k = 0; k < 2; ++k) BOOST_TEST((rig.filter(k).message().body == zeros + last));
}

BOOST_AUTO_TEST_SUITE_END()
