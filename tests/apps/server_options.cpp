// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_options.cpp - what milter-test-server says of a command line that it cannot use, and its --help

#include "test-server/options.hpp"

#include <boost/test/unit_test.hpp>

#include <support/command_line.hpp>

#include <string>
#include <string_view>
#include <vector>

using words = std::vector<std::string>;

namespace {

auto server(words args) {
    args.insert(args.begin(), {"-s", "unix:/x"});
    return support::parse_words(milter::test_server::parse_options, args);
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

} // namespace

BOOST_AUTO_TEST_SUITE(apps_server_options)

BOOST_AUTO_TEST_CASE(the_option_at_fault_is_named) {
    struct row {
        words args;
        char const* says;
    };
    row const rows[] = {
        {{"--all-timeouts", "abc"}, "--all-timeouts: \"abc\" is no time"},
        {{"--all-timeouts", "1", "--reading-timeout", "abc"}, "--reading-timeout: \"abc\""},
        {{"--rset", "quit"}, "--rset: unknown stage \"quit\"; in a message there are mail, rcpt"},
        {{"--rset", "helo"}, "--rset: unknown stage \"helo\"; in a message there are mail, rcpt"},
        {{"--quit-after", "abort"}, "--quit-after: unknown stage \"abort\""},
        {{"--expect", "reject@negotiate"}, "--expect: at negotiate there is no verdict but error"},
        {{"--expect", "reject@quit"}, "--expect: unknown stage \"quit\""},
        {{"--expect", "rejct"}, "--expect: unknown verdict \"rejct\""},
        {{"--no-offer", "bogus"},
         "--no-offer: unknown protocol step \"bogus\"; there are no_connect"},
        {{"--no-offer", "bogus"}, "nor is it an action: add_header, "},
        {{"-h"}, "-h is --header; for help use -? or --help"},
        {{"--hedder", "a: b"}, "did you mean --header?"},
        {{"--outptu-message"}, "did you mean --output-message?"},
        {{"--expcet=pass"}, "did you mean --expect?"},
    };
    for (auto const& one : rows) {
        auto const parsed = server(one.args);
        BOOST_TEST(parsed.exit_code() == 2, one.says);
        BOOST_TEST(contains(parsed.err, one.says), parsed.err);
    }
    BOOST_TEST(!contains(server({"--frobnicate"}).err, "did you mean"));
    BOOST_TEST(!contains(server({"--rset", "quit"}).err, "abort"));
}

BOOST_AUTO_TEST_CASE(an_error_may_be_expected_at_the_negotiation) {
    BOOST_TEST(!server({"--expect", "error@negotiate"}).result.exit_code);
}

BOOST_AUTO_TEST_CASE(help_shows_what_may_be_left_out_and_no_types) {
    auto const help = server({"--help"}).out;
    for (auto const* part :
         {"--rset [STAGE] ", "--color [WHEN] ", "--threads N ", "quit\n", "\n\nUsage: "})
        BOOST_TEST(contains(help, part), part);
    for (auto const* part : {":INT", "{postfix", " ... "}) BOOST_TEST(!contains(help, part), part);
}

BOOST_AUTO_TEST_SUITE_END()
