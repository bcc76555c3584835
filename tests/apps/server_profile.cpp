// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_profile.cpp - played as Postfix and as Sendmail, sessions say what the real ones said in corpora/
//
// What the SMTP client did is taken from a conversation, and the milter answers as the one in it did; then every packet
// has to be the same, but for the values of macros.
#include "recorded_session.hpp"
#include "test-server/options.hpp"
#include "test-server/profile_toml.hpp"

#include <corpus/shipped.hpp>
#include <support/command_line.hpp>

#include <algorithm>
#include <set>

using namespace server_session_test;

namespace {

/// What the test server does not do: it has its own tests, or belongs to the SMTP side.
std::set<std::string> const left_out = {
    "auth_wrong",          "drop_early",  "drop_mid_data",   "bare_newlines", "helo_only",
    "local_submission",    "neg_nosteps", "quit_early",      "rset_mid",      "starttls",
    "starttls_auth_login", "xclient",     "unknown_commands"};

/// What other milters of a chain, or the real programs behind them, decided shows in these.
bool is_of_several(std::string const& tag) {
    return tag.starts_with("chain_") || tag.starts_with("real_");
}

std::string problems_of(std::string const& text) {
    try {
        parse_profile(text, "own.toml");
    } catch (profile_error const& why) {
        return why.what();
    }
    return {};
}

struct fixture : server_session_fixture {
    /// What is said where the milter answers as in `again`.
    std::vector<std::string> said(recorded& again) {
        plan = again.plan;
        wants = again.wants;
        leaves = false;
        answer = [&, milter = recorded_milter(again)](wire::any_command const&,
                                                      proto::filter_session& filter) mutable {
            if (!milter.answer(filter)) leaves = true;
        };
        run();
        std::vector<std::string> lines;
        milter::error_code ec;
        for (auto const& one : heard())
            if (auto const frame = wire::first_frame(one, 1 << 20, ec))
                lines.push_back(shown(*frame));
        lines.erase(lines.begin()); // the offer
        return lines;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_server_profile, fixture)

BOOST_AUTO_TEST_CASE(sessions_say_what_postfix_and_sendmail_said) {
    std::map<std::string, int> played;
    shipped::for_each_conversation([&](corpus::conversation const& talk, std::string const& where) {
        if (talk.tags.empty() || left_out.contains(talk.tags.front())) return;
        if (is_of_several(talk.tags.front())) return;
        auto const name = talk.mta.name == "Postfix" ? "postfix-3.7" : "sendmail-8.17";
        recorded again(talk);
        bool const is_local = again.plan.client.port == 0; // handed in by a program
        if (again.plan.messages.empty() || is_local) return;
        again.plan.mta = find_profile(name);
        // not of the loopback, where these were recorded
        std::erase_if(again.plan.mta.values,
                      [](auto const& one) { return one.first == "{if_addr}"; });
        again.plan.protocol.offer = again.plan.mta.offer;
        again.plan.protocol.how = again.plan.mta.how;
        BOOST_TEST((again.offer.actions == again.plan.mta.offer.actions));
        BOOST_TEST((again.offer.steps == again.plan.mta.offer.steps));
        auto const expected = again.said;
        auto const got = said(again);
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

BOOST_AUTO_TEST_CASE(profiles_are_known_by_name) {
    BOOST_TEST(find_profile("minimal-v2").offer.version == 2u);
    BOOST_CHECK_EXCEPTION(find_profile("exim"), std::invalid_argument, [](auto const& why) {
        return std::string(why.what()) == "there is no MTA \"exim\", only postfix-3.7, "
                                          "postfix-3.11, sendmail-8.17, minimal-v2, "
                                          "strict; or a file, FILE.toml";
    });
}

BOOST_AUTO_TEST_CASE(minimal_mta_neither_offers_nor_sends_what_came_later) {
    plan.mta = find_profile("minimal-v2");
    plan.protocol.offer = plan.mta.offer;
    plan.unknown_commands = {"XYZ"};
    run();
    BOOST_TEST(story() == "OCHMRLLNBEAQ");
    same({heard().front()}, {packet('O', "00000002 0000003f 0000007f")});
}

BOOST_AUTO_TEST_CASE(file_says_what_is_different) {
    auto const own = parse_profile(R"(base = "sendmail-8.17"
version = 4
actions = "add_header, quarantine"
steps = ["no_helo", "skip"]
strict = false
header_rules = "postfix"
aborts_each_message = true
[macros]
connect = "j {client_addr}"
eoh = "i"
[values]
j = "mx.example.org"
daemon_name = "inbound"
"{if_addr}" = ""
)",
                                   "own.toml");
    BOOST_TEST(own.name == "own.toml");
    BOOST_TEST(own.offer.version == 4u);
    BOOST_TEST((own.offer.actions == (wire::action::add_header | wire::action::quarantine)));
    BOOST_TEST((own.offer.steps == (wire::step::no_helo | wire::step::skip)));
    BOOST_TEST((own.how == proto::strictness::lenient));
    BOOST_TEST((own.rules == milter::message::header_rules::postfix));
    BOOST_TEST(own.aborts_each_message);
    BOOST_TEST(own.tags_ipv6); // of its base
    BOOST_TEST(own.macros.at(code::connect) == "j {client_addr}");
    BOOST_TEST(own.macros.at(code::end_of_headers) == "i");
    std::map<std::string, std::string> const values(own.values.begin(), own.values.end());
    BOOST_TEST(values.at("j") == "mx.example.org");
    BOOST_TEST(values.at("{daemon_name}") == "inbound");
    BOOST_TEST(!values.contains("{if_addr}"));
}

BOOST_AUTO_TEST_CASE(all_that_is_wrong_in_a_file_is_told_at_once) {
    auto const text = R"(base = "exim"
version = 7
steps = "no_hello"
strict = "yes"
header_rules = "exim"
speed = 3
[macros]
body = "i"
hello = "j"
[values]
j = 5
)";
    auto const told = problems_of(text);
    std::vector<std::string> const places = {"own.toml:1:8: there is no MTA \"exim\"",
                                             "own.toml:2:11: \"version\" is 2 to 6",
                                             "own.toml:3:9: ",
                                             "own.toml:4:10: \"strict\" is true or false",
                                             "own.toml:5:16: \"header_rules\" is postfix or",
                                             "own.toml:6:1: unknown key \"speed\"; there are",
                                             "own.toml:8:1: body has no list of macros",
                                             "own.toml:9:1: ",
                                             "own.toml:11:5: \"j\" is a text in quotes"};
    for (auto const& one : places) BOOST_TEST((told.find(one) != told.npos), one << "\n" << told);
    BOOST_TEST(std::count(told.begin(), told.end(), '\n') + 1 ==
               static_cast<std::ptrdiff_t>(places.size()));
    BOOST_TEST(problems_of("version = \n").starts_with("own.toml:1:11: "));
}

BOOST_AUTO_TEST_CASE(options_name_the_mta_and_change_it) {
    auto const plan_of = [](std::vector<std::string> words) {
        words.insert(words.begin(), {"-s", "unix:/x"});
        auto const parsed = support::parse_words(parse_options, words);
        BOOST_TEST_REQUIRE(!parsed.result.exit_code.has_value(), parsed.err);
        return parsed.result.value.plan;
    };
    auto const usual = plan_of({});
    BOOST_TEST(usual.mta.macros.at(code::connect).ends_with("{client_resolve}"));
    BOOST_TEST((usual.protocol.how == proto::strictness::lenient));
    auto const exact = plan_of({"--as", "sendmail-8.17"});
    BOOST_TEST(exact.mta.macros.at(code::connect) == "j _ {daemon_name} {if_name} {if_addr}");
    BOOST_TEST((exact.protocol.how == proto::strictness::strict));
    BOOST_TEST((exact.rules == milter::message::header_rules::sendmail));
    BOOST_TEST(plan_of({"--as", "minimal-v2"}).protocol.offer.version == 2u);
    auto const older = plan_of({"--as", "sendmail-8.17", "--negotiate-version", "3"});
    BOOST_TEST(older.protocol.offer.version == 3u);
    BOOST_TEST((older.protocol.offer.steps == proto::steps_of(3)));
}

BOOST_AUTO_TEST_CASE(replies_that_no_client_would_hear_and_numbers_below_zero_are_told) {
    BOOST_TEST(problems_of("[replies]\nreject = \"250 ok\"\n") ==
               "own.toml:2:10: \"reject\" is an SMTP reply with a 4xx or 5xx code and a text");
    BOOST_TEST(problems_of("[replies]\ntempfail = \"nonsense\"\n") ==
               "own.toml:2:12: \"tempfail\" is an SMTP reply with a 4xx code and a text");
    BOOST_TEST(problems_of("[replies]\ntempfail = \"550 no\"\n").starts_with("own.toml:2:12: "));
    BOOST_TEST(problems_of("[replies]\nshutdown = \"421\"\n").starts_with("own.toml:2:12: "));
    BOOST_TEST(problems_of("most_headers = -1\n") ==
               "own.toml:1:16: \"most_headers\" is a number from 0 to 4294967295");
    for (auto const* const good : {"reject = \"450 4.7.1 100% later\"", "tempfail = \"451 x\""})
        BOOST_CHECK_NO_THROW(parse_profile(std::string("[replies]\n") + good, "own.toml"));
}

BOOST_AUTO_TEST_SUITE_END()
