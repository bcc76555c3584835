// SPDX-License-Identifier: BSL-1.0
// tests/rule/explain.cpp - explanations, word by word
#include "rule/explain.hpp"

#include "given_facts.hpp"
#include "rule/compile.hpp"

#include <boost/test/unit_test.hpp>

using namespace rule_test;

BOOST_AUTO_TEST_SUITE(rule_explain)

namespace {

struct explained_mail {
    scope names;
    std::vector<program> conditions;
    std::vector<std::shared_ptr<set const>> sets;
    given_facts facts;
    memo known;

    explained_mail() {
        names.sets = {{"local", {0, set_kind::addresses}}};
        sets.push_back(
            std::make_shared<set const>(*parse_set(set_kind::addresses, {"10.0.0.0/8"}).value));
        facts.ip(fact::client_address, "203.0.113.9");
        facts.text(fact::client_name, "ppp-9.dialup.example.com");
        facts.number(fact::client_port, 40'000);
        facts.text(fact::helo, std::string("a\nb\x7f ") + std::string(70, 'x'));
        facts.mail(fact::sender, "<News@Example.COM>");
        facts.number(fact::sender_null, 0);
        facts.unavailable(fact::declared_size);
        facts.number(fact::body_size, 70'000);
        facts.number(fact::load_cpu, 1'205);
        facts.number(fact::now, 4 * 1440 + 9 * 60 + 5);
        facts.recipient("<a@example.com>");
        facts.recipient("<b@example.org>");
    }

    void condition(std::string const& name, std::string_view text) {
        conditions.push_back(std::move(*compile(text, names, name).value));
        names.conditions.emplace(name, static_cast<std::uint32_t>(names.conditions.size()));
    }

    std::string say(std::string_view text) {
        auto const made = compile(text, names, "test");
        if (!made.value) BOOST_FAIL(text << ": " << made.problems.at(0).message);
        known.forget({conditions.size(), 0});
        return describe(explain(*made.value, {conditions, sets, facts, known}));
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(one_condition_with_what_it_looked_at) {
    explained_mail mail;
    char const* const rows[] = {
        "true: true",
        "false: sender.null",
        "false: client.address in @local (client.address = 203.0.113.9)",
        "true: client.address not in @local (client.address = 203.0.113.9)",
        R"(true: client.name under "example.com" (client.name = "ppp-9.dialup.example.com"))",
        R"(false: client.name under ["a.org", "b.org"] (client.name = "ppp-9.dialup.example.com"))",
        "false: client.port in [25, 587] (client.port = 40000)",
        "unavailable: declared_size > 1MiB (declared_size unavailable)",
        "true: body.size > 64KiB (body.size = 70000B)",
        "false: load.cpu >= 12.5% (load.cpu = 12.05%)",
        R"(true: now in "Mon-Fri 08:00-18:00" (now = Fri 09:05))",
        R"(true: sender == "news@example.com" (sender = "News@Example.COM"))",
        "not known yet: tls.bits < 128 (tls.bits not known yet)",
        "true: s25r(client.name) (client.name = \"ppp-9.dialup.example.com\")",
        "true: length(client.name) == 24 (length(client.name) = 24)",
        "true: or_else(declared_size, 0B) < 1B (or_else(declared_size, 0B) = 0B)",
        (R"(false: client.name == helo (client.name = "ppp-9.dialup.example.com", helo = "a\x0ab\x7f )"
         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"...)"),
        "true: private(client.address) == false (private(client.address) = false)",
    };
    for (std::string const row : rows) {
        auto text = row.substr(row.find(": ") + 2);
        // What is written ends where the values begin, of which each has a blank before its bracket.
        if (text.back() == ')' && text.rfind(" (") != text.npos) text.erase(text.rfind(" ("));
        BOOST_CHECK_EQUAL(mail.say(text), row + "\n");
    }
}

BOOST_AUTO_TEST_CASE(parts_stand_below_what_they_are_part_of) {
    explained_mail mail;
    BOOST_CHECK_EQUAL(
        mail.say("client.address in @local\n   and not (sender.null or helo == \"x\")"),
        R"(false: client.address in @local and not (sender.null or helo == "x")
  false: client.address in @local (client.address = 203.0.113.9)
  true: not (sender.null or helo == "x")
    false: (sender.null or helo == "x")
      false: sender.null
      false: helo == "x" (helo = "a\x0ab\x7f xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"...)
)");
}

BOOST_AUTO_TEST_CASE(conditions_are_followed_one_level) {
    explained_mail mail;
    mail.condition("from_local", "client.address in @local");
    mail.condition("suspicious", "s25r(client.name) and not from_local");
    BOOST_CHECK_EQUAL(mail.say("suspicious and body.size > 1MiB"),
                      R"(false: suspicious and body.size > 1MiB
  true: suspicious
    true: s25r(client.name) and not from_local
      true: s25r(client.name) (client.name = "ppp-9.dialup.example.com")
      true: not from_local
        false: from_local
  false: body.size > 1MiB (body.size = 70000B)
)");
}

BOOST_AUTO_TEST_CASE(of_recipients_the_values_are_shown) {
    explained_mail mail;
    auto const text = R"(any(recipient.local == "c" and recipient.domain under "example.net"))";
    BOOST_CHECK_EQUAL(mail.say(text),
                      "not known yet: " + std::string(text) +
                          " (recipient.local = \"a\", \"b\"; recipient.domain = \"example.com\", "
                          "\"example.org\"; more may come)\n");
    mail.facts.recipient("<c@example.com>");
    mail.facts.recipient("<d@example.com>");
    mail.facts.recipient("<e@example.com>");
    mail.facts.recipients_complete = knowledge::known;
    BOOST_CHECK_EQUAL(mail.say("count(recipient) > 9"),
                      "false: count(recipient) > 9 (count(recipient) = 5)\n");
    BOOST_CHECK_EQUAL(
        mail.say(R"(none(recipient == "x@y"))"),
        "true: none(recipient == \"x@y\") (recipient = \"a@example.com\", \"b@example.org\", "
        "\"c@example.com\", and 2 more)\n");
    mail.facts.headers_complete = knowledge::known;
    BOOST_CHECK_EQUAL(mail.say(R"(any(header("Subject") == "x"))"),
                      "false: any(header(\"Subject\") == \"x\") (header(\"Subject\") = none)\n");
}

BOOST_AUTO_TEST_SUITE_END()
