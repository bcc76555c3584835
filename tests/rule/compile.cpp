// SPDX-License-Identifier: BSL-1.0
// tests/rule/compile.cpp - names and types: what is wrong is said once, at its place, with a way out
#include "rule/compile.hpp"

#include "rule/fact_table.hpp"
#include "rule/foreign_word.hpp"
#include "rule/function_table.hpp"

#include <boost/test/unit_test.hpp>

using namespace milter::rule;

BOOST_AUTO_TEST_SUITE(rule_compile)

namespace {

scope some_names() {
    scope names;
    names.conditions = {{"suspicious", 0}, {"authenticated", 1}};
    names.sets = {{"local", {0, set_kind::addresses}},
                  {"customers", {1, set_kind::domains}},
                  {"office", {2, set_kind::windows}}};
    names.milters = {
        {"dkim", 0}, {"spf", 1}, {"rspamd", 2}, {"spamassassin", 3}, {"disclaimer", 4}};
    names.block_lists = {{"zen.spamhaus.org", 0}};
    names.allow_lists = {{"list.dnswl.org", 0}};
    names.sets.emplace("av_domains", named_set{3, set_kind::domains});
    return names;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_example_of_a_fact_and_of_a_function_is_an_expression) {
    for (auto const& row : fact_rows()) {
        auto const made = compile(row.example, some_names(), "test");
        BOOST_CHECK_MESSAGE(made.value,
                            row.name << ": " << row.example << ": "
                                     << (made.problems.empty() ? "" : made.problems[0].message));
        BOOST_CHECK_NE(std::string(row.example).find(row.name.substr(0, row.name.find('('))),
                       std::string::npos);
    }
    for (auto const& row : function_rows()) {
        auto const made = compile(row.example, some_names(), "test");
        BOOST_CHECK_MESSAGE(made.value,
                            row.name << ": " << row.example << ": "
                                     << (made.problems.empty() ? "" : made.problems[0].message));
    }
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_named_with_its_place_and_a_way_out) {
    struct {
        char const* written;
        unsigned offset, length;
        char const* message;
        char const* hint;
    } const rows[] = {
        {"suspicius", 0, 9, "unknown fact or condition \"suspicius\"", "did you mean suspicious?"},
        {"client.adress in @local", 0, 13, "unknown fact or condition \"client.adress\"",
         "did you mean client.address?"},
        {"nonsense(1)", 0, 11, "unknown fact or function \"nonsense()\"",
         "see the lists of facts and functions: milter-manager rules facts"},
        {"header == \"x\"", 0, 6, "header needs an argument",
         "write any(header(\"Subject\") matches /^\\[SPAM\\]/)"},
        {"helo() == \"x\"", 0, 6, "helo takes no argument", "write helo"},
        {"client.address", 0, 14, "client.address is an IP, not a condition",
         "compare it: client.address == \"...\""},
        {"body.size", 0, 9, "body.size is a size, not a condition", "compare it: body.size > ..."},
        {"\"text\"", 0, 6, "expected a condition, not \"text\"",
         "a value is compared with a fact: client.name == \"...\""},
        {"\"a\" == helo", 0, 3, "a comparison begins with a fact, not with \"a\"",
         "turn it round: the fact stands first"},
        {"body.size > 10", 12, 2, "expected a value of type size, not 10", "write one like 64KiB"},
        {"load.cpu > 90", 11, 2, "expected a value of type percent, not 90", "write 90%"},
        {"client.port == \"25\"", 15, 4, "expected a value of type integer, not \"25\"",
         "write 25"},
        {"client.port == \"smtp\"", 15, 6, "expected a value of type integer, not \"smtp\"",
         "write one like 10"},
        {"client.address == \"10.0.0.0/8\"", 18, 12, "\"10.0.0.0/8\" is no IP address",
         "a network is written behind in"},
        {"client.address in \"10.0.0.1/8\"", 18, 12,
         "\"10.0.0.1/8\" has bits set behind its length; did you mean \"10.0.0.0/8\"?",
         "write an address or a prefix, like 192.0.2.0/24 or 2001:db8::/32"},
        {"client.address in @customers", 18, 10,
         "@customers holds domains, and client.address is of type IP", ""},
        {"client.address in @locl", 18, 5, "unknown set \"@locl\"", "did you mean @local?"},
        {"helo in \"example.com\"", 8, 13,
         "expected a list or a set behind in, not \"example.com\"",
         "write [\"example.com\"], or == for one value"},
        {"helo in [1]", 9, 1, "expected a text in quotes in the list, not 1",
         "write \"example.com\""},
        {"sender under \"example.com\"", 0, 6,
         "under is for domains, and sender is of type address", "write sender.domain"},
        {"helo under \".example.com\"", 11, 14, "no name is under \".example.com\"",
         "write under \"example.com\": this name and all names below it"},
        {"helo not under \"*.example.com\"", 15, 15, "no name is under \"*.example.com\"",
         "write under \"example.com\": this name and all names below it"},
        {"helo under [\"example.com\", \".example.org\"]", 27, 14,
         "no name is under \".example.org\"",
         "write \"example.org\": this name and all names below it"},
        {"helo under \"\"", 11, 2, "no name is under \"\"",
         "write a domain; a pattern stands behind matches"},
        {"helo under \"mail.*\"", 11, 8, "no name is under \"mail.*\"",
         "write a domain; a pattern stands behind matches"},
        {"helo under @customers", 11, 10, "under takes a domain or a list of them, not a set",
         "an entry \".example.com\" of a set stands for all below it: write in @customers"},
        {"helo < \"a\"", 0, 4, "< is for numbers, and helo is of type domain",
         "list those that are meant: in [\"a\", ...]"},
        {"helo matches \"a\"", 13, 3, "expected a pattern behind matches, not \"a\"",
         "write /.../, or /.../i where case does not matter"},
        {"client.address matches /1/", 0, 14,
         "matches is for texts, and client.address is of type IP",
         "a network stands behind in: in \"10.0.0.0/8\""},
        {"helo == client.address", 8, 14, "helo is of type domain, and client.address of type IP",
         "only values of one type are compared"},
        {"helo == @customers", 8, 10, "expected a value of type domain, not @customers",
         "write in for a set or a list"},
        {"helo == /x/", 8, 3, "expected a value of type domain, not /x/",
         "write matches for a pattern"},
        {"helo contains \"\"", 14, 2, "an empty text", "it is part of every text"},
        {"now == \"08:00\"", 7, 7, "a time lies in hours", "write now in \"Mon-Fri 08:00-18:00\""},
        {"client.family == \"ipv6\"", 17, 6, "client.family is never \"ipv6\"",
         "it is one of inet, inet6, unix, unknown"},
        {"mta.name == \"exim\"", 12, 6, "mta.name is never \"exim\"",
         "it is one of postfix, sendmail"},
        {"recipient.domain in @customers", 0, 16, "there may be several recipient.domain",
         "write any(recipient.domain ...), all(...), none(...) or count(...)"},
        {"header(\"Subject\") == \"x\"", 0, 17, "there may be several header(\"Subject\")",
         "write any(header(\"Subject\") ...), all(...), none(...) or count(...)"},
        {"any(client.name == \"x\")", 0, 23, "any of something that there is only one of",
         "it is for recipient, recipient.domain, header(\"Name\"), ..."},
        {"any(any(recipient == \"a@b\"))", 4, 23, "any within another one",
         "recipients and header fields are looked at one by one"},
        {"any(recipient.domain == \"x\" and header(\"A\") == \"b\")", 32, 11,
         "a second kind of values within one any, all, none or count",
         "ask about header(\"A\") in one of its own"},
        {"any(header(\"A\") == \"x\" or header(\"B\") == \"b\")", 26, 11,
         "a second kind of values within one any, all, none or count",
         "ask about header(\"B\") in one of its own"},
        {"count(recipient)", 0, 16, "count(recipient) is a number, not a condition",
         "compare it: count(...) > 10"},
        {"any(recipient, recipient)", 0, 25, "any takes 1 argument", "write any(condition)"},
        {"milter(\"skf\").ran", 7, 5, "unknown milter \"skf\"", "did you mean \"spf\"?"},
        {"milter(spf).ran", 7, 3, "expected a name in quotes, not spf", "write \"spf\""},
        {"milter(\"spf\").verdict == \"rejected\"", 25, 10,
         "milter(\"spf\").verdict is never \"rejected\"", "did you mean \"reject\"?"},
        {"dnsbl(\"bl.example.org\")", 6, 16, "unknown DNS list \"bl.example.org\"",
         "add [dnsbl.\"bl.example.org\"]"},
        {"has_header(\"List-Id:\")", 11, 10, "\"List-Id:\" is no name of a header field",
         "without colon and spaces"},
        {"sample(5%)", 0, 10, "sample takes a percentage and by",
         "write sample(5%, by = client.address)"},
        {"sample(101%, by = helo)", 7, 4, "a share is at most 100%", ""},
        {"sample(5%, by = client.port)", 11, 16,
         "by takes an address, a domain, an IP or a string, not an integer",
         "write sample(5%, by = client.address)"},
        {"s25r(client.address)", 5, 14, "s25r takes a domain, not an IP", ""},
        {"private(client.name)", 8, 11, "private takes an IP, not a domain", ""},
        {"or_else(declared_size, 5) > 10B", 23, 1, "expected a value of type size, not 5",
         "write one like 64KiB"},
        {"length(body.size) > 1", 7, 9, "length takes a string, a domain or an address, not a size",
         ""},
    };
    for (auto const& row : rows) {
        auto const made = compile(row.written, some_names(), "test");
        BOOST_TEST_CONTEXT(row.written) {
            BOOST_CHECK(!made.value);
            BOOST_REQUIRE_EQUAL(made.problems.size(), 1);
            BOOST_CHECK_EQUAL(made.problems[0].message, row.message);
            BOOST_CHECK_EQUAL(made.problems[0].hint, row.hint);
            BOOST_CHECK_EQUAL(made.problems[0].at.offset, row.offset);
            BOOST_CHECK_EQUAL(made.problems[0].at.length, row.length);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_people_bring_along_from_elsewhere_is_known) {
    std::string const of_rspamd = "milter(\"rspamd\").ran, .verdict, .failed, .quarantined, "
                                  ".changed_body or .latency";
    std::string const facts = "see the list of facts: milter-manager rules facts";
    struct {
        char const* written;
        std::string message;
        std::string hint;
    } const rows[] = {
        // facts of other names
        {"client.ip in \"10.0.0.0/8\"", "unknown fact or condition \"client.ip\"",
         "did you mean client.address?"},
        {"size > 5MiB", "unknown fact or condition \"size\"", "did you mean message.size?"},
        {"name == \"x\"", "unknown fact or condition \"name\"", "did you mean client.name?"},
        {"rcpt == \"a@example.com\"", "unknown fact or condition \"rcpt\"",
         "did you mean any(recipient ...)?"},
        {"any(rcpt == \"a@example.com\")", "unknown fact or condition \"rcpt\"",
         "did you mean recipient?"},
        {"subject contains \"x\"", "unknown fact or condition \"subject\"",
         "did you mean any(header(\"Subject\") ...)?"},
        {"rbl(\"zen.spamhaus.org\")", "unknown fact or function \"rbl()\"",
         "did you mean dnsbl(\"zen.spamhaus.org\")?"},
        // functions and facts without what stands behind them
        {"s25r", "s25r needs an argument", "write s25r(client.name)"},
        {"sample", "sample needs an argument", "write sample(5%, by = sender.domain)"},
        {"dnsb", "unknown fact or condition \"dnsb\"", "did you mean dnsbl(...)?"},
        {"sampel", "unknown fact or condition \"sampel\"", "did you mean sample(...)?"},
        {"client", "client is no value by itself",
         "write client.address, .name, .port, .family, .ptr or .resolved"},
        {"client.country == \"DE\"", "unknown fact or condition \"client.country\"",
         "write client.address, .name, .port, .family, .ptr or .resolved"},
        {"load > 5", "load is no value by itself",
         "write load.sessions, .listener_sessions, .cpu, .busy(), .process_limit or .of_limit"},
        {"milter(\"rspamd\") == \"reject\"", "milter(\"rspamd\") is no value by itself",
         "write " + of_rspamd},
        {"milter(\"rspamd\").verdikt == \"reject\"",
         "unknown fact or function \"milter().verdikt\"",
         "did you mean milter(\"rspamd\").verdict?"},
        {"milter(\"rspamd\").score > 5", "unknown fact or function \"milter().score\"",
         "write " + of_rspamd},
        // milters and lists without their words
        {"rspamd.ran", "unknown fact or condition \"rspamd.ran\"", "write milter(\"rspamd\").ran"},
        {"rspamd", "unknown fact or condition \"rspamd\"", "write " + of_rspamd},
        {"zen.spamhaus.org", "unknown fact or condition \"zen.spamhaus.org\"",
         "write dnsbl(\"zen.spamhaus.org\")"},
        {"clamav.ran", "unknown fact or condition \"clamav.ran\"", facts},
        {"milter(\"milter-spf\").ran", "unknown milter \"milter-spf\"", "did you mean \"spf\"?"},
        // conditions of files that were not copied
        {"s25r_suspicious", "unknown fact or condition \"s25r_suspicious\"",
         "rules/s25r.toml defines it: copy that file to rules.d"},
        // values
        {"auth.present == yes", "expected a value of type bool, not yes", "write true"},
        {"auth.present == off", "expected a value of type bool, not off", "write false"},
        {"sender == null", "expected a value of type address, not null", "write sender.null"},
        {"tls.cipher == none", "expected a value of type string, not none",
         "a text that is empty is written \"\""},
        {"client.name == localhost", "expected a value of type domain, not localhost",
         "write \"localhost\""},
        {"mta.name == postfix", "expected a value of type string, not postfix",
         "write \"postfix\""},
        {"client.name == client.nam", "unknown fact or condition \"client.nam\"",
         "did you mean client.name?"},
        {"client.port in \"25\"", "expected a list or a set behind in, not \"25\"",
         "write [25], or == for one value"},
        {"client.port in 25", "expected a list or a set behind in, not 25",
         "write [25], or == for one value"},
        {"client.port in \"smtp\"", "expected a list or a set behind in, not \"smtp\"",
         "write [10, ...] or @name"},
        {"client.name in customers", "expected a list or a set behind in, not customers",
         "write @customers"},
        {"client.name in [localhost]", "expected a text in quotes in the list, not localhost",
         "write \"localhost\""},
        // comparisons that the type does not have
        {"tls.version >= \"TLSv1.2\"", ">= is for numbers, and tls.version is of type string",
         "list those that are meant: in [\"TLSv1.2\", ...]"},
        {"client.address starts_with \"10.\"",
         "starts_with is for texts, and client.address is of type IP",
         "a network stands behind in: in \"10.0.0.0/8\""},
        {"client.address starts_with \"192.168.1.\"",
         "starts_with is for texts, and client.address is of type IP",
         "a network stands behind in: in \"192.168.1.0/24\""},
    };
    for (auto const& row : rows) {
        auto const made = compile(row.written, some_names(), "test");
        BOOST_TEST_CONTEXT(row.written) {
            BOOST_REQUIRE_EQUAL(made.problems.size(), 1);
            BOOST_CHECK_EQUAL(made.problems[0].message, row.message);
            BOOST_CHECK_EQUAL(made.problems[0].hint, row.hint);
        }
    }
}

BOOST_AUTO_TEST_CASE(each_word_from_elsewhere_leads_to_a_fact_or_function) {
    for (auto const& [written, meant] : foreign_names()) {
        BOOST_TEST_CONTEXT(written) {
            BOOST_TEST(!find_fact(written));
            std::string const name(meant);
            auto const open = name.find('(');
            auto const row = open == name.npos ? name : name.substr(0, open) + "()";
            BOOST_TEST((find_fact(row) || find_function(name.substr(0, open))));
        }
    }
}

BOOST_AUTO_TEST_CASE(all_that_is_wrong_is_found) {
    auto const made =
        compile("client.nam == \"x\" or helo == 5 and suspicius", some_names(), "test");
    BOOST_CHECK_EQUAL(made.problems.size(), 3);
}

BOOST_AUTO_TEST_SUITE_END()
