// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_macro.cpp - the macros of each stage, as both MTAs send them, and as a milter asks for them

#include "test-server/macro.hpp"
#include <milter/proto/macros.hpp>

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>

using namespace milter::test_server;
namespace proto = milter::proto;
namespace wire = milter::wire;
using code = wire::command_code;

namespace {

struct fixture {
    session_plan plan;
    smtp_path sender{"<a@client.test>", {}};
    smtp_path recipient{"<b@mx.test>", {}};
    macro_state state{&sender, &recipient, false, true, "Q1", "<1@client.test>"};
    proto::agreement agreed;

    /// `name=value` separated by blanks.
    std::string at(code stage) const {
        auto const packed = macros_for(stage, plan, state, agreed).value_or("");
        std::string text;
        bool is_name = true;
        for (auto const one : wire::zstr_list(packed)) {
            if (is_name && !text.empty()) text += ' ';
            text.append(one);
            if (is_name) text += '=';
            is_name = !is_name;
        }
        return text;
    }

    /// The names alone.
    std::string names(code stage) const {
        auto const packed = macros_for(stage, plan, state, agreed).value_or("");
        std::string text;
        wire::zstr_list const pairs(packed);
        for (auto one = pairs.begin(); one != pairs.end(); ++one, ++one)
            text.append(text.empty() ? "" : " ").append(*one);
        return text;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_server_macro, fixture)

BOOST_AUTO_TEST_CASE(postfix_sends_its_defaults_53) {
    BOOST_TEST(names(code::connect) ==
               "j {daemon_name} {daemon_addr} v _ {client_addr} {client_name} {client_port} "
               "{client_ptr} {client_resolve}");
    BOOST_TEST(names(code::helo) == "{tls_version} {cipher} {cipher_bits}");
    BOOST_TEST(at(code::mail) ==
               "i=Q1 {mail_addr}=a@client.test {mail_host}=client.test {mail_mailer}=smtp");
    BOOST_TEST(at(code::rcpt) ==
               "i=Q1 {rcpt_addr}=b@mx.test {rcpt_host}=mx.test {rcpt_mailer}=local");
    for (auto const stage :
         {code::data, code::header, code::end_of_headers, code::body, code::end_of_message})
        BOOST_TEST(at(stage) == "i=Q1");
    BOOST_TEST(at(code::unknown).empty());
}

BOOST_AUTO_TEST_CASE(client_without_a_name_does_not_resolve) {
    BOOST_TEST(at(code::connect).ends_with("{client_resolve}=OK"));
    for (auto const* const host : {"unknown", "[192.0.2.9]"}) {
        plan.client.host = host;
        BOOST_TEST(at(code::connect).ends_with("{client_resolve}=FAIL"));
    }
}

BOOST_AUTO_TEST_CASE(postfix_has_no_queue_id_before_the_first_recipient) {
    state.has_recipient = false;
    BOOST_TEST(names(code::rcpt) == "{rcpt_addr} {rcpt_host} {rcpt_mailer}");
    BOOST_TEST(names(code::mail).find("i ") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(sendmail_sends_its_defaults) {
    plan.mta = with_usual_macros(find_profile("sendmail-8.17"));
    state.has_recipient = false;
    BOOST_TEST(names(code::connect).starts_with("j _ {daemon_name} {if_name} {if_addr}"));
    BOOST_TEST(names(code::mail) == "i {mail_mailer} {mail_host} {mail_addr}");
    BOOST_TEST(at(code::end_of_message) == "{msg_id}=<1@client.test>");
    for (auto const stage : {code::data, code::header, code::end_of_headers, code::body})
        BOOST_TEST(at(stage).empty());
}

BOOST_AUTO_TEST_CASE(what_the_user_gives_is_sent_besides_or_instead) {
    plan.macros[code::connect] = {{"j", "other.test"}, {"{mine}", "1"}};
    BOOST_TEST(at(code::connect).starts_with("j=other.test "));
    BOOST_TEST(at(code::connect).ends_with(" {mine}=1"));
    plan.macros[code::mail] = {{"{auth_authen}", "alice"}};
    BOOST_TEST(at(code::mail).find("{auth_authen}=alice") != std::string::npos);
    BOOST_TEST(at(code::rcpt).find("mine") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_list_of_the_milter_is_answered_exactly_51_52_193) {
    agreed.lists[wire::macro_stage_index(code::connect)] = "{client_ptr}, {j} {nonsense} {mine}";
    plan.macros[code::connect] = {{"{mine}", "1"}, {"{other}", "2"}};
    BOOST_TEST(at(code::connect) == "{client_ptr}=mx.example.net {j}=mail.example.com {mine}=1");
    agreed.lists[wire::macro_stage_index(code::helo)] = "";
    BOOST_TEST(at(code::helo).empty());
}

BOOST_AUTO_TEST_CASE(postfix_uses_the_lists_of_the_ends_for_headers_and_chunks) {
    agreed.lists[wire::macro_stage_index(code::end_of_headers)] = "";
    agreed.lists[wire::macro_stage_index(code::end_of_message)] = "{mail_addr}";
    BOOST_TEST(at(code::header).empty());
    BOOST_TEST(at(code::body) == "{mail_addr}=a@client.test");
    plan.mta = with_usual_macros(find_profile("sendmail-8.17"));
    BOOST_TEST(at(code::body).empty());
}

BOOST_AUTO_TEST_CASE(a_recipient_that_the_mta_refuses_has_an_error_for_a_mailer_194) {
    state.refused = true;
    BOOST_TEST(at(code::rcpt) ==
               "i=Q1 {rcpt_addr}=User unknown {rcpt_host}=5.1.1 {rcpt_mailer}=error");
}

BOOST_AUTO_TEST_CASE(addresses_of_ipv6_are_tagged_and_unknown_clients_have_none) {
    plan.client.family = wire::family::inet6;
    plan.client.address = "2001:db8::1";
    BOOST_TEST(at(code::connect).find("{client_addr}=IPv6:2001:db8::1 ") != std::string::npos);
    plan.client.family = wire::family::unknown;
    BOOST_TEST(at(code::connect).find("client_addr") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_null_sender_has_an_empty_address) {
    sender.address = "<>";
    BOOST_TEST(at(code::mail).find("{mail_addr}=") != std::string::npos);
    BOOST_TEST(at(code::mail).find("{mail_addr}= {mail_host}") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(macro_options_may_leave_out_braces) {
    BOOST_TEST(parse_macro("auth_type:PLAIN").first == "{auth_type}");
    BOOST_TEST(parse_macro("{auth_type}:PLAIN").first == "{auth_type}");
    BOOST_TEST(parse_macro("i:Q:2").first == "i");
    BOOST_TEST(parse_macro("i:Q:2").second == "Q:2");
    BOOST_CHECK_THROW(parse_macro("i"), std::invalid_argument);
    BOOST_CHECK_THROW(parse_macro(":x"), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
