// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_scenario_corpus.cpp - what Postfix and Sendmail said in corpora/ becomes scenarios, which can be written,
// read again and played, and then say the same
#include "recorded_session.hpp"
#include "scenario_fixture.hpp"
#include "test-server/profile_toml.hpp"
#include "test-server/scenario/learn.hpp"

#include <corpus/shipped.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace {

using namespace scenario_test;
using server_session_test::recorded;
using server_session_test::recorded_milter;
using server_session_test::shown;
namespace corpus = milter::corpus;

/// What is said otherwise, by the tag of the conversation, each with its reason.
std::map<std::string, std::string> const not_the_same = {
    {"neg_nosteps", "of an unknown command that was negotiated away only macros are seen"},
    {"odd_addresses", "steps give angle brackets to an address that had none"},
    {"rset_mid", "HELO in a message ends it, and is no step of one"},
    {"starttls", "the SMTP session begins anew within the connection"},
    {"starttls_auth_login", "the same"},
    {"unknown_commands", "MAIL without HELO"},
    {"xclient", "the SMTP session begins anew within the connection"}};

/// Other milters of a chain, or the real programs behind them, decided what was said next.
bool is_of_several(std::string const& tag) {
    return tag.starts_with("chain_") || tag.starts_with("real_");
}

/// The milter of this test grants lists of macros only where it has one.
void expect_no_empty_lists(scenario& learnt, recorded const& again) {
    auto const& lists = again.wants.wants.lists;
    bool const has_list =
        std::any_of(lists.begin(), lists.end(), [](auto const& one) { return one.has_value(); });
    auto& actions = learnt.steps.front().expected.agreement.actions;
    if (actions && !has_list)
        *actions =
            static_cast<wire::action>(static_cast<std::uint32_t>(*actions) &
                                      ~static_cast<std::uint32_t>(wire::action::set_macro_list));
}

std::string profile_of(corpus::conversation const& talk) {
    return talk.mta.name == "Postfix" ? "postfix-3.7" : "sendmail-8.17";
}

/// {if_addr} is not said of the loopback, where these were recorded.
mta_profile as_recorded(std::string const& name) {
    auto mta = find_profile(name);
    std::erase_if(mta.values, [](auto const& one) { return one.first == "{if_addr}"; });
    return mta;
}

struct fixture : scenario_fixture {
    std::vector<std::string> said() const {
        std::vector<std::string> lines;
        milter::error_code ec;
        for (auto const& one : heard())
            if (auto const frame = wire::first_frame(one, 1 << 20, ec))
                lines.push_back(shown(*frame));
        if (!lines.empty()) lines.erase(lines.begin()); // the offer
        return lines;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_server_scenario_corpus, fixture)

BOOST_AUTO_TEST_CASE(scenario_of_each_conversation_is_the_same_when_written_and_read) {
    int count = 0;
    shipped::for_each_conversation([&](corpus::conversation const& talk, std::string const& where) {
        auto const name = profile_of(talk);
        auto const text = to_toml(scenario_of_conversation(talk, name, find_profile(name)));
        try {
            auto const again = to_toml(parse_scenario(text, "learnt.toml", {}));
            BOOST_TEST(again == text, where << "\n" << text << "\n--- again:\n" << again);
        } catch (scenario_error const& why) {
            BOOST_TEST(false, where << ": " << why.what() << "\n" << text);
        }
        ++count;
    });
    BOOST_TEST(count > 200);
}

BOOST_AUTO_TEST_CASE(scenario_of_each_conversation_says_what_was_said_and_passes) {
    std::map<std::string, int> played;
    shipped::for_each_conversation([&](corpus::conversation const& talk, std::string const& where) {
        auto const tag = talk.tags.empty() ? std::string() : talk.tags.front();
        if (not_the_same.contains(tag) || is_of_several(tag)) return;
        BOOST_TEST_MESSAGE(where);
        auto const name = profile_of(talk);
        auto const text = to_toml(scenario_of_conversation(talk, name, find_profile(name)));
        auto learnt = parse_scenario(text, "learnt.toml", {});
        learnt.mta = as_recorded(name);
        recorded again(talk);
        if (again.plan.client.port == 0) return; // handed in by a program: another MTA, so to speak
        wants = again.wants;
        leaves = false;
        answer = [&, milter = recorded_milter(again)](wire::any_command const&,
                                                      proto::filter_session& filter) mutable {
            if (!milter.answer(filter)) leaves = true;
        };
        expect_no_empty_lists(learnt, again);
        auto const result = play(learnt);
        for (auto const& one : findings(last, result)) BOOST_TEST(false, where << ": " << one);
        auto const got = said();
        auto const& expected = again.said;
        auto const [a, b] = std::mismatch(got.begin(), got.end(), expected.begin(), expected.end());
        bool const is_same = a == got.end() && b == expected.end();
        BOOST_TEST(is_same, name << " " << where << " at " << a - got.begin() << ": "
                                 << (a == got.end() ? "(nothing)" : *a) << " instead of "
                                 << (b == expected.end() ? "(nothing)" : *b));
        ++played[name];
    });
    BOOST_TEST(played["postfix-3.7"] > 100);
    BOOST_TEST(played["sendmail-8.17"] > 80);
}

BOOST_AUTO_TEST_SUITE_END()
