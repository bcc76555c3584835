// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_verdict.cpp - what the MTA of milter-test-server makes of verdicts
//
// Numbers in the names of the cases are those of the statements in the protocol description.

#include "server_session_fixture.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using namespace server_session_test;

namespace {

/// The lines of the message that the MTA delivers.
packets delivered(message_outcome const& one) {
    packets lines;
    one.headers.for_each([&](milter::message::header_field const& field) {
        if (field.visible())
            lines.push_back(std::string(field.now_name()) + ":" + std::string(field.now_value()));
    });
    lines.push_back(one.body);
    return lines;
}

/// The stages of a message, and the packets of the usual one up to and with each.
struct stage_row {
    code stage;
    std::string_view story;
};

constexpr stage_row stages[] = {
    {code::mail, "M"},      {code::rcpt, "MR"},      {code::data, "MRT"},
    {code::header, "MRTL"}, {code::body, "MRTLLNB"}, {code::end_of_headers, "MRTLLN"},
};

constexpr std::string_view whole = "MRTLLNBE";

std::string const before = "OCH";

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_server_verdict, server_session_fixture)

BOOST_AUTO_TEST_CASE(skip_at_body_stops_the_body_of_this_message_and_not_its_end_103) {
    wants.wants.steps = wire::step::skip;
    plan.chunk_bytes = 2;
    plan.messages.push_back(plan.messages.front());
    answer = [skipped = false](wire::any_command const& command,
                               proto::filter_session& filter) mutable {
        milter::error_code ec;
        if (wire::code_of(command) == code::body && !std::exchange(skipped, true))
            return filter.reply(wire::skip{}, ec);
        proceed(command, filter);
    };
    run();
    BOOST_TEST(story() == "OCHMRTLLNBEAMRTLLNBBBEAAQ");
}

BOOST_AUTO_TEST_CASE(text_of_421_and_shutdown_end_the_session_118_120) {
    plan.messages.push_back(plan.messages.front());
    for (auto const& row : stages)
        for (bool const shutdown : {false, true}) {
            if (shutdown)
                on(row.stage, wire::shutdown{});
            else
                on(row.stage, wire::reply_text{"421 4.7.0 go away"});
            auto const out = run();
            BOOST_TEST_CONTEXT(wire::name_of(row.stage)) {
                BOOST_TEST(story() == before + std::string(row.story) + "AAQ");
                BOOST_TEST_REQUIRE(out.messages.size() == 1U);
                auto const& verdict = out.messages[0].verdict;
                BOOST_TEST(
                    (verdict.what == (shutdown ? status::shutdown : status::temporary_failure)));
                BOOST_TEST(verdict.reply == (shutdown ? "" : "421 4.7.0 go away"));
            }
        }
}

BOOST_AUTO_TEST_CASE(refused_recipient_is_the_only_one_refused_121) {
    plan.messages = {compose({"a@test", {"b@test", "c@test", "d@test"}, {}, {"text\n"}})};
    answer = [](wire::any_command const& command, proto::filter_session& filter) {
        milter::error_code ec;
        auto const* to = std::get_if<wire::rcpt>(&command);
        if (to && to->address == "<b@test>") return filter.reply(wire::reject{}, ec);
        if (to && to->address == "<d@test>") return filter.reply(wire::tempfail{}, ec);
        proceed(command, filter);
    };
    auto const out = run();
    BOOST_TEST(story() == "OCHMRRRTLLNBEAAQ");
    BOOST_TEST_REQUIRE(out.messages.size() == 1U);
    auto const& one = out.messages[0];
    BOOST_TEST((one.verdict.what == status::pass));
    BOOST_TEST_REQUIRE(one.recipients.size() == 1U);
    BOOST_TEST(one.recipients[0].text == "<c@test>");
    BOOST_TEST(one.refused.size() == 2U);
}

BOOST_AUTO_TEST_CASE(verdict_on_a_recipient_that_the_mta_refused_is_ignored_127_194) {
    wants.wants.steps = wire::step::rejected_rcpt;
    plan.refused_recipients = {{"<nobody@test>", {}}};
    for (auto const& text : {"550 5.1.1 neither here", "451 4.1.1 later", "421 4.7.0 go away"}) {
        answer = [&](wire::any_command const& command, proto::filter_session& filter) {
            milter::error_code ec;
            auto const* to = std::get_if<wire::rcpt>(&command);
            if (to && to->address == "<nobody@test>")
                return filter.reply(wire::reply_text{text}, ec);
            proceed(command, filter);
        };
        auto const out = run();
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(story() == "OCHMRRTLLNBEAAQ");
            BOOST_TEST_REQUIRE(out.messages.size() == 1U);
            BOOST_TEST((out.messages[0].verdict.what == status::pass));
            BOOST_TEST(out.messages[0].refused.empty());
            BOOST_TEST(out.messages[0].recipients.size() == 1U);
        }
    }
    auto const all = heard();
    auto const refused = std::find(all.begin(), all.end(), packet('R', "'<nobody@test>' 00"));
    BOOST_TEST_REQUIRE((refused != all.begin() && refused != all.end()));
    BOOST_TEST(support::to_hex(refused[-1]) ==
               support::to_hex(packet('D', "'R' '{rcpt_addr}' 00 'User unknown' 00"
                                           "'{rcpt_host}' 00 '5.1.1' 00"
                                           "'{rcpt_mailer}' 00 'error' 00")));
}

BOOST_AUTO_TEST_CASE(
    milter_that_is_done_with_a_refused_recipient_decides_nothing_and_sees_no_more_127) {
    wants.wants.steps = wire::step::rejected_rcpt;
    plan.refused_recipients = {{"<nobody@test>", {}}, {"<nor@test>", {}}};
    plan.messages.push_back(plan.messages.front());
    auto const check = [&](auto const& verdict, std::string_view heard_of_it) {
        on(code::rcpt, verdict);
        auto const out = run();
        BOOST_TEST(story() == heard_of_it);
        BOOST_TEST(!out.failed);
        BOOST_TEST_REQUIRE(!out.messages.empty());
        for (auto const& one : out.messages) {
            BOOST_TEST((one.verdict.what == status::accept));
            BOOST_TEST(one.recipients.size() == 1U);
        }
    };
    check(wire::accept{}, "OCHMRAMRAAQ");
    check(wire::discard{}, "OCHMRAMRAAQ");
}

BOOST_AUTO_TEST_CASE(discard_ends_the_message_and_none_but_it_122) {
    plan.messages.push_back(plan.messages.front());
    for (auto const& row : stages) {
        answer = [&, done = false](wire::any_command const& command,
                                   proto::filter_session& filter) mutable {
            milter::error_code ec;
            if (wire::code_of(command) == row.stage && !std::exchange(done, true))
                return filter.reply(wire::discard{}, ec);
            proceed(command, filter);
        };
        auto const out = run();
        BOOST_TEST_CONTEXT(wire::name_of(row.stage)) {
            BOOST_TEST(story() ==
                       before + std::string(row.story) + "A" + std::string(whole) + "AAQ");
            BOOST_TEST_REQUIRE(out.messages.size() == 2U);
            BOOST_TEST((out.messages[0].verdict.what == status::discard));
            BOOST_TEST(!out.messages[0].edits_stand);
            BOOST_TEST((out.messages[1].verdict.what == status::pass));
        }
    }
}

BOOST_AUTO_TEST_CASE(discard_of_a_client_drops_nothing_123) {
    for (auto const stage : {code::connect, code::helo}) {
        on(stage, wire::discard{});
        auto const out = run();
        BOOST_TEST(story() == before + std::string(whole) + "AAQ");
        BOOST_TEST_REQUIRE(out.messages.size() == 1U);
        BOOST_TEST((out.messages[0].verdict.what == status::pass));
    }
}

BOOST_AUTO_TEST_CASE(accepted_client_is_accepted_for_the_session_124) {
    plan.messages.push_back(plan.messages.front());
    for (auto const stage : {code::connect, code::helo}) {
        on(stage, wire::accept{});
        auto const out = run();
        BOOST_TEST(story() == (stage == code::connect ? "OC" : "OCH")); // Postfix says no QUIT
        BOOST_TEST_REQUIRE(out.ended_early.has_value());
        BOOST_TEST((out.ended_early->what == status::accept));
    }
}

BOOST_AUTO_TEST_CASE(accepted_message_has_no_end_and_the_next_is_asked_about_125) {
    plan.messages.push_back(plan.messages.front());
    for (auto const& row : stages) {
        on(row.stage, wire::accept{});
        auto const out = run();
        BOOST_TEST_CONTEXT(wire::name_of(row.stage)) {
            auto expected = before;
            for (int i = 0; i < 2; ++i) expected.append(row.story).append("A");
            BOOST_TEST(story() == expected + "AQ");
            BOOST_TEST_REQUIRE(out.messages.size() == 2U);
            for (auto const& one : out.messages) BOOST_TEST((one.verdict.what == status::accept));
        }
    }
}

BOOST_AUTO_TEST_CASE(continue_and_accept_at_the_end_are_the_same_126) {
    wire::add_header const edit{"X-New", "n"};
    on(code::end_of_message, edit, wire::proceed{});
    auto const passed = run();
    on(code::end_of_message, edit, wire::accept{});
    auto const accepted = run();
    BOOST_TEST_REQUIRE(passed.messages.size() == 1U);
    BOOST_TEST_REQUIRE(accepted.messages.size() == 1U);
    BOOST_TEST(passed.messages[0].edits_stand);
    BOOST_TEST(accepted.messages[0].edits_stand);
    BOOST_TEST(delivered(passed.messages[0]) == delivered(accepted.messages[0]),
               boost::test_tools::per_element());
    BOOST_TEST(delivered(passed.messages[0]).size() == 4U);
}

BOOST_AUTO_TEST_CASE(malformed_reply_text_is_never_an_acceptance_114) {
    for (std::string_view const text :
         {"250 2.0.0 fine", "354 go on", "no", "", "550", "550 a\nb", "5x0 odd", "%s%n"}) {
        for (auto const stage : {code::mail, code::rcpt, code::data, code::end_of_message}) {
            answer = [&](wire::any_command const& command, proto::filter_session& filter) {
                proceed(command, filter);
                if (wire::code_of(command) != stage) return;
                filter.output().clear(); // no filter of ours would say it
                wire::append_frame(filter.output(), 'y', std::string(text) + '\0');
            };
            auto const out = run();
            BOOST_TEST_CONTEXT('"' << text << "\" to " << wire::name_of(stage)) {
                BOOST_TEST_REQUIRE(out.messages.size() == 1U);
                BOOST_TEST(refuses(out.messages[0].verdict.what));
                BOOST_TEST(!out.messages[0].edits_stand);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(reset_is_an_abort_and_the_connection_goes_on_142_147) {
    for (std::string const mta : {"postfix-3.7", "sendmail-8.17"})
        for (auto const& row : stages) {
            plan.mta = find_profile(mta);
            plan.reset_after = row.stage;
            auto const out = run();
            BOOST_TEST_CONTEXT(wire::name_of(row.stage)) {
                auto expected = before;
                expected.append(row.story).append("A").append(whole);
                expected += mta == "postfix-3.7" ? "AAQ" : "Q";
                BOOST_TEST(story() == expected);
                same({heard(code::abort).front()}, {packet('A')});
                BOOST_TEST(out.messages.size() == 1U);
            }
        }
}

BOOST_AUTO_TEST_SUITE_END()
