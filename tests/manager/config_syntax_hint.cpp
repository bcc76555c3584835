// SPDX-License-Identifier: BSL-1.0
// tests/manager/config_syntax_hint.cpp - what is said about the commonest slips in the configuration file

#include "manager/config/config_toml.hpp"
#include "manager/config/syntax_hint.hpp"

#include <boost/test/unit_test.hpp>

using namespace milter::manager;

namespace {

struct slip {
    std::string text;
    unsigned line;
    std::string hint;
};

std::string const no_quote = "the closing quote is missing";

slip const slips[] = {
    {"when = 'it''s'", 1, "what is quoted within single quotes stands in double ones"},
    // text without quotes, by its first letter: the parser takes it for true, false, nan, inf, a number
    {"on_error = tempfail", 1, R"(text stands in quotes: on_error = "tempfail")"},
    {"on_error = tempfail # for now", 1, R"(text stands in quotes: on_error = "tempfail")"},
    {"x = fail", 1, R"(text stands in quotes: x = "fail")"},
    {"x = never", 1, R"(text stands in quotes: x = "never")"},
    {"x = inet:8891@localhost", 1, R"(text stands in quotes: x = "inet:8891@localhost")"},
    {"\n\n x=accept", 3, R"(text stands in quotes: x = "accept")"},
    {"x = /run/x", 1, R"(text stands in quotes: x = "/run/x")"},
    {"drain = 3s", 1, R"(text stands in quotes: drain = "3s")"},
    {"timeout = { connect = 3s, command = \"1s\" }", 1, R"(text stands in quotes: connect = "3s")"},
    {"timeout = { connect = '3s', command = 1s }", 1, R"(text stands in quotes: command = "1s")"},
    // truth
    {"enabled = yes", 1, "did you mean true?"},
    {"enabled = off", 1, "did you mean false?"},
    {"enabled = True", 1, "did you mean true?"},
    // quotes
    {"x = \"abc", 1, no_quote},
    {"x = 'abc\ny = 1", 1, no_quote},
    {"x = \"abc\ny = \"1\"\n", 1, no_quote},
    // headings
    {"[[milter]\nname = 'a'", 1, "did you mean [[milter]]?"},
    {"[[milter", 1, "did you mean [[milter]]?"},
    {"[manager\nworkers = 1", 1, "did you mean [manager]?"},
    // keys
    {"x = 1\nx = 2\n", 2, "a key stands once in its table: take one of them out"},
    {"[manager]\n[manager]\n", 2,
     "a table stands once in the file: put all its keys below one heading"},
    {"[[milter]]\n[milter]\n", 2, "did you mean [[milter]]?"},
    {"[milter]\nname = 'a'\n[[milter]]\n", 3, "[milter] in line 1: did you mean [[milter]]?"},
    {"\n[milter.timeout]\n[[milter]]\n", 3, "[milter.timeout] stands below its [[milter]]"},
    {"[manager]\n[[manager]]\n", 2,
     "a table stands once in the file: put all its keys below one heading"},
    {"mode = 0600 # mine", 1, R"(a mode stands in quotes: mode = "0600")"},
    {"socket: \"x\"", 1, R"(write "=" instead of ":": socket = "x")"},
    {"socket : 'x'", 1, R"(write "=" instead of ":": socket = 'x')"},
    // quotes within quotes, and of other kinds
    {R"(when = "client.name == "mail.example.com"")", 1,
     R"(a text with " in it stands in single quotes: when = 'client.name == "mail.example.com"')"},
    {"when = 'client.name == 'mail.example.com''", 1,
     R"(what is quoted within single quotes stands in double ones: when = 'client.name == "mail.example.com"')"},
    {R"(when = "client.name matches /\.example/")", 1,
     "a backslash has a meaning in double quotes; in single ones it stands for itself"},
    {"x = \xe2\x80\x9cinbound\xe2\x80\x9d", 1, "write plain quotes, \" or '"},
    // signs of other languages
    {"name = \"x\",", 1, "no comma stands behind a key and its value: take it out"},
    {"x = 1,\ny = 2", 1, "no comma stands behind a key and its value: take it out"},
    {"// workers\nx = 1", 1, "a remark begins with #"},
    {"; workers\nx = 1", 1, "a remark begins with #"},
    {"x = 1 // workers", 1, "a remark begins with #"},
    {"x = \"a\" ; workers", 1, "a remark begins with #"},
    {"timeout = { command = \"5s\", }", 1, "take the last comma out"},
    {"x == 1", 1, "one = stands between a key and its value"},
    {"x = `a`", 1, "write plain quotes, \" or '"},
    {R"(when = "a == 'x' or b == "y"")", 1, R"(a text with " in it stands in single quotes)"},
    // nothing likely
    {"x = 0660", 1, ""},
    {"x = \"\x1b\"", 1, ""},
    {"x = [1, 2\ny = 2", 2, ""},
    {"= 1", 1, ""},
};

} // namespace

BOOST_AUTO_TEST_SUITE(config_syntax_hint)

BOOST_AUTO_TEST_CASE(the_commonest_slips_are_recognized) {
    for (auto const& row : slips) {
        BOOST_TEST_CONTEXT(row.text) {
            auto const loaded = parse_config(row.text, "m");
            BOOST_TEST(!loaded.config);
            BOOST_TEST_REQUIRE(loaded.problems.size() == 1u);
            BOOST_TEST(loaded.problems[0].line == row.line);
            BOOST_TEST(loaded.problems[0].hint == row.hint);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_place_behind_the_end_is_no_harm) {
    BOOST_TEST(syntax_hint("", {7, 9, 1}, "x") == "");
    BOOST_TEST(syntax_hint("a = b", {1, 900, 1}, "x") == "text stands in quotes: a = \"b\"");
    BOOST_TEST(syntax_hint("a\n", {9, 1, 1}, "x") == "");
}

BOOST_AUTO_TEST_SUITE_END()
