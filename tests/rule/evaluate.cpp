// SPDX-License-Identifier: BSL-1.0
// tests/rule/evaluate.cpp - what expressions say, early and late
#include "given_facts.hpp"
#include "rule/compile.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>

using namespace rule_test;

BOOST_AUTO_TEST_SUITE(rule_evaluate)

namespace {

set made_set(set_kind kind, std::vector<std::string_view> const& entries) {
    return *parse_set(kind, entries).value;
}

program compiled(std::string_view text, scope const& names, std::string_view salt) {
    auto made = compile(text, names, salt);
    if (!made.value) BOOST_FAIL(text << ": " << made.problems.at(0).message);
    return std::move(*made.value);
}

/// Expressions with some names, asked about one mail.
struct asked {
    scope names;
    std::vector<program> conditions;
    std::vector<std::shared_ptr<set const>> sets;
    given_facts facts;
    memo known;

    asked() {
        names.sets = {{"local", {0, set_kind::addresses}}, {"customers", {1, set_kind::domains}}};
        names.milters = {{"spf", 0}};
        sets.push_back(
            std::make_shared<set const>(made_set(set_kind::addresses, {"10.0.0.0/8", "fd00::/8"})));
        sets.push_back(std::make_shared<set const>(
            made_set(set_kind::domains, {"example.com", ".example.org"})));
    }

    void condition(std::string const& name, std::string_view text) {
        conditions.push_back(compiled(text, names, name));
        names.conditions.emplace(name, static_cast<std::uint32_t>(names.conditions.size()));
    }

    std::string_view say(std::string_view text) {
        auto const made = compiled(text, names, "test");
        known.forget({conditions.size(), 0});
        return name_of(evaluate(made, {conditions, sets, facts, known}));
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(values_are_compared_by_their_types) {
    asked mail;
    mail.facts.ip(fact::client_address, "10.1.2.3");
    mail.facts.text(fact::client_name, "mail.example.com");
    mail.facts.number(fact::client_port, 40'000);
    mail.facts.text(fact::client_family, "inet");
    mail.facts.text(fact::helo, "mail.example.com");
    mail.facts.mail(fact::sender, "<News@Example.COM>");
    mail.facts.text(fact::sender_domain, "example.com");
    mail.facts.text(fact::sender_local, "News");
    mail.facts.number(fact::body_size, 70'000);
    mail.facts.number(fact::sender_null, 0);
    mail.facts.number(fact::now, 4 * 1440 + 9 * 60); // Friday, 09:00
    char const* const yes[] = {
        "true",
        "client.address == \"10.1.2.3\"",
        "client.address != \"10.1.2.4\"",
        "client.address in \"10.0.0.0/8\"",
        "client.address in [\"192.0.2.1\", \"10.1.0.0/16\"]",
        "client.address in @local",
        "private(client.address)",
        "client.name == \"MAIL.example.com.\"",
        "client.name under \"example.com\"",
        "client.name not under \"ample.com\"",
        "client.name under [\"example.org\", \"example.com\"]",
        "client.name == helo",
        "client.name matches /^mail\\./",
        "client.name contains \"EXAMPLE\"",
        "client.name starts_with \"mail\" and client.name ends_with \".com\"",
        "client.name not in @customers",
        "sender == \"news@example.com\"",
        "sender in [\"news@example.com\"]",
        "sender in [\"@example.com\"]",
        "sender.domain in @customers",
        "sender.local == \"news\"",
        "not sender.null and sender.null == false",
        "client.port in [25, 40000]",
        "client.port >= 1024 and client.port < 65536",
        "body.size > 64KiB and body.size <= 1MiB",
        "client.family == \"inet\"",
        "now in \"Mon-Fri 08:00-18:00\"",
        "now not in [\"Sat,Sun\", \"Fri 10:00-11:00\"]",
        "length(helo) == 16",
        "sample(100%, by = sender) and not sample(0%, by = sender)",
    };
    for (auto const* const text : yes) {
        BOOST_CHECK_MESSAGE(mail.say(text) == "true", text << " is " << mail.say(text));
        BOOST_CHECK_EQUAL(mail.say("not (" + std::string(text) + ")"), "false");
    }
}

BOOST_AUTO_TEST_CASE(what_is_not_known_leaves_open_what_depends_on_it) {
    asked mail;
    mail.facts.ip(fact::client_address, "192.0.2.1");
    mail.facts.unavailable(fact::declared_size);
    struct {
        char const* text;
        char const* answer;
    } const rows[] = {
        {"helo == \"x\"", "not known yet"},
        {"client.address in @local and helo == \"x\"", "false"},
        {"client.address not in @local or helo == \"x\"", "true"},
        {"client.address not in @local and helo == \"x\"", "not known yet"},
        {"helo == \"x\" and client.address in @local", "false"},
        {"declared_size > 1MiB", "unavailable"},
        {"not declared_size > 1MiB", "unavailable"},
        {"declared_size > 1MiB and helo == \"x\"", "not known yet"},
        {"declared_size > 1MiB and client.address in @local", "false"},
        {"or_else(declared_size, 0B) > 1MiB", "false"},
        {"or_else(declared_size > 1MiB, true)", "true"},
        {"or_else(body.size, 2MiB) > 1MiB", "not known yet"},
        {"sender == \"<>\" or declared_size > 1MiB", "not known yet"},
    };
    for (auto const& row : rows)
        BOOST_CHECK_MESSAGE(mail.say(row.text) == row.answer,
                            row.text << " is " << mail.say(row.text));
}

BOOST_AUTO_TEST_CASE(recipients_are_asked_as_a_set) {
    asked mail;
    auto const any = "any(recipient.domain in @customers)",
               all = "all(recipient.domain in @customers)",
               none = "none(recipient.domain in @customers)",
               two = "count(recipient.domain in @customers) == 2";
    auto const are = [&](std::string const& a, std::string const& b, std::string const& c,
                         std::string const& d) {
        BOOST_CHECK_EQUAL(mail.say(any), a);
        BOOST_CHECK_EQUAL(mail.say(all), b);
        BOOST_CHECK_EQUAL(mail.say(none), c);
        BOOST_CHECK_EQUAL(mail.say(two), d);
    };
    std::string const open = "not known yet";
    are(open, open, open, open);
    mail.facts.recipient("<a@elsewhere.net>");
    are(open, "false", open, open);
    mail.facts.recipient("<b@example.com>");
    are("true", "false", "false", open);
    mail.facts.recipient("<c@sub.example.org>");
    mail.facts.recipients_complete = knowledge::known;
    are("true", "false", "false", "true");
    BOOST_CHECK_EQUAL(mail.say("count(recipient) == 3"), "true");
}

BOOST_AUTO_TEST_CASE(of_no_recipients_all_is_true_and_any_is_false) {
    asked mail;
    mail.facts.recipients_complete = knowledge::known;
    BOOST_CHECK_EQUAL(mail.say("any(recipient.local == \"a\")"), "false");
    BOOST_CHECK_EQUAL(mail.say("all(recipient.local == \"a\")"), "true");
    BOOST_CHECK_EQUAL(mail.say("none(recipient.local == \"a\")"), "true");
}

BOOST_AUTO_TEST_CASE(header_fields_are_asked_one_by_one) {
    asked mail;
    mail.facts.header("Subject", "[SPAM] buy");
    mail.facts.header("X-Loop", "a");
    mail.facts.header("X-Loop", "b");
    mail.facts.headers_complete = knowledge::known;
    BOOST_CHECK_EQUAL(mail.say("any(header(\"Subject\") matches /^\\[spam\\]/i)"), "true");
    BOOST_CHECK_EQUAL(mail.say("any(header(\"X-Loop\") == \"b\")"), "true");
    BOOST_CHECK_EQUAL(mail.say("all(header(\"X-Loop\") == \"b\")"), "false");
    BOOST_CHECK_EQUAL(mail.say("count(header(\"X-Loop\")) == 2"), "true");
    BOOST_CHECK_EQUAL(mail.say("count(header(\"X-Loop\") == \"a\") == 1"), "true");
    BOOST_CHECK_EQUAL(mail.say("any(header(\"Missing\") contains \"x\")"), "false");
}

BOOST_AUTO_TEST_CASE(conditions_name_each_other) {
    asked mail;
    mail.facts.ip(fact::client_address, "10.1.2.3");
    mail.condition("from_local", "client.address in @local");
    mail.condition("suspicious", "not from_local and helo == \"x\"");
    BOOST_CHECK_EQUAL(mail.say("from_local"), "true");
    BOOST_CHECK_EQUAL(mail.say("suspicious"), "false");
    BOOST_CHECK_EQUAL(mail.say("any(recipient.local == \"a\" and suspicious)"), "not known yet");
    BOOST_CHECK_EQUAL(mail.say("from_local == suspicious"), "false");
}

BOOST_AUTO_TEST_CASE(a_condition_is_evaluated_once_for_all_who_name_it) {
    asked mail;
    mail.condition("c0", "helo == \"x\"");
    for (int i = 1; i < 60; ++i) {
        auto const before = "c" + std::to_string(i - 1);
        mail.condition("c" + std::to_string(i), before + " or " + before); // 2^59 without memory
    }
    BOOST_CHECK_EQUAL(mail.say("c59"), "not known yet");
}

BOOST_AUTO_TEST_CASE(a_sample_is_the_same_share_each_time) {
    asked mail;
    int chosen = 0;
    for (int i = 0; i < 2000; ++i) {
        asked one;
        one.facts.text(fact::sender_domain, "d" + std::to_string(i) + ".example");
        auto const answer = one.say("sample(25%, by = sender.domain)");
        BOOST_CHECK_EQUAL(answer, one.say("sample(25%, by = sender.domain)"));
        chosen += answer == "true";
    }
    BOOST_CHECK_GT(chosen, 400);
    BOOST_CHECK_LT(chosen, 600);
}

BOOST_AUTO_TEST_SUITE_END()
