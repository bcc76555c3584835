// SPDX-License-Identifier: BSL-1.0
// tests/rule/contradiction.cpp - expressions that say the same of every mail, and those that only look so
#include "rule/contradiction.hpp"

#include "rule/book.hpp"
#include "rule/parser.hpp"

#include <boost/test/unit_test.hpp>

using namespace milter::rule;

BOOST_AUTO_TEST_SUITE(rule_contradiction)

namespace {

constancy say(std::string_view text) {
    auto const parsed = parse(text);
    BOOST_REQUIRE_MESSAGE(parsed.tree, text << ": " << parsed.problem.message);
    return constancy_of(*parsed.tree, {}, "test");
}

/// "where index key offset+length: message", of all warnings.
std::string warnings(book_text const& from) {
    constexpr char const* sections[] = {"condition", "milter", "rule"};
    auto const built = build(from);
    std::string out;
    for (auto const& one : built.problems) {
        if (!one.is_warning) out += "error: ";
        out += sections[static_cast<std::size_t>(one.where)];
        out += " " + std::to_string(one.index) + " " + one.key + " " +
               std::to_string(one.what.at.offset) + "+" + std::to_string(one.what.at.length) +
               ": " + one.what.message + "\n";
    }
    return out;
}

rule_text ruled(std::string name, std::string when, verdict_kind verdict) {
    rule_text one;
    one.name = std::move(name);
    one.when = std::move(when);
    one.verdict = verdict;
    return one;
}

} // namespace

BOOST_AUTO_TEST_CASE(never_true) {
    char const* const rows[] = {
        "client.family == \"inet\" and client.family == \"inet6\"",
        "auth.present and not auth.present",
        "auth.present and auth.present == false",
        "client.address in \"10.0.0.0/8\" and client.address == \"192.0.2.1\"",
        "client.address in \"10.0.0.0/8\" and client.address in [\"11.0.0.0/8\", \"::/0\"]",
        "client.address in \"10.1.0.0/16\" and client.address not in \"10.0.0.0/8\"",
        "client.address == \"IPv6:2001:db8::1\" and client.address not in \"2001:db8::/32\"",
        "body.size > 1MiB and body.size < 1KiB",
        "body.size > 1MiB and body.size <= 1MiB",
        "body.size > 9B and body.size < 10B",
        "load.sessions in [1, 2] and load.sessions > 2",
        "helo under \"example.com\" and helo == \"other.org\"",
        "helo under \"a.example.com\" and helo not under \"example.com\"",
        "helo under \"example.com\" and helo under [\"example.org\", \"com.example\"]",
        "helo in [\".example.com\"] and helo == \"Example.com\"",
        "sender == \"a@example.com\" and sender == \"b@example.com\"",
        "sender.local in [\"a\", \"b\"] and sender.local == \"c\"",
        "now in \"Mon-Fri\" and now in \"Sat 10:00-11:00\"",
        "helo == client.name and helo != client.name",
        "any(recipient.local == \"a\") and none(recipient.local == \"a\")",
        "count(recipient) > 5 and count(recipient) < 3",
        "or_else(declared_size, 0B) > 5B and or_else(declared_size, 0B) == 5B",
        "(auth.present or client.resolved) and not auth.present and not client.resolved",
        "false and auth.present",
        "recipients.count < 0",
        "client.port > 70000",
        "client.port == 65536",
        "load.cpu > 101%",
        "macro(\"j\") == \"a\" and macro(\"{j}\") == \"b\" and macro(\"j\") == \"c\"",
    };
    for (auto const* const text : rows) BOOST_CHECK_MESSAGE(say(text) == constancy::never, text);
}

BOOST_AUTO_TEST_CASE(always_true) {
    char const* const rows[] = {
        "auth.present or not auth.present",
        "body.size >= 1MiB or body.size < 1MiB",
        "body.size > 1B or body.size < 3B",
        "client.family != \"inet\" or client.family != \"inet6\"",
        "client.address not in \"10.1.0.0/16\" or client.address in \"10.0.0.0/8\"",
        "sample(5%, by = helo) or not sample(5%, by = helo)",
        "true or auth.present",
        "body.size >= 0B",
        "client.port <= 65535",
        "now in \"Mon-Fri\" or now in \"Sat,Sun\"",
    };
    for (auto const* const text : rows) BOOST_CHECK_MESSAGE(say(text) == constancy::always, text);
}

BOOST_AUTO_TEST_CASE(neither) {
    char const* const rows[] = {
        "auth.present",
        "auth.present and not client.resolved",
        "client.family == \"inet\" or client.family == \"inet6\"",
        "client.address in \"10.0.0.0/8\" and client.address == \"10.0.0.1\"",
        "client.address in \"0.0.0.0/0\" or client.address in \"10.0.0.0/8\"",
        "body.size > 9B and body.size < 11B",
        "body.size < 0B or body.size > 0B",
        "helo under \"example.com\" and helo != \"example.com\" and helo != \"x.example.com\"",
        "helo under \"x.example.com\" or helo == \"example.com\"",
        "helo in [\".example.com\"] and helo under \"example.com\"",
        "sender.local in [\"/^a/\", \"b\"] and sender.local == \"c\"",
        "sender.local in [\" b \"] and sender.local == \"b\"",
        "sender in [\"@example.com\"] and sender == \"a@example.com\"",
        "helo contains \"a\" and helo contains \"b\"",
        "any(recipient.local == \"a\") and any(recipient.local == \"b\")",
        "all(recipient.local == \"a\") and none(recipient.local == \"a\")",
        "or_else(auth.present, true) and not auth.present",
        "now in \"Mon-Fri\" and now in \"Fri-Sat\"",
        "sample(5%, by = helo) and sample(95%, by = helo)",
        "client.port >= 65535",
        "load.cpu >= 100%",
        "load.of_limit > 101%",
        "load.busy(\"m\") > 101%",
    };
    for (auto const* const text : rows) BOOST_CHECK_MESSAGE(say(text) == constancy::none, text);
}

BOOST_AUTO_TEST_CASE(what_has_too_many_parts_is_left_alone) {
    std::string text = "auth.present and not auth.present";
    for (int i = 0; i < 17; ++i) text += " and helo contains \"" + std::to_string(i) + "\"";
    BOOST_CHECK(say(text) == constancy::none);
}

BOOST_AUTO_TEST_CASE(a_book_says_it_once_and_at_its_place) {
    book_text from;
    from.conditions = {{"never", "", "helo == \"a\" and helo == \"b\""},
                       {"off", "", "false"},
                       {"local", "", "client.address in \"10.0.0.0/8\""}};
    from.milters = {{"a", "never and client.resolved", true}, // said of the condition
                    {"b", "off and client.resolved", true},   // a switch
                    {"c", "true", true},
                    {"d", "local and client.address == \"192.0.2.1\"", true}};
    from.rules = {ruled("e", "any(recipient.local == \"a\" and recipient.local == \"b\")",
                        verdict_kind::none),
                  ruled("f", "count(header(\"X\") == \"a\" or header(\"X\") != \"a\") > 2",
                        verdict_kind::none),
                  ruled("g", "not local or local", verdict_kind::none)};
    from.rules.push_back(from.rules[0]);
    from.rules.back().enabled = false;
    BOOST_CHECK_EQUAL(warnings(from), "condition 0 when 0+27: this is never true\n"
                                      "milter 3 when 0+39: this is never true\n"
                                      "rule 0 when 4+49: this is never true\n"
                                      "rule 1 when 6+40: this is always true\n"
                                      "rule 2 when 0+18: this is always true\n");
    BOOST_CHECK(build(from).value);
}

BOOST_AUTO_TEST_CASE(a_text_that_no_mail_has_is_told_with_what_was_meant) {
    auto const told = [](std::string const& when) {
        book_text from;
        from.milters = {{"a", when, true}};
        std::string out;
        for (auto const& one : build(from).problems) {
            BOOST_TEST(one.is_warning);
            out += when.substr(one.what.at.offset, one.what.at.length) + ": " + one.what.message +
                   "; " + one.what.hint + "\n";
        }
        return out;
    };
    BOOST_TEST(told("sender == \"@example.com\"") ==
               "\"@example.com\": sender is never \"@example.com\"; "
               "write sender.domain == \"example.com\"\n");
    BOOST_TEST(told("sender == \"example.com\"") ==
               "\"example.com\": \"example.com\" has no \"@\"; "
               "write sender.domain == \"example.com\"\n");
    BOOST_TEST(told("any(recipient != \"*@example.com\")") ==
               "\"*@example.com\": \"*@example.com\" is compared as it is written; "
               "write recipient.domain != \"example.com\"\n");
    BOOST_TEST(told("sender == \"news-*@example.com\"") ==
               "\"news-*@example.com\": \"news-*@example.com\" is compared as it is written; "
               "a pattern stands behind matches\n");
    BOOST_TEST(told("sender.domain == \"user@example.com\"") ==
               "\"user@example.com\": sender.domain is never \"user@example.com\"; "
               "write sender == \"user@example.com\"\n");
    BOOST_TEST(told("sender.domain under [\"example.org\", \"user@example.com\"]") ==
               "\"user@example.com\": sender.domain is never \"user@example.com\"; "
               "a domain has no \"@\"\n");
    BOOST_TEST(told("client.name == \"*.example.com\"") ==
               "\"*.example.com\": \"*.example.com\" is compared as it is written; "
               "write client.name under \"example.com\"\n");
    BOOST_TEST(told("any(recipient.domain == \"*@foo.example\")") ==
               "\"*@foo.example\": \"*@foo.example\" is compared as it is written; "
               "a pattern stands behind matches\n");
    BOOST_TEST(told("client.name == \".example.com\"") ==
               "\".example.com\": client.name is never \".example.com\"; "
               "write client.name under \"example.com\"\n");
    BOOST_TEST(told("content_type == \"text/html; charset=utf-8\"") ==
               "\"text/html; charset=utf-8\": content_type is never "
               "\"text/html; charset=utf-8\"; it has no parameters: write \"text/html\"\n");
    BOOST_TEST(told("auth.present or client.port > 70000 and client.port > 25") ==
               "client.port > 70000: this is never true; no value of client.port is like that\n");
    BOOST_TEST(told("count(length(recipient) < 0) > 1") ==
               "length(recipient) < 0: this is never true; "
               "no value of length(recipient) is like that\n");
    for (auto const* const good :
         {"sender == \"a@example.com\"", "sender == \"postmaster\"", "sender == \"<>\"",
          "sender in [\"@example.com\", \"example.org\"]", "helo == \"user@example.com\"",
          "client.name == \"unknown\"", "client.name in [\"*.example.com\"]",
          "content_type starts_with \"text/\"", "auth.user == \"*\"",
          // of programs that write no better
          "content_type == \"text\"", "content_type == \"text/plain charset=us-ascii\"",
          // asks whether the fact is known
          "sender.null and or_else(declared_size >= 0B, false)",
          "sender.null or or_else(load.cpu <= 100%, false)"})
        BOOST_TEST(told(good) == "", good);
}

BOOST_AUTO_TEST_CASE(a_rule_behind_one_that_always_decides) {
    auto const behind = [](rule_text first, std::string const& second) {
        book_text from;
        from.rules = {ruled("off", "true", verdict_kind::reject), std::move(first),
                      ruled("second", second, verdict_kind::reject)};
        from.rules[0].enabled = false;
        return warnings(from);
    };
    std::string const never =
        "rule 2  0+0: this rule never decides: before it, \"first\" always does\n";
    BOOST_CHECK_EQUAL(behind(ruled("first", "true", verdict_kind::accept), "sender.null"), never);
    BOOST_CHECK_EQUAL(behind(ruled("first", "true", verdict_kind::reject), "sender.null"), never);
    BOOST_CHECK_EQUAL(behind(ruled("first", "true", verdict_kind::none), "sender.null"), "");
    BOOST_CHECK_EQUAL(behind(ruled("first", "sender.null", verdict_kind::accept), "true"), "");
    // Known too late, or perhaps not at all.
    std::string const always = "rule 1 when 0+42: this is always true\n";
    auto const late = "body.size > 10MiB or not body.size > 10MiB";
    BOOST_CHECK_EQUAL(behind(ruled("first", late, verdict_kind::reject), "sender.null"), always);
    BOOST_CHECK_EQUAL(behind(ruled("first", late, verdict_kind::accept), "sender.null"),
                      always + never);
    auto open = ruled("first", "declared_size > 9B or declared_size <= 9B ", verdict_kind::accept);
    BOOST_CHECK_EQUAL(behind(open, "sender.null"), "rule 1 when 0+41: this is always true\n");
    open.holds_if_unknown = true;
    BOOST_CHECK_EQUAL(behind(open, "sender.null"),
                      "rule 1 when 0+41: this is always true\n" + never);
}

BOOST_AUTO_TEST_SUITE_END()
