// SPDX-License-Identifier: BSL-1.0
// tests/manager/config_rules.cpp - rules, conditions, lists and tests reach their fields as they were written

#include "config_folder.hpp"
#include "manager/config/config_key.hpp"

#include <boost/test/unit_test.hpp>

using namespace milter::manager;
using namespace manager_test;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<config const> read(std::string const& more) {
    auto const loaded = parse_config(std::string(two_milters) + more, "m");
    std::string problems;
    for (auto const& one : loaded.problems) problems += to_string(one) + '\n';
    BOOST_TEST(problems == "");
    BOOST_REQUIRE(loaded.config);
    return loaded.config;
}

} // namespace

BOOST_AUTO_TEST_SUITE(config_rules)

BOOST_AUTO_TEST_CASE(without_rules_there_is_no_book) {
    BOOST_TEST(!read("")->book);
    BOOST_TEST(!read("[set.s]\nstrings = ['a']\n[dnsbl.'zen.example.org']\n")->book);
    BOOST_TEST(bool(read("[condition.c]\nwhen = 'true'\n")->book));
    BOOST_TEST(bool(read("[[milter]]\nname = 'x'\nsocket = '/x'\nwhen = 'true'\n")->book));
}

BOOST_AUTO_TEST_CASE(a_rule_has_what_was_written) {
    auto const one = read(R"([[rule]]
name = "full"
description = "all of it"
when = '''
sender.null
or helo == "x"'''
on_unknown = "apply"
use = ["spf"]
skip = ["greylist"]
evaluate = ["spf"]
tempfail = "451 4.7.1 Later"
tag = "word"
milters = ["greylist"]
macros = { "{stress}" = "yes" }
default_macros = { i = "${daemon_name}" }
timeout = { command = "3s", end_of_message = "1m" }
)");
    auto const& rule = one->rules.at(0);
    BOOST_TEST(rule.name == "full");
    BOOST_TEST(rule.description == "all of it");
    BOOST_TEST(rule.enabled);
    BOOST_TEST(rule.when == "sender.null\nor helo == \"x\"");
    BOOST_TEST(rule.holds_if_unknown);
    BOOST_TEST((rule.use == std::vector<std::string>{"spf"}));
    BOOST_TEST((rule.skip == std::vector<std::string>{"greylist"}));
    BOOST_TEST((rule.evaluate == std::vector<std::string>{"spf"}));
    BOOST_TEST((rule.verdict == milter::rule::verdict_kind::tempfail));
    BOOST_TEST(rule.reply == "451 4.7.1 Later");
    BOOST_TEST(rule.tag == "word");
    BOOST_TEST((rule.milters == std::vector<std::string>{"greylist"}));
    BOOST_TEST(rule.set_macros.at(0).name == "{stress}");
    BOOST_TEST(rule.set_macros.at(0).value == "yes");
    BOOST_TEST(rule.default_macros.at(0).value == "${daemon_name}");
    BOOST_TEST((rule.timeouts.command == 3s));
    BOOST_TEST(!rule.timeouts.content);
    BOOST_TEST((rule.timeouts.end_of_message == 1min));
    BOOST_TEST(one->book->rules().size() == 1u);
}

BOOST_AUTO_TEST_CASE(macros_may_stand_in_a_table_of_their_own) {
    auto const one = read(
        "[[rule]]\nname = 'r'\nwhen = 'true'\n[rule.macros]\n'{z}' = '1'\ni = '2'\n'{a}' = '3'\n");
    std::string names;
    for (auto const& macro : one->rules.at(0).set_macros) names += macro.name + ' ';
    BOOST_TEST(names == "{z} i {a} "); // in the order of the file
}

BOOST_AUTO_TEST_CASE(conditions_and_sets_are_those_of_the_book) {
    auto const one = read(
        "[set.b]\nhours = ['Mon-Fri']\n[set.a]\ndomains = ['example.com']\n"
        "[condition.y]\nwhen = 'now in @b'\n[condition.x]\nwhen = 'y and client.name in @a'\n");
    BOOST_TEST(one->named_sets.at(0).name == "b");
    BOOST_TEST(one->sets.size() == 2u);
    BOOST_TEST((one->sets[0]->kind() == milter::rule::set_kind::windows));
    BOOST_TEST(one->sets[1]->has_domain("example.com"));
    BOOST_TEST((one->book->condition_names() == std::vector<std::string>{"y", "x"}));
}

BOOST_AUTO_TEST_CASE(lists_in_dns_are_zones) {
    auto const one =
        read("[dnsbl.'zen.example.org']\nanswers = ['127.0.0.2', '127.0.0.4-127.0.0.7', "
             "'127.0.0.10/31']\n"
             "[dnswl.'list.example.org']\n[dns]\nservers = ['[::1]:5353']\ndeadline = '500ms'\n");
    auto const& block = one->block_lists.at(0);
    BOOST_TEST(block.zone.name == "zen.example.org");
    BOOST_TEST((block.zone.listed_when == std::vector<answer_range>{{0x7f000002, 0x7f000002},
                                                                    {0x7f000004, 0x7f000007},
                                                                    {0x7f00000a, 0x7f00000b}}));
    BOOST_TEST(one->allow_lists.at(0).zone.listed_when.empty());
    BOOST_TEST((one->dns.deadline == 500ms));
    auto const& server = one->dns.servers.at(0);
    BOOST_TEST((server.family == milter::endpoint::kind::inet6));
    BOOST_TEST(server.host == "::1");
    BOOST_TEST(server.service == "5353");
}

BOOST_AUTO_TEST_CASE(facts_of_tests_have_short_names) {
    auto const one = read(R"([[test]]
name = "t"
given = { client = "192.0.2.1", name = "x.example.com", auth = "user", size = "2KiB", recipient = "a@example.com", now = "Tue 00:01", load.cpu = "12.5%" }
expect = { milters = [] }
)");
    std::string facts;
    for (auto const& given : one->tests.at(0).given)
        facts += given.key + '=' +
                 (given.texts.empty() ? std::to_string(given.number) : given.texts[0]) + ' ';
    BOOST_TEST(
        facts ==
        "client.address=192.0.2.1 client.name=x.example.com auth.user=user message.size=2048 "
        "recipients=a@example.com now=Tue 00:01 load.cpu=1250 ");
    BOOST_TEST(one->tests[0].given[5].number == 1441);
    BOOST_TEST(one->tests[0].line == 9u);
    BOOST_TEST(one->tests[0].file == "m");
}

BOOST_AUTO_TEST_CASE(what_was_read_can_be_written_and_read_again) {
    auto const one = read(R"([condition.c]
description = "a \"quoted\" word"
when = 'client.name matches /^a\.b/ and helo != "\"" or sender.null'
[set.s]
strings = ["a", "\\", "tab\there"]
[[rule]]
name = "r"
when = "c"
reject = "550 5.7.1 \"No\" 100%"
[[test]]
name = "t"
given = { sender = "", "sender.parameter".SIZE = "1", recipients = ["a@b", "c@d"], "recipients.count" = 7, header."X-Foo" = "x", added_header.spf.X = ["y", "z"], milter.spf.latency = "3s", tls.present = true }
expect.macros.spf = { i = "x" }
)");
    auto const written = to_toml(*one);
    auto const again = parse_config(written, "again");
    BOOST_REQUIRE_MESSAGE(again.config, written);
    BOOST_TEST(to_toml(*again.config) == written);
    BOOST_TEST(again.config->conditions.at(0).when == one->conditions.at(0).when);
    BOOST_TEST(again.config->tests.at(0).given.size() == 8u);
}

BOOST_AUTO_TEST_SUITE_END()
