// SPDX-License-Identifier: BSL-1.0
// tests/manager/shipped_rules.cpp - the files in rules/: they load, their tests pass, and what they define holds where the older
// manager's conditions held

#include "manager/config/config_toml.hpp"
#include "manager/config/rule_test.hpp"
#include "manager/config_folder.hpp"
#include "rule/given_facts.hpp"
#include "rule/shipped_condition.hpp"
#include "support/json_schema.hpp"

#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

using namespace milter;
using namespace milter::manager;
using manager_test::config_folder;

namespace {

namespace fs = std::filesystem;

std::string const rules_folder = MILTER_SOURCE_DIR "/rules";

/// Milters by the names that the files use.
constexpr std::string_view milters[] = {
    "milter-greylist", "pyspf-milter",   "opendkim", "openarc",    "opendmarc",
    "clamav-milter",   "spamass-milter", "rspamd",   "mimedefang", "opendkim-sign"};

/// They stand alone, each for one wish.
std::set<std::string> const recipes = {"greylist-suspicious.toml", "scan-all-bayes-external.toml",
                                       "skip-authenticated.toml"};

std::string text_of(std::string const& path) {
    std::ifstream in(path);
    BOOST_TEST_REQUIRE(in.good(), path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::vector<std::string> shipped_files() {
    std::vector<std::string> names;
    for (auto const& one : fs::directory_iterator(rules_folder))
        if (one.path().extension() == ".toml") names.push_back(one.path().filename().string());
    std::sort(names.begin(), names.end());
    BOOST_TEST_REQUIRE(names.size() > 20u);
    return names;
}

std::vector<std::string> all_but_recipes() {
    auto names = shipped_files();
    std::erase_if(names, [](auto const& name) { return recipes.contains(name); });
    return names;
}

/// A configuration with some of the files in its rules.d.
class installation {
public:
    explicit installation(std::vector<std::string> const& files, std::string const& more = {}) {
        std::string main = "[[listen]]\nsocket = 'inet:10025@127.0.0.1'\n";
        for (auto const name : milters)
            main += "[[milter]]\nname = '" + std::string(name) + "'\nsocket = 'unix:/run/" +
                    std::string(name) + ".sock'\n";
        folder_.write("m.toml", main);
        for (auto const& name : files)
            folder_.write("rules.d/" + name, text_of(rules_folder + "/" + name));
        for (auto const& one : fs::directory_iterator(rules_folder + "/sets"))
            folder_.write("sets/" + one.path().filename().string(), text_of(one.path().string()));
        if (!more.empty()) folder_.write("rules.d/zz-more.toml", more);
        loaded_ = folder_.load();
        BOOST_TEST(folder_.report(loaded_) == "");
        BOOST_TEST_REQUIRE((loaded_.config && loaded_.config->book));
    }

    config const& settings() const { return *loaded_.config; }

    void check_tests() const {
        for (auto const& one : failing_tests(settings())) BOOST_ERROR(to_string(one));
    }

private:
    config_folder folder_;
    loaded_config loaded_;
};

/// Whether a test says that the condition holds, or does not.
bool is_tested(config const& what, std::string const& condition, bool holds) {
    return std::any_of(what.tests.begin(), what.tests.end(), [&](test_config const& test) {
        auto const& expected = test.expect.conditions;
        return std::find(expected.begin(), expected.end(), std::pair(condition, holds)) !=
               expected.end();
    });
}

bool is_switch(rule::condition_text const& one) {
    return one.when == "true" || one.when == "false";
}

} // namespace

BOOST_AUTO_TEST_SUITE(shipped_rules)

BOOST_AUTO_TEST_CASE(each_file_works_alone) {
    for (auto const& name : shipped_files()) {
        BOOST_TEST_CONTEXT(name) {
            installation const one({name});
            BOOST_TEST(one.settings().tests.size() >= 2u);
            one.check_tests();
        }
    }
}

BOOST_AUTO_TEST_CASE(all_files_but_recipes_work_together) {
    installation const all(all_but_recipes());
    BOOST_TEST(all.settings().tests.size() > 100u);
    all.check_tests();
}

BOOST_AUTO_TEST_CASE(recipes_work_together) {
    installation const all({recipes.begin(), recipes.end()});
    all.check_tests();
}

BOOST_AUTO_TEST_CASE(no_two_files_define_the_same_name) { installation const all(shipped_files()); }

BOOST_AUTO_TEST_CASE(each_condition_is_tested_both_ways) {
    for (auto const& name : shipped_files()) {
        installation const one({name});
        auto const& settings = one.settings();
        for (auto const& condition : settings.conditions) {
            if (is_switch(condition)) continue;
            BOOST_TEST(is_tested(settings, condition.name, true),
                       name << ": " << condition.name << " is never true");
            BOOST_TEST(is_tested(settings, condition.name, false),
                       name << ": " << condition.name << " is never false");
        }
        for (auto const& condition : settings.conditions)
            BOOST_TEST(!condition.description.empty(), name << ": " << condition.name);
    }
}

BOOST_AUTO_TEST_CASE(each_condition_is_known_to_those_who_have_not_copied_its_file) {
    std::size_t defined = 0;
    for (auto const& name : shipped_files()) {
        installation const one({name});
        defined += one.settings().conditions.size();
        for (auto const& condition : one.settings().conditions)
            BOOST_TEST(rule::shipped_file_with(condition.name) == name, condition.name);
    }
    BOOST_TEST(rule::shipped_conditions().size() == defined);
}

BOOST_AUTO_TEST_CASE(each_file_is_documented) {
    auto const readme = text_of(rules_folder + "/README.md");
    auto const document = text_of(MILTER_SOURCE_DIR "/docs/rules.md");
    for (auto const& name : shipped_files()) {
        BOOST_TEST(readme.find("| [" + name + "](" + name + ") |") != readme.npos, name);
        BOOST_TEST(document.find("\n### " + name + "\n") != document.npos, name);
        auto const text = text_of(rules_folder + "/" + name);
        BOOST_TEST(text.starts_with("# " + name + " - "), name);
    }
}

BOOST_AUTO_TEST_CASE(each_file_is_valid_by_the_schema) {
    auto const schema = nlohmann::json::parse(text_of(rules_folder + "/rules.schema.json"));
    support::json_schema const valid(schema);
    for (auto const& name : shipped_files()) {
        std::ostringstream json;
        json << toml::json_formatter(toml::parse_file(rules_folder + "/" + name));
        BOOST_TEST(valid.problem_of(nlohmann::json::parse(json.str())) == "", name);
    }
}

// ---- the older manager

/// What its condition says of a mail. Where it was wrong, the row says what is right.
struct older_row {
    std::string_view condition; ///< of the older manager, as it is called there
    std::string_view here;
    std::string_view given;
    bool applies;
};

// clang-format off
constexpr older_row older_rows[] = {
    {"Authenticated", "authenticated", "auth = 'alice'", true},
    {"Authenticated", "authenticated", "'auth.type' = 'PLAIN'", true},
    {"Authenticated", "authenticated", "sender = 'alice@example.com'", false},
    {"Unauthenticated", "unauthenticated", "auth = 'alice'", false},
    {"Unauthenticated", "unauthenticated", "sender = 'alice@example.com'", true},

    {"Remote Network", "remote_network", "client = '192.0.2.1'", true},
    {"Remote Network", "remote_network", "client = '127.0.0.1'", false},
    {"Remote Network", "remote_network", "client = '127.255.255.255'", false},
    {"Remote Network", "remote_network", "client = '10.1.2.3'", false},
    {"Remote Network", "remote_network", "client = '172.15.255.255'", true},
    {"Remote Network", "remote_network", "client = '172.16.0.0'", false},
    {"Remote Network", "remote_network", "client = '192.168.255.255'", false},
    {"Remote Network", "remote_network", "client = '192.169.0.0'", true},
    {"Remote Network", "remote_network", "client = '::1'", false},
    {"Remote Network", "remote_network", "client = 'fe80::1'", false},
    {"Remote Network", "remote_network", "client = 'fec0::1'", true},
    {"Remote Network", "remote_network", "client = '2001:db8::1'", true},
    {"Remote Network", "remote_network", "client = 'fd00::1'", false},     // it had these for remote,
    {"Remote Network", "remote_network", "client = '100.64.0.1'", false},  // and these

    {"S25R", "s25r_suspicious", "client = '192.0.2.1', name = 'unknown'", true},
    {"S25R", "s25r_suspicious", "client = '192.0.2.1', name = '[192.0.2.1]'", true},
    {"S25R", "s25r_suspicious", "client = '192.0.2.1', name = 'mail.example.com'", false},
    {"S25R", "s25r_suspicious", "client = '192.0.2.1', name = '192-0-2-1.example.com'", true},         // rule 1
    {"S25R", "s25r_suspicious", "client = '192.0.2.1', name = 'h12345.example.com'", true},            // rule 2
    {"S25R", "s25r_suspicious", "client = '192.0.2.1', name = '5.pop.example.com'", true},             // rule 3
    {"S25R", "s25r_suspicious", "client = '192.0.2.1', name = 'host5.192-0.example.com'", true},       // rule 4
    {"S25R", "s25r_suspicious", "client = '192.0.2.1', name = 'a1.b2.c.example.com'", true},           // rule 5
    {"S25R", "s25r_suspicious", "client = '192.0.2.1', name = 'dhcp-9.example.com'", true},            // rule 6
    {"S25R", "s25r_suspicious", "client = '192.0.2.1', name = 'mail-a0-f41.google.com'", false},
    {"S25R", "s25r_suspicious", "client = '192.0.2.1', name = 'mx0a-00112233.obsmtp.com'", false},
    {"S25R", "s25r_suspicious", "client = '192.0.2.1', name = 'a27-41.smtp-out.amazonses.com'", false},
    {"S25R", "s25r_suspicious", "client = '192.0.2.1', name = 'a27-41.slack.com'", false},
    {"S25R", "s25r_suspicious", "client = '192.0.2.1', name = 'm1-2.mg.gitlab.com'", false},
    {"S25R", "s25r_suspicious", "client = '192.0.2.1', name = 'o1678912345.sendgrid.net'", false},
    {"S25R", "s25r_suspicious", "client = '2001:db8::1', name = 'unknown'", false},
    {"S25R", "s25r_suspicious", "client = '2001:db8::1', name = 'dhcp-9.example.com'", true},          // it judged IPv4 alone

    {"No Stress, Stress Notify", "stressed", "load.process_limit = 100, load.of_limit = '75%', load.sessions = 75", true},
    {"No Stress, Stress Notify", "stressed", "load.process_limit = 100, load.of_limit = '74%', load.sessions = 74", false},
    {"No Stress, Stress Notify", "stress_is_told", "load.process_limit = 100, load.of_limit = '75%', load.sessions = 75", true},
    {"No Stress, Stress Notify", "stress_is_told", "load.process_limit = 100, load.of_limit = '74%', load.sessions = 74", false},
    {"No Stress, Stress Notify", "stressed", "mta.name = 'sendmail', load.sessions = 10", false},

    {"Trust", "trusted_domain", "sender = 'a@gmail.com'", true},
    {"Trust", "trusted_domain", "sender = 'a@HOTMAIL.com'", true},
    {"Trust", "trusted_domain", "sender = 'a@msn.com'", true},
    {"Trust", "trusted_domain", "sender = 'a@yahoo.co.jp'", true},
    {"Trust", "trusted_domain", "sender = 'a@softbank.ne.jp'", true},
    {"Trust", "trusted_domain", "sender = 'a@ezweb.ne.jp'", true},
    {"Trust", "trusted_domain", "sender = 'a@docomo.ne.jp'", true},
    {"Trust", "trusted_domain", "sender = 'a@clear-code.com'", true},
    {"Trust", "trusted_domain", "sender = 'a@example.com'", false},
    {"Trust", "trusted_domain", "sender = '<>'", false},

    {"Sendmail Compatible", "mta_is_postfix", "mta.name = 'postfix'", true},
    {"Sendmail Compatible", "mta_is_postfix", "mta.name = 'sendmail'", false},

    {"DNSBL Listed", "dnsbl_listed", "client = '192.0.2.1', dnsbl.'zen.spamhaus.org' = true", true},
    {"DNSBL Listed", "dnsbl_listed", "client = '192.0.2.1', dnsbl.'bl.spamcop.net' = true", true},
    {"DNSBL Listed", "dnsbl_listed", "client = '192.0.2.1', dnsbl.'b.barracudacentral.org' = true", true},
    {"DNSBL Listed", "dnsbl_listed", "client = '192.0.2.1'", false},
    {"Not DNSBL Listed", "dnsbl_not_listed", "client = '192.0.2.1', dnsbl.'bl.spamcop.net' = true", false},
    {"Not DNSBL Listed", "dnsbl_not_listed", "client = '192.0.2.1'", true},

    {"Restrict Accounts by List", "accounts_some_listed", "recipient = 'alice@example.com'", true},
    {"Restrict Accounts by List", "accounts_some_listed", "recipient = 'bob@example.com'", false},
    // it let such mail past all milters
    {"Restrict Accounts by List", "accounts_some_listed", "recipients = ['alice@example.com', 'bob@example.com']", true},
    {"Restrict Accounts by List", "accounts_some_listed", "recipients = ['bob@example.com', 'alice@example.com']", true},
};
// clang-format on

BOOST_AUTO_TEST_CASE(conditions_of_the_older_manager_hold_here_alike) {
    std::string tests;
    for (std::size_t i = 0; i < std::size(older_rows); ++i) {
        auto const& row = older_rows[i];
        tests += "[[test]]\nname = \"" + std::to_string(i) + ": " + std::string(row.condition) +
                 " with " + std::string(row.given) + "\"\ngiven = { " + std::string(row.given) +
                 " }\nexpect = { conditions = { " + std::string(row.here) + " = " +
                 (row.applies ? "true" : "false") + " } }\n";
    }
    installation const all(all_but_recipes(), tests);
    all.check_tests();
}

BOOST_AUTO_TEST_CASE(trusted_domains_are_told_to_the_milter_as_before) {
    installation const all(
        all_but_recipes(),
        "[[test]]\nname = 'trust'\ngiven = { sender = 'a@gmail.com' }\n"
        "expect = { macros = { milter-greylist = { '{trusted_domain}' = 'yes' } } }\n");
    all.check_tests();
}

/// What the head of the file says to write, with the mail of a user who is at home, where a block list has the line.
BOOST_AUTO_TEST_CASE(rule_that_refuses_who_is_in_a_block_list_lets_ones_own_users_pass) {
    auto const text = text_of(rules_folder + "/dnsbl.toml");
    std::istringstream lines(text.substr(text.find("# [[rule]]\n")));
    std::string rule;
    for (std::string line; std::getline(lines, line) && line.starts_with("# ");)
        rule += line.substr(2) + '\n';
    BOOST_TEST(rule.find("when = \"dnsbl_listed") != rule.npos, rule);
    std::string const given =
        "given = { client = '192.0.2.9', helo = 'h', sender = 'a@example.com', "
        "dnsbl.'zen.spamhaus.org' = true";
    installation const one({"dnsbl.toml"},
                           rule + "[[test]]\nname = 'stranger'\n" + given +
                               " }\nexpect = { verdict = 'reject' }\n[[test]]\nname = 'user'\n" +
                               given + ", auth = 'alice' }\nexpect = { verdict = 'none' }\n");
    one.check_tests();
}

/// On a unix socket, for example: its address is not one that will come.
BOOST_AUTO_TEST_CASE(client_without_an_address_is_of_no_interest_to_networks_and_lists) {
    installation const all(shipped_files());
    auto const& settings = all.settings();
    for (std::string const family : {"unix", "unknown"}) {
        rule_test::given_facts facts;
        facts.unavailable(rule::fact::client_address);
        facts.text(rule::fact::client_family, family);
        facts.text(rule::fact::client_name, family == "unix" ? "localhost" : "unknown");
        facts.number(rule::fact::client_resolved, 0);
        facts.number(rule::fact::auth_present, 0);
        facts.text(rule::fact::listener, "inet:10025@127.0.0.1");
        struct {
            std::string_view name;
            bool holds;
        } const expected[] = {{"remote_network", false},
                              {"s25r_suspicious", false},
                              {"dnsbl_listed", false},
                              {"dnsbl_not_listed", true},
                              {"submission_mail", family == "unix"},
                              {"bayes_internal_mail", family == "unix"},
                              {"mail_of_ours", false},
                              {"greylist_suspicious", false}};
        auto const& names = settings.book->condition_names();
        rule::memo known;
        known.forget(settings.book->memo_size());
        rule::moment const at{settings.book->conditions(), settings.sets, facts, known};
        for (auto const& [name, holds] : expected) {
            auto const place = static_cast<std::size_t>(
                std::find(names.begin(), names.end(), name) - names.begin());
            BOOST_TEST_REQUIRE(place < names.size(), name);
            auto const answer = rule::evaluate(settings.book->conditions()[place], at);
            BOOST_TEST(rule::name_of(answer) == rule::name_of(rule::truth_of(holds)),
                       family << ": " << name);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
