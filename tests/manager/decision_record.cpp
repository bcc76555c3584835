// SPDX-License-Identifier: BSL-1.0
// tests/manager/decision_record.cpp - one record for each message: who said what, who decided, what was changed

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

using list = std::vector<std::string>;
using code = wire::command_code;
constexpr auto per_element = boost::test_tools::per_element();

/// The only record so far.
manager::decision const& only(manager_rig const& rig) {
    BOOST_REQUIRE(rig.decisions().size() == 1U);
    return rig.decisions().front();
}

std::string mail(manager_rig& rig) { return rig.send(wire::mail{"<a@client.test>", {}}); }
std::string rcpt(manager_rig& rig, std::string_view address = "<b@mx.test>") {
    return rig.send(wire::rcpt{address, {}});
}

} // namespace

BOOST_AUTO_TEST_SUITE(decision_record)

BOOST_AUTO_TEST_CASE(of_a_client_that_did_not_introduce_itself_does_not_name_the_one_before) {
    manager_rig rig(1);
    rig.begin();
    rig.message();
    rig.send(wire::quit_new_connection{});
    mail(rig);
    rig.mta_closes();
    BOOST_REQUIRE(rig.decisions().size() == 2U);
    BOOST_TEST(rig.decisions()[0].client_address == "192.0.2.1");
    BOOST_TEST(rig.decisions()[1].client_name == "");
    BOOST_TEST(rig.decisions()[1].client_address == "");
    BOOST_TEST(rig.decisions()[1].helo == "");
}

BOOST_AUTO_TEST_CASE(tells_all_about_an_accepted_message) {
    manager_rig rig(2);
    rig.mta.like_postfix();
    rig.filter(0).on("rcpt \"<two", say_text("550 5.1.1 no two"));
    rig.filter(1).on(
        "end_of_message",
        say(wire::add_header{"X-B", "1"}, wire::replace_body{"x"}, wire::proceed{}).after(2s));
    rig.begin();
    mail(rig);
    rcpt(rig);
    rcpt(rig, "<two@mx.test>");
    rig.send(wire::data{});
    rig.content({{"Message-ID", " <1@client.test>"}, {"Subject", " hello"}}, "hello\r\n");
    rig.end();
    auto const& record = only(rig);
    BOOST_TEST(record.session == 7U);
    BOOST_TEST(record.transaction == 1U);
    BOOST_TEST(record.listener == "in");
    BOOST_TEST(record.queue_id == "4711");
    BOOST_TEST(record.message_id == "<1@client.test>");
    BOOST_TEST(record.client_name == "client.test");
    BOOST_TEST(record.client_address == "192.0.2.1");
    BOOST_TEST(record.helo == "client.test");
    BOOST_TEST(record.authenticated == "alice");
    BOOST_TEST(record.sender == "<a@client.test>");
    BOOST_TEST(record.recipient_count == 2U);
    BOOST_REQUIRE(record.recipients.size() == 2U);
    BOOST_TEST(record.recipients[0].address == "<b@mx.test>");
    BOOST_TEST(record.recipients[0].verdict == "continue");
    BOOST_TEST(record.recipients[1].verdict == "550 5.1.1 no two");
    BOOST_TEST(record.recipients[1].decided_by == "a");
    BOOST_TEST(record.verdict == "accept");
    BOOST_TEST(record.text == "");
    BOOST_TEST(record.decided_by == "");
    BOOST_TEST(record.stage == "end_of_message");
    BOOST_TEST(record.edits == (list{"add_header \"X-B\" \" 1\"", "replace_body 1 bytes"}),
               per_element);
    BOOST_TEST(record.edit_count == 2U);
    constexpr std::string_view message =
        "Message-ID: <1@client.test>\r\nSubject: hello\r\n\r\nhello\r\n";
    BOOST_TEST(record.size.value_or(0) == message.size());
    BOOST_TEST((record.time == 2s));
    BOOST_REQUIRE(record.milters.size() == 2U);
    BOOST_TEST(record.milters[0].name == "a");
    BOOST_TEST(record.milters[0].verdict == "continue");
    BOOST_TEST(record.milters[0].stage == "end_of_message");
    BOOST_TEST(record.milters[0].edits == 0U);
    BOOST_TEST(record.milters[1].edits == 2U);
    BOOST_TEST((record.milters[1].time == 2s));
}

BOOST_AUTO_TEST_CASE(names_who_refused_where_and_with_what_words) {
    for (std::string const stage :
         {"mail", "data", "header", "end_of_headers", "body", "end_of_message"})
        BOOST_TEST_CONTEXT(stage) {
            manager_rig rig(3);
            rig.filter(1).on(stage, say_text("550 5.7.1 not this"));
            rig.begin();
            rig.message();
            rig.send(wire::abort{});
            rig.send(wire::quit{});
            auto const& record = only(rig);
            BOOST_TEST(record.verdict == "reject");
            BOOST_TEST(record.text == "550 5.7.1 not this");
            BOOST_TEST(record.decided_by == "b");
            bool const envelope =
                stage == "mail" || stage == "data"; // the second sees content at the end only
            BOOST_TEST(record.stage == (envelope ? stage : "end_of_message"));
            BOOST_TEST(record.milters[1].verdict == "reject");
            BOOST_TEST(record.milters[1].stage == stage);
            BOOST_TEST(record.milters[1].reason == "550 5.7.1 not this");
            BOOST_TEST(record.milters[2].verdict == (stage == "mail" ? "not asked" : "continue"));
        }
}

BOOST_AUTO_TEST_CASE(of_a_failure_gives_its_reason) {
    manager_rig rig(2);
    rig.config.milters[0].on_error = manager::on_error::accept;
    rig.filter(0).on("rcpt", then_close());
    rig.begin();
    rig.message();
    auto const& record = only(rig);
    BOOST_TEST(record.verdict == "accept");
    BOOST_TEST(record.milters[0].verdict == "error");
    BOOST_TEST(record.milters[0].reason ==
               "waiting for the reply to rcpt: connection closed by peer");
}

BOOST_AUTO_TEST_CASE(counts_messages_of_the_session_and_forgets_the_one_before) {
    manager_rig rig(1);
    rig.mta.like_postfix();
    rig.filter(0).on("end_of_message",
                     say(wire::add_header{"X", "1"}, wire::quarantine{"q"}, wire::proceed{}), once);
    rig.begin();
    rig.message();
    rig.mta.macros[code::end_of_message] = {{"i", "4712"}};
    rig.message();
    BOOST_REQUIRE(rig.decisions().size() == 2U);
    BOOST_TEST(rig.decisions()[0].verdict == "quarantine");
    BOOST_TEST(rig.decisions()[0].quarantine == "q");
    BOOST_TEST(rig.decisions()[1].transaction == 2U);
    BOOST_TEST(rig.decisions()[1].verdict == "accept");
    BOOST_TEST(rig.decisions()[1].queue_id == "4712");
    BOOST_TEST(rig.decisions()[1].edits.empty());
    BOOST_TEST(rig.decisions()[1].quarantine.empty());
}

BOOST_AUTO_TEST_CASE(of_a_message_broken_off_keeps_its_queue_id_and_user) {
    for (std::string const by : {"abort", "mail", "helo", "quit", "end"}) BOOST_TEST_CONTEXT(by) {
            manager_rig rig(1);
            rig.mta.like_sendmail();
            rig.mta.macros[code::mail] = {{"i", "first"}, {"{auth_authen}", "alice"}};
            rig.begin();
            mail(rig);
            rcpt(rig);
            rig.mta.macros[code::mail] = {{"i", "second"}};
            if (by == "abort") rig.send(wire::abort{});
            if (by == "mail") mail(rig);
            if (by == "helo") rig.send(wire::helo{"again.test"});
            if (by == "quit") rig.send(wire::quit{});
            if (by == "end") rig.mta_closes();
            auto const& record = only(rig);
            BOOST_TEST(record.verdict == "aborted");
            BOOST_TEST(record.queue_id == "first");
            BOOST_TEST(record.authenticated == "alice");
            BOOST_TEST(record.helo == "client.test");
        }
}

BOOST_AUTO_TEST_CASE(of_a_message_that_lost_all_recipients_says_so) {
    manager_rig rig(1);
    rig.filter(0).on("rcpt", say_text("550 5.1.1 unknown"));
    rig.begin();
    mail(rig);
    rcpt(rig);
    rig.send(wire::abort{});
    BOOST_TEST(only(rig).verdict == "no_recipients");
    BOOST_TEST(only(rig).recipient_count == 1U);
    BOOST_TEST(only(rig).recipients.front().verdict == "550 5.1.1 unknown");
}

BOOST_AUTO_TEST_CASE(of_a_refused_message_that_is_broken_off_keeps_the_refusal) {
    manager_rig rig(1);
    rig.config.limits.recipients = 1;
    rig.begin();
    mail(rig);
    rcpt(rig);
    rcpt(rig);
    rig.send(wire::abort{});
    BOOST_TEST(only(rig).verdict == "tempfail");
    BOOST_TEST(only(rig).decided_by == "manager");
    BOOST_TEST(only(rig).text == "451 4.3.0 Mail filtering failed - try again later");
    BOOST_TEST(only(rig).stage == "rcpt");

    manager_rig content(2);
    content.filter(0).on("header", say(wire::discard{}));
    content.begin();
    content.envelope();
    content.content();
    content.mta_closes();
    BOOST_TEST(only(content).verdict == "discard");
    BOOST_TEST(only(content).decided_by == "a");
    BOOST_TEST(only(content).stage == "content");
}

BOOST_AUTO_TEST_CASE(keeps_fifty_recipients_and_edits_and_counts_the_rest) {
    manager_rig rig(1);
    std::string edits;
    for (int i = 0; i < 60; ++i) wire::encode(edits, wire::add_header{"X", std::to_string(i)});
    wire::encode(edits, wire::proceed{});
    rig.filter(0).on("end_of_message", raw(edits));
    rig.filter(0).on("rcpt \"<last", say(wire::reject{}));
    rig.begin();
    mail(rig);
    for (int i = 0; i < 60; ++i) rcpt(rig);
    rcpt(rig, "<last@mx.test>");
    rig.content();
    rig.end();
    BOOST_TEST(only(rig).recipients.size() == 50U);
    BOOST_TEST(only(rig).recipient_count == 61U);
    for (auto const& one : only(rig).recipients) BOOST_TEST(one.verdict == "continue");
    BOOST_TEST(only(rig).edits.size() == 50U);
    BOOST_TEST(only(rig).edit_count == 60U);
}

BOOST_AUTO_TEST_CASE(cuts_long_texts) {
    manager_rig rig(1);
    rig.begin();
    rig.send(wire::mail{std::string(5000, 'a'), {}});
    rcpt(rig, std::string(5000, 'b'));
    rig.send(wire::header{"Message-Id", std::string(5000, 'm')});
    rig.send(wire::end_of_headers{});
    rig.end();
    BOOST_TEST(only(rig).sender.size() == manager::record_text_limit);
    BOOST_TEST(only(rig).recipients[0].address.size() == manager::record_text_limit);
    BOOST_TEST(only(rig).message_id.size() == manager::record_text_limit);
}

BOOST_AUTO_TEST_CASE(address_of_ipv6_is_spelled_alike_whatever_the_mta_wrote) {
    struct {
        char const *said, *recorded;
    } const rows[] = {
        {"IPv6:2001:db8::1", "2001:db8::1"},
        {"IPv6:2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"IPv6:0:0:0:0:0:0:0:1", "::1"},
        {"IPv6:fe80::1%eth0", "fe80::1%eth0"}, // no address: as it is
    };
    for (auto const& row : rows) {
        manager_rig rig(1);
        rig.negotiate();
        rig.send(wire::connect{"client.test", wire::family::inet6, 25, row.said});
        rig.message();
        BOOST_TEST(only(rig).client_address == row.recorded);
    }
}

BOOST_AUTO_TEST_SUITE_END()
