// SPDX-License-Identifier: BSL-1.0
// tests/rule/set.cpp - sets from lists of entries and from files, and what is wrong with those

#include "rule/set.hpp"

#include "rule/match.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace milter;
using rule::parse_mail_address;
using rule::parse_set;
using rule::parse_set_text;
using rule::set_kind;

namespace {

rule::set must(rule::set_result made) {
    for (auto const& problem : made.problems) BOOST_TEST_MESSAGE(problem.message);
    BOOST_REQUIRE(made.value.has_value());
    BOOST_TEST(made.problems.empty());
    return *made.value;
}

bool has(rule::set const& set, std::string_view address) {
    return set.has(rule::parse_ip(address).value());
}

/// "line:column message", without the hint.
std::vector<std::string> problems_of(rule::set_result const& made) {
    BOOST_TEST(!made.value.has_value());
    std::vector<std::string> lines;
    for (auto const& one : made.problems)
        lines.push_back(std::to_string(one.line) + ":" + std::to_string(one.column) + " " +
                        one.message);
    return lines;
}

} // namespace

BOOST_AUTO_TEST_SUITE(sets)

BOOST_AUTO_TEST_CASE(addresses_are_in_prefixes) {
    auto const set =
        must(parse_set(set_kind::addresses, {"10.0.0.0/8", " 192.0.2.1 ", "fd00::/8"}));
    BOOST_TEST((set.kind() == set_kind::addresses));
    BOOST_TEST(set.size() == 3u);
    BOOST_TEST(has(set, "10.1.2.3"));
    BOOST_TEST(has(set, "IPv6:::ffff:10.1.2.3"));
    BOOST_TEST(has(set, "192.0.2.1"));
    BOOST_TEST(has(set, "fd12::1"));
    BOOST_TEST(!has(set, "192.0.2.2"));
    BOOST_TEST(!set.has_text("10.1.2.3"));
}

BOOST_AUTO_TEST_CASE(file_has_an_entry_a_line_with_comments_and_empty_lines) {
    auto const set = must(parse_set_text(set_kind::domains, "# ours\r\n"
                                                            "example.com\r\n"
                                                            "\r\n"
                                                            "\t.example.net   # and all below\n"
                                                            "   # nothing\n"
                                                            "/^mx\\d+\\.Example\\.org$/i\n"
                                                            "last.test"));
    BOOST_TEST(set.size() == 4u);
    BOOST_TEST(set.has_domain("example.com"));
    BOOST_TEST(set.has_domain("a.example.net"));
    BOOST_TEST(set.has_domain("mx12.example.org"));
    BOOST_TEST(set.has_domain("last.test"));
    BOOST_TEST(!set.has_domain("example.net"));
    BOOST_TEST(!set.has_domain("mx.example.org"));
}

BOOST_AUTO_TEST_CASE(mail_addresses_are_in_by_address_domain_user_or_pattern) {
    auto const set = must(parse_set_text(set_kind::mail, "joe@example.com\n<>\n/^no-?reply@/\n"));
    BOOST_TEST(set.has_mail(parse_mail_address("<Joe@Example.com>")));
    BOOST_TEST(set.has_mail(parse_mail_address("<>")));
    BOOST_TEST(set.has_mail(parse_mail_address("<NoReply@any.test>")));
    BOOST_TEST(!set.has_mail(parse_mail_address("<jim@example.com>")));
    BOOST_TEST(!set.has_domain("example.com"));
}

BOOST_AUTO_TEST_CASE(texts_are_whole_and_without_regard_to_case) {
    auto const set = must(parse_set_text(set_kind::text, "hello World # not a comment\n"
                                                         "/regex\n"
                                                         "/^sub\\s*ject/\n"));
    BOOST_TEST(set.has_text("Hello world # Not a comment"));
    BOOST_TEST(set.has_text("/REGEX"));
    BOOST_TEST(set.has_text("Subject: x"));
    BOOST_TEST(!set.has_text("hello"));
}

BOOST_AUTO_TEST_CASE(hours_are_in_windows) {
    auto const set = must(parse_set(set_kind::windows, {"Mon-Fri 08:00-18:00", "Sat"}));
    BOOST_TEST(set.has_time(0, 8 * 60));
    BOOST_TEST(set.has_time(5, 0));
    BOOST_TEST(!set.has_time(6, 8 * 60));
}

BOOST_AUTO_TEST_CASE(all_problems_are_told_with_their_places) {
    std::vector<std::string> const addresses{
        "1:1 \"10.0.0.1/8\" has bits set behind its length; did you mean \"10.0.0.0/8\"?",
        "3:3 \"nonsense\" is not an IP address"};
    BOOST_TEST(problems_of(parse_set_text(set_kind::addresses, "10.0.0.1/8\n::1\n  nonsense\n")) ==
                   addresses,
               boost::test_tools::per_element());
    std::vector<std::string> const domains{
        "2:2 \"a@b\" is not a domain",
        "3:4 \"(?=\": looking ahead or behind is not supported, as matching it can take for ever",
        "4:1 \".\" is not a domain"};
    BOOST_TEST(problems_of(parse_set(set_kind::domains, {"ok", "a@b", "/ab(?=c)/", "."})) ==
                   domains,
               boost::test_tools::per_element());
    BOOST_TEST(problems_of(parse_set(set_kind::windows, {"Mon", "Mon 8-9"})).at(0).substr(0, 4) ==
               "2:5 ");
    struct {
        char const* entry;
        char const* hint;
    } const stars[] = {
        {"*@example.com", "did you mean \"@example.com\"?"},
        {"*@*.example.com", "did you mean \".example.com\"?"},
        {"user@*", "did you mean \"user@\"?"},
        {"user@*.example.com",
         "write user@example.com, example.com, .example.com, user@, <> or /pattern/"},
        {"*@mail.*", "write user@example.com, example.com, .example.com, user@, <> or /pattern/"},
    };
    for (auto const& row : stars) {
        auto const made = parse_set(set_kind::mail, {row.entry});
        BOOST_TEST_REQUIRE(made.problems.size() == 1u);
        BOOST_TEST(made.problems[0].hint == row.hint);
    }
    auto const domains_of = parse_set(set_kind::mail, {"*.example.com", "@*.example.net"});
    BOOST_TEST_REQUIRE(domains_of.value.has_value());
    for (auto const* const one : {"<a@b.example.com>", "<a@b.example.net>"})
        BOOST_TEST(domains_of.value->has_mail(parse_mail_address(one)));
    BOOST_TEST(parse_set(set_kind::mail, {"a*b@example.com"}).value.has_value());
    BOOST_TEST(problems_of(parse_set(set_kind::mail, {"@"})).at(0) ==
               "1:1 \"@\" is not a mail address");
    for (auto const& one : parse_set(set_kind::domains, {"a@b", "/(/"}).problems)
        BOOST_TEST(!one.hint.empty());
}

BOOST_AUTO_TEST_CASE(empty_entry_of_a_list_is_a_problem) {
    for (auto const kind :
         {set_kind::addresses, set_kind::domains, set_kind::mail, set_kind::windows})
        BOOST_TEST(problems_of(parse_set(kind, {" "})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(problems_end_after_many) {
    std::string text;
    for (int i = 0; i < 1'000'000; ++i) text += "?\n";
    BOOST_TEST(parse_set_text(set_kind::addresses, text).problems.size() == rule::most_problems);
}

BOOST_AUTO_TEST_CASE(set_without_entries_has_nothing) {
    for (auto const kind : {set_kind::addresses, set_kind::domains, set_kind::mail, set_kind::text,
                            set_kind::windows}) {
        auto const set = must(parse_set_text(kind, "# nothing yet\n"));
        BOOST_TEST(set.size() == 0u);
        BOOST_TEST(!has(set, "10.0.0.1"));
        BOOST_TEST(!set.has_domain("a"));
        BOOST_TEST(!set.has_mail(parse_mail_address("a@b")));
        BOOST_TEST(!set.has_text(""));
        BOOST_TEST(!set.has_time(0, 0));
    }
}

BOOST_AUTO_TEST_CASE(hostile_files_give_a_set_or_problems) {
    std::string const long_line(1'000'000, 'x');
    std::string const zeros(1'000'000, '\0');
    for (auto const kind : {set_kind::addresses, set_kind::domains, set_kind::mail, set_kind::text,
                            set_kind::windows})
        for (auto const& text : {long_line, zeros, "/" + long_line + "/",
                                 std::string("\n\r\n\0", 4), long_line + "\n" + zeros}) {
            auto const made = parse_set_text(kind, text);
            BOOST_TEST(made.value.has_value() == made.problems.empty());
            for (auto const& one : made.problems) BOOST_TEST(one.message.size() < 1'000u);
        }
}

BOOST_AUTO_TEST_CASE(patterns_are_not_without_number) {
    std::string text;
    for (std::size_t i = 0; i < rule::most_listed_patterns; ++i) text += "/a/\n";
    BOOST_TEST(parse_set_text(set_kind::text, text).value.has_value());
    text += "plain\n/b/\n";
    BOOST_TEST(problems_of(parse_set_text(set_kind::text, text)) ==
                   std::vector<std::string>{"10002:1 more than 10000 patterns"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
