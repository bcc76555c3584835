// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_client_reply.cpp - what the SMTP client hears, as it was heard from both MTAs
//
// The replies are those of tests/field/oracle (groups stage and basic).
#include "server_session_fixture.hpp"
#include "test-server/client_reply.hpp"
#include "test-server/played_mta.hpp"

#include <string>

using namespace server_session_test;

namespace {

struct row {
    char const* reply; ///< of the milter; "r" and "t": without a text
    code stage;
    char const* postfix;
    char const* sendmail;
};

row const rows[] = {
    {"r", code::connect, "550 5.7.1 Command rejected", "550 5.0.0 Command rejected"},
    {"r", code::helo, "550 5.7.1 Command rejected", "550 5.0.0 Command rejected"},
    {"t", code::helo, "451 4.7.1 Service unavailable - try again later",
     "451 4.3.2 Please try again later"},
    {"550 5.7.1 no", code::helo, "550 5.7.1 no", "550 5.7.1 no"},
    {"421 4.7.1 no", code::helo, "421 4.7.1 no", "421 4.7.1 no"},
    {"r", code::mail, "550 5.7.1 Command rejected", "550 5.7.1 <a@test>... Command rejected"},
    {"t", code::mail, "451 4.7.1 Service unavailable - try again later",
     "451 4.3.2 Please try again later"},
    {"550 5.7.1 no", code::mail, "550 5.7.1 no", "550 5.7.1 <a@test>... no"},
    {"450 4.7.1 no", code::rcpt, "450 4.7.1 no", "450 4.7.1 <a@test>... no"},
    {"450 no", code::rcpt, "450 no", "450 <a@test>... no"},
    {"421 4.7.1 no", code::rcpt, "421 4.7.1 no", "421 4.7.1 no"},
    {"r", code::data, "550 5.7.1 Command rejected", "550 5.7.1 Command rejected"},
    {"r", code::unknown, "550 5.7.1 Command rejected", "550 5.7.1 Command rejected"},
    {"r", code::header, "550 5.7.1 Command rejected", "554 5.7.1 Command rejected"},
    {"r", code::end_of_headers, "550 5.7.1 Command rejected", "554 5.7.1 Command rejected"},
    {"r", code::end_of_message, "550 5.7.1 Command rejected", "554 5.7.1 Command rejected"},
    {"554-5.7.2 one\r\n554 5.7.2 50% and %s", code::data, "554-5.7.2 one\r\n554 5.7.2 50 and s",
     "550 5.7.1 Command rejected"},
    {"452-4.7.2 one\r\n452 4.7.2 50% and %s", code::header, "452-4.7.2 one\r\n452 4.7.2 50 and s",
     "550 5.7.1 Command rejected"},
    {"452 4.7.2 50% and %s", code::body, "452 4.7.2 50 and s", "554 5.7.1 Command rejected"},
    {"554 5.7.2 50% and %s", code::end_of_message, "554 5.7.2 50 and s",
     "554 5.7.1 Command rejected"},
    {"452 4.7.2 50% and %s", code::mail, "452 4.7.2 50 and s",
     "550 5.7.1 <a@test>... Command rejected"},
    {"554 5.7.2 50%% and", code::data, "554 5.7.2 50% and", "554 5.7.2 50% and"},
};

answer given(row const& one) {
    std::string const reply = one.reply;
    if (reply == "r") return {status::reject, one.stage, {}};
    if (reply == "t") return {status::temporary_failure, one.stage, {}};
    return {milter::test_server::status_of(wire::reply_code::reply_text, reply), one.stage, reply};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_server_client_reply, server_session_fixture)

BOOST_AUTO_TEST_CASE(client_hears_what_postfix_and_sendmail_make_of_an_answer) {
    auto const& postfix = find_profile("postfix-3.7");
    auto const& sendmail = find_profile("sendmail-8.17");
    for (auto const& one : rows) {
        auto const where = std::string(one.reply) + " at " + std::string(wire::name_of(one.stage));
        BOOST_TEST(client_reply(postfix, given(one), "<a@test>") == one.postfix, where);
        BOOST_TEST(client_reply(sendmail, given(one), "<a@test>") == one.sendmail, where);
    }
    for (auto const what : {status::pass, status::accept, status::discard, status::quarantine})
        BOOST_TEST(client_reply(postfix, {what, code::end_of_message, {}}, {}).empty());
}

BOOST_AUTO_TEST_CASE(postfix_gives_a_milter_up_whose_text_is_no_reply_and_sendmail_replaces_it) {
    auto const& postfix = find_profile("postfix-3.7");
    auto const& sendmail = find_profile("sendmail-8.17");
    for (auto const* const text : {"250 2.0.0 fine", "550", "550x", "550 4.7.1 no", "no", ""})
        BOOST_TEST(is_malformed(postfix, text), text);
    for (auto const* const text : {"550 no", "450 4.7.1 no", "550-5.7.1 a\r\n550 5.7.1 b"})
        BOOST_TEST(!is_malformed(postfix, text), text);
    BOOST_TEST(!is_malformed(sendmail, "250 2.0.0 fine"));
    BOOST_TEST(client_reply(sendmail, {status::reject, code::data, "250 2.0.0 fine"}, {}) ==
               "550 5.7.1 Command rejected");
}

BOOST_AUTO_TEST_CASE(session_of_postfix_ends_at_a_text_that_is_no_reply) {
    plan.mta = find_profile("postfix-3.7");
    on(code::rcpt, wire::reply_text{"550 5.7.1 no"});
    BOOST_TEST(run().messages.at(0).verdict.heard == "550 5.7.1 no");
    // what a session of the library would not say
    answer = [](wire::any_command const& command, proto::filter_session& filter) {
        proceed(command, filter);
        auto& out = filter.output();
        if (wire::code_of(command) != code::rcpt) return;
        out.clear();
        wire::encode(out, wire::reply_text{"550 4.7.1 no"});
    };
    auto const outcome = run();
    BOOST_TEST_REQUIRE(outcome.failed.has_value());
    BOOST_TEST(outcome.failed->text ==
               "\"550 4.7.1 no\" is no SMTP reply: the MTA gives the milter up");
    plan.mta = with_usual_macros(plan.mta);
    BOOST_TEST(!run().failed.has_value());
}

BOOST_AUTO_TEST_CASE(postfix_shows_60000_bytes_of_a_header_in_whole_lines) {
    // as in a capture of it: lines of 66 bytes behind a first one of 66, and 59,974 bytes of it
    std::string long_value = " " + std::string(66, 'w');
    for (int i = 0; i < 940; ++i) long_value += "\n\t" + std::string(66, 'w');
    plan.mta = find_profile("postfix-3.7");
    plan.messages.front().headers = {{"X-70k", long_value},
                                     {"X-Line", " " + std::string(61'000, 'v')}};
    run();
    auto const shown = heard(code::header);
    BOOST_TEST_REQUIRE(shown.size() == 2u);
    BOOST_TEST(shown[0].size() == 4 + 1 + sizeof "X-70k" + 59'974 + 1);
    BOOST_TEST(shown[1].size() > 61'000u); // one line is not cut
    plan.mta = find_profile("sendmail-8.17");
    plan.mta.most_headers = 0;
    run();
    BOOST_TEST(heard(code::header).at(0).size() ==
               4 + 1 + sizeof "X-70k" + long_value.size() - 1 + 1);
}

BOOST_AUTO_TEST_CASE(sendmail_refuses_headers_of_more_than_32768_bytes_and_shows_none) {
    plan.mta = find_profile("sendmail-8.17");
    plan.messages.front().headers = {{"X-Long", " " + std::string(32'768 - 8, 'v')}};
    auto outcome = run();
    BOOST_TEST((outcome.messages.at(0).verdict.what == status::pass));
    plan.messages.front().headers.push_back({"X", " y"});
    outcome = run();
    auto const& verdict = outcome.messages.at(0).verdict;
    BOOST_TEST((verdict.what == status::reject));
    BOOST_TEST(verdict.heard == "552 5.6.0 Headers too large (32768 max)");
    BOOST_TEST(heard(code::header).empty());
    BOOST_TEST(heard(code::end_of_message).empty());
}

BOOST_AUTO_TEST_SUITE_END()
