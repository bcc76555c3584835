// SPDX-License-Identifier: BSL-1.0
// tests/manager/rule_test.cpp - tests of rules pass when the rules do what they expect, and say what they do when not

#include "manager/config/rule_test.hpp"

#include "config_folder.hpp"

#include <boost/test/unit_test.hpp>

using namespace milter::manager;
using namespace manager_test;

namespace {

constexpr char rules[] = R"(
[[milter]]
name = "spam"
socket = "/run/spam.sock"
[[milter]]
name = "dkim"
socket = "/run/dkim.sock"
[set.local_networks]
cidr = ["10.0.0.0/8", "fd00::/8"]
[condition.from_local_network]
when = 'client.address in @local_networks'
[condition.suspicious]
when = 's25r(client.name)'
[condition.null_sender]
when = 'sender.null'
[condition.surely_listed]
when = 'or_else(dnsbl("zen.example.org"), false)'
[condition.of_no_family]
when = 'client.family == "unknown"'
[condition.busy]
when = 'load.of_limit >= 75%'
[[rule]]
name = "dynamic"
when = 'suspicious and not auth.present and not from_local_network'
use = ["greylist"]
tag = "dynamic"
[[rule]]
name = "small-mail-alone"
enabled = false
when = 'message.size > 1MiB'
skip = ["spam"]
[[rule]]
name = "to-abuse"
when = 'any(recipient.local == "abuse")'
skip = ["spam"]
tag = "abuse"
[[rule]]
name = "own-newsletter"
when = 'sender == "news@example.com" and auth.user == "news"'
accept = true
[[rule]]
name = "no-loops"
when = 'count(header("Received")) > 2'
reject = "554 5.4.6 Too many hops"
[[rule]]
name = "signed"
when = 'milter("spf").verdict == "reject"'
skip = ["dkim"]
[[rule]]
name = "macros"
when = 'sender.domain under "example.com"'
milters = ["greylist"]
macros = { "{stress}" = "yes", i = "$j" }
default_macros = { "{client_name}" = "none" }
[dnsbl."zen.example.org"]
[[rule]]
name = "listed"
when = 'dnsbl("zen.example.org")'
tempfail = "451 4.7.1 Later"
)";

/// One test, as the file has it, by these rules.
test_result run(std::string const& test) {
    auto const loaded =
        parse_config(std::string(two_milters) + rules + "[[test]]\nname = 't'\n" + test, "m");
    std::string problems;
    for (auto const& one : loaded.problems) problems += to_string(one) + '\n';
    BOOST_TEST_REQUIRE(bool(loaded.config), problems);
    return run_test(*loaded.config, loaded.config->tests.at(0));
}

std::string said(std::string const& test) {
    auto const result = run(test);
    test_config one;
    one.name = "t";
    return to_problem(one, result).message;
}

constexpr char mail[] =
    "given = { client = '203.0.113.9', name = 'ppp-9.dialup.example.com', helo = 'x', "
    "sender = 'a@example.org', recipient = 'b@example.net'";

std::string given(std::string const& more) { return mail + more + " }\n"; }

} // namespace

BOOST_AUTO_TEST_SUITE(rule_tests)

BOOST_AUTO_TEST_CASE(what_is_expected_passes) {
    std::string const tests[] = {
        given("") + "expect = { milters = ['spf', 'greylist', 'spam', 'dkim'], verdict = 'none' }",
        given("") + "expect = { conditions = { suspicious = true, from_local_network = false } }",
        given("") + "expect = { tags = ['dynamic'] }",
        given(", auth = 'x'") + "expect = { milters = ['spf', 'spam', 'dkim'], tags = [] }",
        std::string(
            R"(given = { client = '203.0.113.9', name = 'ppp-9.dialup.example.com', sender = 'a@example.org',)") +
            R"( recipients = ['x@example.net', 'abuse@example.net'] })" +
            "\nexpect = { not_milters = ['spam'], tags = ['dynamic', 'abuse'] }",
        given(", header.Received = ['a', 'b', 'c']") +
            "expect = { verdict = 'reject', reply = '554 5.4.6 Too many hops', decided_at = "
            "'headers' }",
        given(", milter.spf.verdict = 'reject'") +
            "expect = { not_milters = ['dkim'], decided_at = 'message' }",
        given(", dnsbl = { 'zen.example.org' = true }") +
            "expect = { verdict = 'tempfail', decided_at = 'mail' }",
    };
    for (auto const& test : tests) {
        auto const result = run(test);
        test_config one;
        BOOST_TEST(result.passed, test << ": " << to_problem(one, result).message);
    }
}

BOOST_AUTO_TEST_CASE(a_test_needs_no_more_than_what_it_is_about) {
    BOOST_TEST(run("given = { name = 'mail.example.com' }\nexpect = { conditions = { suspicious = "
                   "false } }")
                   .passed);
    BOOST_TEST(run("given = { client = '10.1.2.3' }\nexpect = { conditions = { from_local_network "
                   "= true } }")
                   .passed);
    BOOST_TEST(run("given = { client = 'fd00::1', name = '[fd00::1]' }\nexpect = { not_milters = "
                   "['greylist'] }")
                   .passed);
}

BOOST_AUTO_TEST_CASE(an_accepted_message_goes_through_no_milter) {
    auto const result =
        run("given = { client = '10.1.2.3', sender = 'news@example.com', auth = 'news' }\n"
            "expect = { milters = [], verdict = 'accept' }");
    BOOST_TEST(result.passed);
    BOOST_TEST(result.outcome.rule == "own-newsletter");
}

BOOST_AUTO_TEST_CASE(macros_are_set_and_defaults_where_the_mta_sends_none) {
    std::string const from =
        "given = { client = '10.1.2.3', sender = 'x@mail.example.com', macro = { j = 'mx'";
    BOOST_TEST(run(from + " } }\nexpect = { macros = { greylist = { '{stress}' = 'yes', i = 'mx', "
                          "'{client_name}' = 'none' } } }")
                   .passed);
    BOOST_TEST(said(from + ", '{client_name}' = 'c' } }\n"
                           "expect = { macros = { greylist = { '{client_name}' = 'none' } } }") ==
               "test \"t\" fails: macros.greylist.{client_name}: expected \"none\", got as the MTA "
               "sends it");
}

BOOST_AUTO_TEST_CASE(what_differs_is_told) {
    BOOST_TEST(said(given("") +
                    "expect = { milters = ['spf'], verdict = 'accept', tags = ['abuse'], "
                    "conditions = { suspicious = false }, decided_at = 'connect' }") ==
               "test \"t\" fails: milters: expected spf, got spf, greylist, spam, dkim; "
               "verdict: expected accept, got none; tags: expected abuse, got dynamic; "
               "conditions.suspicious: expected false, got true; "
               "decided_at: expected connect, got message, by dkim");
    BOOST_TEST(said(given(", header.Received = ['a', 'b', 'c']") +
                    "expect = { verdict = 'none', reply = '550 x' }") ==
               "test \"t\" fails: verdict: expected none, got reject, by the rule \"no-loops\"; "
               "reply: expected \"550 x\", got \"554 5.4.6 Too many hops\"");
}

BOOST_AUTO_TEST_CASE(what_is_not_given_is_named_when_something_depends_on_it) {
    BOOST_TEST(said("given = { name = 'ppp-9.dialup.example.com' }\nexpect = { not_milters = "
                    "['greylist'] }") ==
               "test \"t\" fails: client.address is not given; sender is not given");
    BOOST_TEST(said("expect = { conditions = { from_local_network = true } }") ==
               "test \"t\" fails: conditions.from_local_network: expected true, got not known yet; "
               "client.address is not given");
}

BOOST_AUTO_TEST_CASE(some_of_those_that_run) {
    BOOST_TEST(run(given("") + "expect = { runs = ['spam', 'greylist'] }").passed);
    BOOST_TEST(
        said(given(", milter.spf.verdict = 'reject'") + "expect = { runs = ['spf', 'dkim'] }") ==
        "test \"t\" fails: runs: expected dkim runs, got it does not run");
    BOOST_TEST(said("given = { name = 'ppp-9.dialup.example.com' }\nexpect = { runs = "
                    "['greylist'] }") ==
               "test \"t\" fails: runs: expected greylist runs, got it does not run; "
               "client.address is not given; sender is not given");
}

BOOST_AUTO_TEST_CASE(what_is_unavailable_never_becomes_known) {
    BOOST_TEST(
        said("unavailable = ['client.name']\nexpect = { conditions = { suspicious = true } }") ==
        "test \"t\" fails: conditions.suspicious: expected true, got unavailable");
    BOOST_TEST(said("unavailable = ['sender']\nexpect = { conditions = { null_sender = true } }") ==
               "test \"t\" fails: conditions.null_sender: expected true, got unavailable");
    std::string const listed =
        "\nexpect = { conditions = { surely_listed = false }, verdict = 'none' }";
    BOOST_TEST(run(given(", dnsbl.'zen.example.org' = true") + "expect = { verdict = 'tempfail' }")
                   .passed);
    BOOST_TEST(run(given("") + "unavailable = ['dnsbl(\"zen.example.org\")']" + listed).passed);
    BOOST_TEST(
        run("given = { sender = 'a@example.org' }\nunavailable = ['client.address']" + listed)
            .passed);
}

BOOST_AUTO_TEST_CASE(a_client_of_a_unix_socket_has_no_address) {
    for (std::string const family : {"unix", "unknown"})
        BOOST_TEST(
            said("given = { client.family = '" + family +
                 "' }\nexpect = { conditions = { "
                 "from_local_network = true } }") ==
            "test \"t\" fails: conditions.from_local_network: expected true, got unavailable");
    BOOST_TEST(said("given = { client.family = 'inet' }\nexpect = { conditions = { "
                    "from_local_network = true } }") ==
               "test \"t\" fails: conditions.from_local_network: expected true, got not known yet; "
               "client.address is not given");
    BOOST_TEST(
        run("unavailable = ['client.address']\nexpect = { conditions = { of_no_family = true } }")
            .passed);
}

BOOST_AUTO_TEST_CASE(the_load_is_none_where_nothing_is_said_of_it) {
    std::string const busy = "expect = { conditions = { busy = true } }";
    std::string const idle = "expect = { conditions = { busy = false } }";
    BOOST_TEST(run(idle).passed);
    BOOST_TEST(run("given = { load.of_limit = '75%' }\n" + busy).passed);
    BOOST_TEST(run("given = { load.process_limit = 100, load.sessions = 75 }\n" + busy).passed);
    BOOST_TEST(run("given = { load.process_limit = 100 }\n" + idle).passed);
    BOOST_TEST(said("unavailable = ['load.process_limit']\n" + busy) ==
               "test \"t\" fails: conditions.busy: expected true, got unavailable");
}

BOOST_AUTO_TEST_CASE(why_is_in_the_hint) {
    auto const result = run(given("") + "expect = { milters = [] }");
    test_config one;
    auto const problem = to_problem(one, result);
    BOOST_TEST(problem.hint ==
               "conditions: from_local_network is false, suspicious is true, null_sender is false, "
               "surely_listed is false, of_no_family is false, busy is false");
    BOOST_TEST(bool(problem.weight == problem_weight::warning));
}

BOOST_AUTO_TEST_CASE(without_rules_all_milters_run) {
    auto const loaded =
        parse_config(std::string(two_milters) +
                         "[[test]]\nname = 't'\n"
                         "expect = { milters = ['spf', 'greylist'], decided_at = 'start' }\n",
                     "m");
    BOOST_REQUIRE(loaded.config);
    BOOST_TEST(!loaded.config->book);
    BOOST_TEST(run_test(*loaded.config, loaded.config->tests.at(0)).passed);
}

BOOST_AUTO_TEST_CASE(who_is_evaluated_has_not_run_as_far_as_others_are_concerned) {
    auto const loaded = parse_config(
        "[[listen]]\nsocket = '/run/a'\n[[milter]]\nname = 'a'\nsocket = '/a'\n"
        "[[milter]]\nname = 'b'\nsocket = '/b'\nwhen = 'milter(\"a\").ran'\n"
        "[[rule]]\nname = 'r'\nwhen = 'sender.null'\nevaluate = ['a']\n"
        "[[test]]\nname = 'evaluated'\ngiven = { client = '192.0.2.1', sender = '<>' }\n"
        "expect = { milters = ['a'] }\n"
        "[[test]]\nname = 'counts'\ngiven = { client = '192.0.2.1', sender = 'x@example.com' }\n"
        "expect = { milters = ['a', 'b'] }\n",
        "m");
    BOOST_REQUIRE(loaded.config);
    for (auto const& one : loaded.config->tests)
        BOOST_TEST(run_test(*loaded.config, one).passed, one.name);
}

BOOST_AUTO_TEST_CASE(a_profile_has_its_own_milters_in_its_order) {
    auto const loaded = parse_config(
        "[[listen]]\nsocket = '/run/a'\nprofile = 'x'\n[[milter]]\nname = 'a'\nsocket = '/a'\n"
        "[[milter]]\nname = 'b'\nsocket = '/b'\n[[milter]]\nname = 'c'\nsocket = '/c'\nenabled = "
        "false\n"
        "[profile.x]\nmilters = ['b', 'c', 'a']\n[[rule]]\nname = 'r'\nwhen = 'true'\ntag = 'x'\n"
        "[[test]]\nname = 't'\ngiven = { profile = 'x' }\nexpect = { milters = ['b', 'a'], tags = "
        "['x'] }\n",
        "m");
    BOOST_REQUIRE(loaded.config);
    BOOST_TEST(run_test(*loaded.config, loaded.config->tests.at(0)).passed);
}

BOOST_AUTO_TEST_SUITE_END()
