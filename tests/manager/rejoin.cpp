// SPDX-License-Identifier: BSL-1.0
// tests/manager/rejoin.cpp - a milter that comes late or comes back is told what it missed
//
// Source: protocol.md 9.8; statements 258, 260, 262.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

using list = std::vector<std::string>;
constexpr auto per_element = boost::test_tools::per_element();

/// A session in which the second milter was lost at HELO.
void begin_and_lose(manager_rig& rig) {
    rig.filter(1).on("helo", then_close(), once);
    rig.begin();
}

std::string mail(manager_rig& rig) { return rig.send(wire::mail{"<a@client.test>", {}}); }

} // namespace

BOOST_AUTO_TEST_SUITE(rejoin)

BOOST_AUTO_TEST_CASE(connect_and_the_latest_helo_are_told_again_with_their_macros_258) {
    manager_rig rig(2);
    rig.mta.like_postfix();
    begin_and_lose(rig);
    rig.mta.macros[wire::command_code::helo] = {{"{tls_version}", "TLSv1.3"}};
    rig.send(wire::helo{"second.test"});
    BOOST_TEST(mail(rig) == "continue");
    list lines = rig.filter(1).lines();
    lines.erase(lines.begin(), std::find(lines.begin(), lines.end(), "|"));
    lines.erase(lines.begin(), lines.begin() + 2); // "|", the offer
    std::string const macros =
        "macros connect \"j\"=\"mx.test\" \"{daemon_addr}\"=\"127.0.0.1\" \"v\"=\"Postfix 3.7.11\"";
    BOOST_TEST(
        lines == (list{macros, "connect \"client.test\" 4 \"192.0.2.1\" port 1025",
                       "macros helo \"{tls_version}\"=\"TLSv1.3\"", "helo \"second.test\"",
                       "macros mail \"{mail_addr}\"=\"a@client.test\" \"{auth_authen}\"=\"alice\"",
                       "mail \"<a@client.test>\""}),
        per_element);
}

BOOST_AUTO_TEST_CASE(second_message_after_a_rejoin_needs_no_third_connection_262) {
    manager_rig rig(2);
    begin_and_lose(rig);
    rig.message();
    rig.message();
    BOOST_TEST(rig.filter(1).connections() == 2U);
    BOOST_TEST(rig.filter(1).judged().size() == 2U);
    BOOST_TEST(rig.filter(1).story() ==
               "connect helo | connect helo mail rcpt data header header header end_of_headers "
               "body end_of_message "
               "mail rcpt data header header header end_of_headers body end_of_message");
}

BOOST_AUTO_TEST_CASE(helo_after_a_rejoin_is_told_once) {
    manager_rig rig(2);
    begin_and_lose(rig);
    rig.message();
    rig.send(wire::helo{"again.test"});
    mail(rig);
    BOOST_TEST(rig.filter(1).story() == "connect helo | connect helo mail rcpt data header header "
                                        "header end_of_headers body end_of_message "
                                        "helo mail");
}

BOOST_AUTO_TEST_CASE(
    refusal_of_the_client_told_again_is_the_answer_to_mail_and_all_that_follows_260) {
    for (std::string const stage : {"connect", "helo"}) BOOST_TEST_CONTEXT(stage) {
            manager_rig rig(3);
            begin_and_lose(rig);
            rig.filter(1).on(stage, say_text("550 5.7.1 now I know"));
            BOOST_TEST(mail(rig) == "reply \"550 5.7.1 now I know\"");
            BOOST_TEST(rig.send(wire::rcpt{"<b@mx.test>", {}}) == "reply \"550 5.7.1 now I know\"");
            rig.send(wire::abort{});
            BOOST_TEST(mail(rig) ==
                       "reply \"550 5.7.1 now I know\""); // the client is refused, not the message
            BOOST_TEST(rig.send(wire::helo{"again.test"}) == "continue");
        }
}

BOOST_AUTO_TEST_CASE(accepting_the_client_told_again_lets_the_milter_off) {
    manager_rig rig(2);
    begin_and_lose(rig);
    rig.filter(1).on("connect", say(wire::accept{}));
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(1).story() == "connect helo | connect quit");
}

BOOST_AUTO_TEST_CASE(recipients_and_data_are_not_told_to_who_joins_at_mail) {
    manager_rig rig(2);
    rig.begin();
    rig.filter(1).on("data", then_close(), once);
    BOOST_TEST(rig.envelope() ==
               "continue, continue, reply \"451 4.7.1 Service unavailable - try again later\"");
    rig.send(wire::abort{});
    mail(rig);
    BOOST_TEST(rig.filter(1).story() == "connect helo mail rcpt data | connect helo mail");
}

BOOST_AUTO_TEST_CASE(milter_lost_in_a_message_stays_out_of_it) {
    manager_rig rig(2);
    rig.config.milters[1].on_error = manager::on_error::accept;
    rig.filter(1).on("rcpt", then_close(), once);
    rig.begin();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(1).connections() == 1U);
    rig.message();
    BOOST_TEST(rig.filter(1).connections() == 2U);
}

BOOST_AUTO_TEST_CASE(wishes_of_a_fresh_connection_count_within_what_the_mta_granted_256) {
    manager_rig rig(2);
    rig.filter(1).wants.actions = wire::action::add_header;
    rig.filter(0).wants.actions = wire::action::none;
    begin_and_lose(rig);
    rig.filter(1).wants.actions = wire::action::add_header | wire::action::change_body;
    rig.filter(1).wants.steps = wire::step::no_header;
    rig.filter(1).on("end_of_message", say(wire::replace_body{"new"}, wire::proceed{}));
    BOOST_TEST(rig.message() == "reply \"451 4.7.1 Service unavailable - try again later\"");
    BOOST_TEST(rig.filter(1).offer().actions ==
               (wire::action::add_header | wire::action::set_macro_list));
    BOOST_TEST(rig.filter(1).message().headers.empty());
    BOOST_TEST(rig.logged("b: replace_body 3 bytes: not negotiated"));
}

BOOST_AUTO_TEST_CASE(connection_is_tried_at_each_mail_and_at_no_other_command) {
    manager_rig rig(1);
    rig.config.milters[0].on_error = manager::on_error::accept;
    rig.filter(0).arrivals.assign(10, scripted_filter::arrival::refused);
    rig.begin();
    BOOST_TEST(rig.filter(0).connections() == 1U);
    rig.message();
    BOOST_TEST(rig.filter(0).connections() == 2U);
    rig.send(wire::unknown{"FOO"});
    rig.send(wire::helo{"again.test"});
    BOOST_TEST(rig.filter(0).connections() == 2U);
    mail(rig);
    BOOST_TEST(rig.filter(0).connections() == 3U);
}

BOOST_AUTO_TEST_CASE(milter_that_stays_down_is_named_once_in_a_session) {
    manager_rig rig(1);
    rig.config.milters[0].on_error = manager::on_error::accept;
    rig.filter(0).arrivals.assign(10, scripted_filter::arrival::refused);
    rig.begin();
    auto const told = [&] {
        return std::count_if(rig.log().begin(), rig.log().end(), [](auto const& line) {
            return line.find("a: cannot connect to ") == 0;
        });
    };
    for (int i = 0; i < 3; ++i) BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(told() == 1);
    for (auto const& record : rig.decisions()) BOOST_TEST(record.milters[0].verdict == "error");

    rig.filter(0).arrivals.clear(); // up again, lost, down again: that is news
    rig.filter(0).on("end_of_message", then_close());
    rig.message();
    rig.filter(0).arrivals.assign(10, scripted_filter::arrival::refused);
    rig.message();
    BOOST_TEST(told() == 2);
}

BOOST_AUTO_TEST_SUITE_END()
