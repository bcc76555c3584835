// SPDX-License-Identifier: BSL-1.0
// tests/manager/envelope.cpp - CONNECT to DATA through several milters: who is asked, who decides
//
// Source: statements 229-236, 269, 271.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

constexpr char const* to_data = "connect helo mail rcpt data";
constexpr char const* whole_message =
    "connect helo mail rcpt data header header header end_of_headers body end_of_message";

/// The stages of the envelope, as commands that can be sent.
std::string send_stage(manager_rig& rig, std::string const& stage) {
    if (stage == "connect")
        return rig.send(wire::connect{"client.test", wire::family::inet, 1025, "192.0.2.1"});
    if (stage == "helo") return rig.send(wire::helo{"client.test"});
    if (stage == "mail") return rig.send(wire::mail{"<a@client.test>", {}});
    if (stage == "rcpt") return rig.send(wire::rcpt{"<b@mx.test>", {}});
    if (stage == "data") return rig.send(wire::data{});
    return rig.send(wire::unknown{"FOO"});
}

std::string up_to(std::string const& stage) {
    std::string const all = to_data;
    return all.substr(0, all.find(stage) + stage.size());
}

/// Negotiates and sends the envelope up to and with `stage`. @return the answer to it
std::string reach(manager_rig& rig, std::string const& stage) {
    rig.negotiate();
    std::string answer;
    for (std::string const one : {"connect", "helo", "mail", "rcpt", "data"}) {
        answer = send_stage(rig, one);
        if (one == stage) break;
    }
    return answer;
}

} // namespace

BOOST_AUTO_TEST_SUITE(envelope)

BOOST_AUTO_TEST_CASE(first_refusal_stops_the_stage_and_later_milters_are_not_told_143_229_230_236) {
    for (std::string const stage : {"connect", "helo", "mail", "rcpt", "data"})
        BOOST_TEST_CONTEXT(stage) {
            manager_rig rig(3);
            rig.filter(1).on(stage, say(wire::reject{}));
            rig.filter(2).on(stage, say(wire::tempfail{})); // must not win, nor even be asked
            BOOST_TEST(reach(rig, stage) == "reject");
            auto const seen = up_to(stage);
            bool const of_client = stage == "connect" || stage == "helo";
            // the refuser needs no ABORT; who saw MAIL gets one when the message is over for all
            std::string const ended = of_client ? " quit" : stage == "rcpt" ? "" : " abort";
            BOOST_TEST(rig.filter(0).story() == seen + ended);
            BOOST_TEST(rig.filter(1).story() == seen + (of_client ? " quit" : ""));
            auto const before = stage == "connect" ? "" : seen.substr(0, seen.rfind(' '));
            bool const was_in_message = stage == "data";
            BOOST_TEST(rig.filter(2).story() == (of_client
                                                     ? before + (before.empty() ? "quit" : " quit")
                                                     : before + (was_in_message ? " abort" : "")));
        }
}

BOOST_AUTO_TEST_CASE(each_kind_of_refusal_reaches_the_mta_as_it_is_119_120_241) {
    struct row {
        reaction says;
        std::string heard;
    };
    row const rows[] = {
        {say(wire::reject{}), "reject"},
        {say(wire::tempfail{}), "tempfail"},
        {say_text("451 4.7.1 later"), "reply \"451 4.7.1 later\""},
        {say_text("550-5.7.1 one\r\n550 5.7.1 two"), "reply \"550-5.7.1 one\\r\\n550 5.7.1 two\""},
        {say(wire::shutdown{}), "reply \"421 4.7.0 Service unavailable, closing connection\""},
    };
    for (std::string const stage : {"connect", "helo", "mail", "rcpt", "data"})
        for (auto const& row : rows) BOOST_TEST_CONTEXT(stage << " " << row.heard) {
                manager_rig rig(2);
                rig.filter(0).on(stage, row.says);
                BOOST_TEST(reach(rig, stage) == row.heard);
            }
}

BOOST_AUTO_TEST_CASE(refused_client_is_refused_at_every_later_command_of_a_message) {
    for (std::string const stage : {"connect", "helo"}) BOOST_TEST_CONTEXT(stage) {
            manager_rig rig(2);
            rig.filter(1).on(stage, say_text("550 5.7.1 not you"));
            BOOST_TEST(reach(rig, stage) == "reply \"550 5.7.1 not you\"");
            BOOST_TEST(send_stage(rig, "helo") == "continue"); // never HELO or UNKNOWN
            BOOST_TEST(send_stage(rig, "unknown") == "continue");
            for (int message = 0; message < 2; ++message)
                for (std::string const later : {"mail", "rcpt", "data"})
                    BOOST_TEST(send_stage(rig, later) == "reply \"550 5.7.1 not you\"");
            rig.content();
            BOOST_TEST(rig.end() == "reply \"550 5.7.1 not you\"");
            BOOST_TEST(rig.filter(0).connections() == 1U);
        }
}

BOOST_AUTO_TEST_CASE(
    refused_recipient_is_refused_alone_and_not_shown_to_later_milters_121_229_231) {
    manager_rig rig(3);
    rig.filter(0).on("rcpt \"<four", say(wire::tempfail{}));
    rig.filter(1).on("rcpt \"<two", say_text("550 5.1.1 no two here"));
    rig.filter(2).on("rcpt \"<three", say(wire::reject{}));
    rig.begin();
    rig.send(wire::mail{"<a@client.test>", {}});
    BOOST_TEST(rig.send(wire::rcpt{"<one@mx.test>", {}}) == "continue");
    BOOST_TEST(rig.send(wire::rcpt{"<two@mx.test>", {}}) == "reply \"550 5.1.1 no two here\"");
    BOOST_TEST(rig.send(wire::rcpt{"<three@mx.test>", {}}) == "reject");
    BOOST_TEST(rig.send(wire::rcpt{"<four@mx.test>", {}}) == "tempfail");
    BOOST_TEST(rig.send(wire::data{}) == "continue");
    rig.content();
    BOOST_TEST(rig.end() == "continue");
    using list = std::vector<std::string>;
    BOOST_TEST(rig.filter(0).message().recipients ==
                   (list{"<one@mx.test>", "<two@mx.test>", "<three@mx.test>", "<four@mx.test>"}),
               boost::test_tools::per_element());
    BOOST_TEST(rig.filter(1).message().recipients ==
                   (list{"<one@mx.test>", "<two@mx.test>", "<three@mx.test>"}),
               boost::test_tools::per_element());
    BOOST_TEST(rig.filter(2).message().recipients == (list{"<one@mx.test>", "<three@mx.test>"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(recipients_of_a_sender_that_a_milter_refused_are_not_shown_to_it_144) {
    manager_rig rig(2);
    rig.filter(0).on("mail", say_text("550 5.7.1 not you"), once);
    BOOST_TEST(reach(rig, "mail") == "reply \"550 5.7.1 not you\"");
    BOOST_TEST(send_stage(rig, "rcpt") == "reply \"550 5.7.1 not you\"");
    BOOST_TEST(rig.filter(0).story() == "connect helo mail");
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).judged().size() == 1U);
}

BOOST_AUTO_TEST_CASE(refused_data_answers_whatever_follows_in_its_transaction_236_271) {
    manager_rig rig(2);
    rig.filter(0).on("data", say_text("451 4.7.1 not now"), once);
    BOOST_TEST(reach(rig, "data") == "reply \"451 4.7.1 not now\"");
    BOOST_TEST(send_stage(rig, "rcpt") == "reply \"451 4.7.1 not now\"");
    BOOST_TEST(send_stage(rig, "data") == "reply \"451 4.7.1 not now\"");
    rig.content();
    BOOST_TEST(rig.end() == "reply \"451 4.7.1 not now\"");
    BOOST_TEST(rig.filter(0).story() == to_data);
    BOOST_TEST(rig.filter(1).story() == "connect helo mail rcpt abort");
    rig.send(wire::abort{});
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(1).connections() == 1U);
}

BOOST_AUTO_TEST_CASE(discard_ends_the_message_at_each_stage_122_143_235) {
    for (std::string const stage : {"mail", "rcpt", "data"}) BOOST_TEST_CONTEXT(stage) {
            manager_rig rig(3);
            rig.filter(1).on(stage, say(wire::discard{}), once);
            BOOST_TEST(reach(rig, stage) == "discard");
            BOOST_TEST(rig.filter(0).story() == up_to(stage) + " abort");
            BOOST_TEST(rig.filter(1).story() == up_to(stage));
            // an MTA that goes on hears the same; Postfix sends nothing more of it
            BOOST_TEST(send_stage(rig, "data") == "discard");
            rig.content();
            BOOST_TEST(rig.end() == "discard");
            BOOST_TEST(rig.message() == "continue");
            BOOST_TEST(rig.filter(2).judged().size() == 1U);
        }
}

BOOST_AUTO_TEST_CASE(discard_of_a_client_means_nothing_123) {
    for (std::string const stage : {"connect", "helo"}) BOOST_TEST_CONTEXT(stage) {
            manager_rig rig(2);
            rig.filter(0).on(stage, say(wire::discard{}));
            BOOST_TEST(rig.begin() == "continue, continue");
            BOOST_TEST(rig.message() == "continue");
            BOOST_TEST(rig.filter(1).story() == whole_message);
        }
}

BOOST_AUTO_TEST_CASE(accepted_client_lets_that_milter_alone_off_for_the_session_124_232_234) {
    for (std::string const stage : {"connect", "helo"}) BOOST_TEST_CONTEXT(stage) {
            manager_rig rig(3);
            rig.filter(1).on(stage, say(wire::accept{}));
            BOOST_TEST(rig.begin() == "continue, continue");
            BOOST_TEST(rig.message() == "continue");
            BOOST_TEST(rig.message() == "continue");
            BOOST_TEST(rig.filter(1).story() == up_to(stage) + " quit");
            BOOST_TEST(rig.filter(0).judged().size() == 2U);
            BOOST_TEST(rig.filter(2).judged().size() == 2U);
        }
}

BOOST_AUTO_TEST_CASE(accepted_message_lets_that_milter_alone_off_for_the_message_125_232_234) {
    for (std::string const stage : {"mail", "rcpt", "data"})
        for (std::size_t k = 0; k < 3; ++k) BOOST_TEST_CONTEXT(stage << " by " << k) {
                manager_rig rig(3);
                rig.filter(k).on(stage, say(wire::accept{}), once);
                rig.begin();
                BOOST_TEST(rig.envelope() == "continue, continue, continue");
                rig.content();
                BOOST_TEST(rig.end() == "continue");
                BOOST_TEST(rig.filter(k).story() == up_to(stage));
                for (std::size_t other = 0; other < 3; ++other)
                    if (other != k) BOOST_TEST(rig.filter(other).story() == whole_message);
                BOOST_TEST(rig.message() == "continue");
                BOOST_TEST(rig.filter(k).judged().size() == 1U);
            }
}

BOOST_AUTO_TEST_CASE(unknown_command_is_answered_with_continue_or_a_refusal_241) {
    struct row {
        reaction says;
        std::string heard;
    };
    row const rows[] = {
        {say(wire::proceed{}), "continue"},
        {say(wire::accept{}), "continue"},
        {say(wire::discard{}), "continue"},
        {say(wire::skip{}), "continue"},
        {say(wire::reject{}), "reject"},
        {say(wire::tempfail{}), "tempfail"},
        {say_text("502 5.5.1 no"), "reply \"502 5.5.1 no\""},
        {say(wire::shutdown{}), "reply \"421 4.7.0 Service unavailable, closing connection\""}};
    for (bool const in_message : {false, true})
        for (auto const& row : rows)
            BOOST_TEST_CONTEXT(row.heard << (in_message ? " in a message" : "")) {
                manager_rig rig(2);
                rig.filter(0).on("unknown", row.says);
                rig.begin();
                if (in_message) send_stage(rig, "mail");
                BOOST_TEST(send_stage(rig, "unknown") == row.heard);
                bool const refused = row.heard != "continue";
                std::string const before = in_message ? "connect helo mail" : "connect helo";
                BOOST_TEST(rig.filter(0).story() == before + " unknown");
                BOOST_TEST(rig.filter(1).story() == before + (refused ? "" : " unknown"));
                if (row.heard.find("421") != std::string::npos) continue;
                // nothing of the message is decided by it
                if (!in_message) send_stage(rig, "mail");
                BOOST_TEST(send_stage(rig, "rcpt") == "continue");
            }
}

BOOST_AUTO_TEST_CASE(unknown_command_is_kept_from_a_milter_that_could_not_go_on_to_content_95) {
    manager_rig rig(2);
    rig.filter(0).wants.steps = wire::step::no_data;
    rig.begin();
    BOOST_TEST(send_stage(rig, "unknown") == "continue");
    send_stage(rig, "mail");
    send_stage(rig, "rcpt");
    BOOST_TEST(send_stage(rig, "unknown") == "continue");
    BOOST_TEST(rig.filter(0).story() == "connect helo unknown mail rcpt");
    BOOST_TEST(rig.filter(1).story() == "connect helo unknown mail rcpt unknown");
}

BOOST_AUTO_TEST_CASE(
    unknown_command_in_a_message_is_kept_from_milters_when_the_mta_sends_no_data_95) {
    manager_rig rig(1);
    rig.mta.offer = {3, wire::action::all & ~wire::action::set_macro_list, wire::step::all_v3};
    rig.begin();
    BOOST_TEST(send_stage(rig, "unknown") == "continue");
    send_stage(rig, "mail");
    send_stage(rig, "rcpt");
    BOOST_TEST(send_stage(rig, "unknown") == "continue");
    rig.content();
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST(rig.filter(0).story() ==
               "connect helo unknown mail rcpt header header header end_of_headers body "
               "end_of_message");
}

void send_refused_recipient(manager_rig& rig) {
    auto const usual = rig.mta.macros[wire::command_code::rcpt];
    rig.mta.macros[wire::command_code::rcpt] = {
        {"{rcpt_mailer}", "error"}, {"{rcpt_host}", "5.1.1"}, {"{rcpt_addr}", "no such user"}};
    BOOST_TEST(rig.send(wire::rcpt{"<nobody@mx.test>", {}}) == "continue");
    rig.mta.macros[wire::command_code::rcpt] = usual;
}

BOOST_AUTO_TEST_CASE(
    verdict_on_a_recipient_that_the_mta_refused_takes_no_milter_out_of_the_message_269) {
    struct row {
        reaction answer;
        std::string ends;
    };
    // after discard libmilter is past the message: it has failed, its on_error decides
    row const rows[] = {
        {say(wire::reject{}), "reply \"550 5.7.1 spam\""},
        {say_text("421 4.7.0 away"), "reply \"550 5.7.1 spam\""},
        {say(wire::discard{}), "reply \"451 4.7.1 Service unavailable - try again later\""},
    };
    for (auto const& [answer, ends] : rows) {
        manager_rig rig(2);
        rig.mta.like_postfix();
        rig.filter(0).wants.steps = wire::step::rejected_rcpt;
        rig.filter(0).on("rcpt \"<nobody", answer);
        rig.filter(0).on("end_of_message", say_text("550 5.7.1 spam"));
        rig.begin();
        send_stage(rig, "mail");
        send_refused_recipient(rig);
        send_stage(rig, "rcpt");
        send_stage(rig, "data");
        rig.content();
        BOOST_TEST(rig.end() == ends);
    }
}

BOOST_AUTO_TEST_CASE(
    recipient_that_the_mta_refused_reaches_only_who_asked_and_decides_nothing_127_269) {
    for (auto const& answer : {say(wire::proceed{}), say(wire::reject{}), say(wire::accept{}),
                               say(wire::tempfail{}), say_text("421 4.7.0 away")}) {
        manager_rig rig(3);
        rig.mta.like_postfix();
        rig.filter(1).wants.steps = wire::step::rejected_rcpt;
        rig.filter(1).on("rcpt \"<nobody", answer);
        rig.begin();
        BOOST_TEST((rig.mta.agreed().steps & wire::step::rejected_rcpt) ==
                   wire::step::rejected_rcpt);
        send_stage(rig, "mail");
        send_refused_recipient(rig);
        BOOST_TEST(send_stage(rig, "rcpt") == "continue");
        send_stage(rig, "data");
        rig.content();
        BOOST_TEST(rig.end() == "continue");
        BOOST_TEST(rig.filter(0).message().recipients.size() == 1U);
        BOOST_TEST(rig.filter(2).message().recipients.size() == 1U);
        BOOST_TEST(rig.filter(1).last("rcpt \"<nobody") == "rcpt \"<nobody@mx.test>\"");
        BOOST_TEST(rig.log().empty());
        BOOST_REQUIRE(rig.decisions().size() == 1U);
        BOOST_TEST(rig.decisions()[0].recipients.size() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(esmtp_parameters_pass_unchanged_75_228) {
    manager_rig rig(2);
    rig.begin();
    auto const mail_args =
        wire::pack_zstr(std::vector<std::string_view>{"SIZE=100", "BODY=8BITMIME", "ENVID=a+20b"});
    auto const rcpt_args =
        wire::pack_zstr(std::vector<std::string_view>{"NOTIFY=NEVER", "ORCPT=rfc822;B@mx"});
    rig.send(wire::mail{"<a@client.test>", wire::zstr_list(mail_args)});
    rig.send(wire::rcpt{"b@mx.test", wire::zstr_list(rcpt_args)});
    for (std::size_t k = 0; k < 2; ++k) {
        BOOST_TEST(rig.filter(k).last("mail") ==
                   "mail \"<a@client.test>\" \"SIZE=100\" \"BODY=8BITMIME\" \"ENVID=a+20b\"");
        BOOST_TEST(rig.filter(k).last("rcpt") ==
                   "rcpt \"b@mx.test\" \"NOTIFY=NEVER\" \"ORCPT=rfc822;B@mx\"");
    }
}

BOOST_AUTO_TEST_SUITE_END()
